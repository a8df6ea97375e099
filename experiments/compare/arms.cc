#include "experiments/compare/arms.h"

#include <algorithm>
#include <set>

#include "experiments/compare/seeds.h"
#include "experiments/runner/text.h"
#include "lib/core/check.h"

namespace vime {
namespace {

// Limits of a run are its budget, which has a rule of its own.
bool IsLimit(const std::string& key) {
  return key == "iterations" || key == "env_steps" || key == "stop_when";
}

bool Has(const std::vector<std::string>& list, const std::string& item) {
  return std::find(list.begin(), list.end(), item) != list.end();
}

// The config, and what else --group-by may name.
FlatConfig GroupableValues(const RunRecord& run) {
  FlatConfig values = run.config;
  values["version"] = run.version;
  values["git_revision"] = run.git_revision;
  return values;
}

using Key = std::vector<std::string>;

Key GroupKey(const RunRecord& run, const std::vector<std::string>& group_by) {
  Key key = {run.Environment(), run.Budget(), run.version};
  if (group_by.empty()) {
    key.push_back(run.config_hash);
    for (const auto& [name, value] : run.config) {
      if (!IsLimit(name)) key.push_back(name + "=" + value);
    }
    return key;
  }
  const FlatConfig values = GroupableValues(run);
  for (const std::string& name : group_by) {
    const auto found = values.find(name);
    key.push_back(found == values.end() ? "" : found->second);
  }
  return key;
}

void CheckGroupBy(const std::vector<const RunRecord*>& runs,
                  const std::vector<std::string>& group_by) {
  std::set<std::string> known;
  for (const RunRecord* run : runs) {
    if (run->config.empty()) continue;
    for (const auto& [name, value] : GroupableValues(*run)) known.insert(name);
  }
  const std::vector<std::string> names(known.begin(), known.end());
  for (const std::string& name : group_by) {
    if (known.contains(name) || known.empty()) continue;
    throw ConfigError("--group-by " + Printable(name) + " is no key of these configs; " +
                      SuggestPath(name, names, '.', "vime-run --print-config shows all keys"));
  }
}

// Numbers by value, before texts.
bool ValueLess(const std::string& a, const std::string& b) {
  const std::optional<double> x = NumberIn(a), y = NumberIn(b);
  if (x.has_value() != y.has_value()) return x.has_value();
  return x ? *x < *y : a < b;
}

std::string Id(std::size_t index) {
  std::string id;
  for (std::size_t n = index + 1; n > 0; n = (n - 1) / 26) {
    id.insert(id.begin(), static_cast<char>('A' + (n - 1) % 26));
  }
  return id;
}

// A seed twice in one config is one run: the same numbers again prove nothing.
void DropCopies(Arm& arm) {
  std::map<std::pair<std::string, std::int64_t>, const RunRecord*> first;
  std::vector<const RunRecord*> kept;
  for (const RunRecord* run : arm.runs) {
    const auto [known, inserted] = first.try_emplace({run->config_hash, run->seed}, run);
    if (inserted) {
      kept.push_back(run);
      continue;
    }
    const RunRecord& other = *known->second;
    const bool same = run->Number("auc_return") == other.Number("auc_return") &&
                      run->Number("env_steps") == other.Number("env_steps");
    arm.left_out.push_back({run->path, "seed " + std::to_string(run->seed) + " again, as in " +
                                           other.path + (same ? "" : ", with other results")});
  }
  arm.runs = std::move(kept);
}

Arm MakeArm(const Key& key, const std::vector<const RunRecord*>& runs) {
  Arm arm;
  arm.environment = key[0];
  arm.budget = key[1];
  arm.version = key[2];
  arm.config_hash = runs.front()->config_hash;
  arm.git_revision = runs.front()->git_revision;
  std::set<Key> configs;
  std::map<std::string, std::set<std::string>> values;
  for (const RunRecord* run : runs) {
    if (configs.insert(GroupKey(*run, {})).second) {
      for (const auto& [name, value] : run->config) values[name].insert(value);
    }
    if (run->state == RunState::kFinished) {
      arm.runs.push_back(run);
      continue;
    }
    arm.left_out.push_back({run->path, run->reason});
    (run->state == RunState::kDiverged ? arm.diverged : arm.unfinished).push_back(run);
  }
  for (const auto& [name, different] : values) {
    arm.config[name].assign(different.begin(), different.end());
    std::sort(arm.config[name].begin(), arm.config[name].end(), ValueLess);
  }
  arm.num_configs = static_cast<int>(configs.size());
  std::stable_sort(arm.runs.begin(), arm.runs.end(),
                   [](const auto* a, const auto* b) { return a->seed < b->seed; });
  DropCopies(arm);
  return arm;
}

using Conditions = std::vector<std::string>;

Conditions ConditionsOf(const Arm& arm, const ArmOptions& options) {
  const auto open = [&](const char* name) {
    return Has(options.allow, name) || Has(options.group_by, name);
  };
  return {open("env") ? "" : arm.environment, open("budget") ? "" : arm.budget,
          open("version") ? "" : arm.version};
}

// Those of most runs; the first of equals.
Conditions MostCommonConditions(const std::vector<Arm>& arms, const ArmOptions& options) {
  std::map<Conditions, std::size_t> counts;
  Conditions best;
  for (const Arm& arm : arms) {
    const Conditions conditions = ConditionsOf(arm, options);
    const std::size_t count = counts[conditions] += arm.runs.size() + arm.diverged.size();
    if (best.empty() || count > counts[best]) best = conditions;
  }
  return best;
}

std::string Mismatch(const Arm& arm, const Arm& reference, const ArmOptions& options) {
  const Conditions has = ConditionsOf(arm, options);
  const Conditions wanted = ConditionsOf(reference, options);
  constexpr const char* kNames[] = {"environment", "budget", "version"};
  std::vector<std::string> parts;
  for (std::size_t i = 0; i < has.size(); ++i) {
    if (has[i] == wanted[i]) continue;
    const auto shown = [](const std::string& text) { return text.empty() ? "unknown" : text; };
    parts.push_back(std::string("other ") + kNames[i] + ": " + shown(has[i]) + ", compared is " +
                    shown(wanted[i]));
  }
  return Listed(parts);
}

bool HasNoBonus(const Arm& arm) {
  return ValueText(arm, "bonus") == "none" || ValueText(arm, "eta") == "0";
}

// bnn.kl_weight is kl_weight where no other key of the config ends so.
std::string ShortKey(const std::string& key, const Arm& arm) {
  const std::string last = key.substr(key.rfind('.') + 1);
  const auto ends_so = std::count_if(arm.config.begin(), arm.config.end(), [&](const auto& entry) {
    return entry.first == last || entry.first.ends_with("." + last);
  });
  return ends_so == 1 ? last : key;
}

// Words speak for themselves, numbers need their key: "shuffled, eta=0.1".
std::string ValueLabel(const std::string& key, const std::string& value, const Arm& arm) {
  const bool word = !Json::accept(value) && value.find('|') == std::string::npos;
  return word ? value : ShortKey(key, arm) + "=" + value;
}

void LabelArms(std::vector<Arm>& arms, const std::vector<std::string>& group_by) {
  const std::vector<std::string> keys = group_by.empty() ? DifferingKeys(arms) : group_by;
  for (Arm& arm : arms) {
    arm.label.clear();
    const auto add = [&](const std::string& text) {
      if (!text.empty()) arm.label += (arm.label.empty() ? "" : ", ") + text;
    };
    const auto add_value = [&](const std::string& key) {
      const std::string value = key == "version"        ? arm.version
                                : key == "git_revision" ? arm.git_revision
                                                        : ValueText(arm, key);
      if (!value.empty()) add(ValueLabel(key, value, arm));
    };
    const auto add_if_different = [&](std::string Arm::*member) {
      if (std::any_of(arms.begin(), arms.end(),
                      [&](const Arm& other) { return other.*member != arm.*member; })) {
        add(arm.*member);
      }
    };
    for (const std::string& key : keys) add_value(key);
    if (!Has(keys, "env")) add_if_different(&Arm::environment);
    add_if_different(&Arm::budget);
    if (!Has(keys, "version")) add_if_different(&Arm::version);
    if (arm.label.empty()) {
      for (const char* key : {"bonus", "eta"}) add_value(key);
    }
    if (arm.label.empty()) arm.label = "config " + arm.config_hash;
  }
}

void NoteBuilds(ArmSet& set) {
  std::map<std::string, int> revisions;
  for (const Arm& arm : set.arms) {
    for (const RunRecord* run : arm.runs) ++revisions[run->git_revision];
  }
  if (revisions.size() < 2) return;
  std::vector<std::string> parts;
  for (const auto& [revision, count] : revisions) {
    parts.push_back((revision.empty() ? "unknown" : revision) + " (" + std::to_string(count) + ")");
  }
  set.notes.push_back("The runs are of " + std::to_string(revisions.size()) +
                      " source revisions: " + Listed(parts) + ".");
}

void NoteMissingSeeds(ArmSet& set) {
  std::set<std::int64_t> all;
  for (const Arm& arm : set.arms) {
    for (const RunRecord* run : arm.runs) all.insert(run->seed);
  }
  for (Arm& arm : set.arms) {
    std::set<std::int64_t> missing = all;
    for (const auto* list : {&arm.runs, &arm.diverged, &arm.unfinished}) {
      for (const RunRecord* run : *list) missing.erase(run->seed);
    }
    if (missing.empty()) continue;
    const std::string which = Shortened(SeedsText({missing.begin(), missing.end()}), 80);
    arm.left_out.push_back(
        {"(none)", "missing: no result of seeds " + which + ", which others have"});
  }
}

}  // namespace

std::string ValueText(const Arm& arm, const std::string& key) {
  const auto found = arm.config.find(key);
  if (found == arm.config.end()) return "";
  std::string text;
  for (const std::string& value : found->second) text += (text.empty() ? "" : " | ") + value;
  return text;
}

std::vector<std::string> DifferingKeys(const std::vector<Arm>& arms) {
  std::set<std::string> all;
  for (const Arm& arm : arms) {
    for (const auto& [key, values] : arm.config) all.insert(key);
  }
  std::vector<std::string> differing;
  for (const std::string& key : all) {
    const bool differs = std::any_of(arms.begin(), arms.end(), [&](const Arm& arm) {
      const auto found = arm.config.find(key);
      return (found != arm.config.end() && found->second.size() > 1) ||
             ValueText(arm, key) != ValueText(arms.front(), key);
    });
    if (differs && !IsLimit(key)) differing.push_back(key);
  }
  return differing;
}

std::size_t FindArm(const std::vector<Arm>& arms, const std::string& name,
                    const std::string& option) {
  const auto has_values = [&](const Arm& arm) {
    for (std::size_t begin = 0; begin < name.size();) {
      if (name[begin] == ' ') ++begin;
      const std::size_t end = std::min(name.find(',', begin), name.size());
      const std::string part = name.substr(begin, end - begin);
      const std::size_t equals = part.find('=');
      if (equals == std::string::npos) return false;
      const std::string value = ValueText(arm, part.substr(0, equals));
      const std::string wanted = part.substr(equals + 1);
      if (value.empty() || ValueLess(value, wanted) || ValueLess(wanted, value)) return false;
      begin = end + 1;
    }
    return true;
  };
  std::vector<std::size_t> found;
  for (std::size_t i = 0; i < arms.size(); ++i) {
    if (name == arms[i].id || name == arms[i].label) return i;
    if (name == arms[i].config_hash || has_values(arms[i])) found.push_back(i);
  }
  if (found.size() == 1) return found[0];
  std::string list;
  for (const Arm& arm : arms) list += "; " + arm.id + ": " + Shortened(arm.label, 60);
  throw ConfigError(option + " " + Printable(name) +
                    (found.empty() ? " is none of the arms" : " fits more than one arm") + list);
}

ArmSet GroupRuns(const std::vector<const RunRecord*>& runs, const ArmOptions& options) {
  CheckGroupBy(runs, options.group_by);
  ArmSet set;
  std::map<Key, std::vector<const RunRecord*>> groups;
  for (const RunRecord* run : runs) {
    if (run->state == RunState::kForeign || run->state == RunState::kMissing) {
      set.left_out.push_back({run->path, run->reason});
    } else {
      groups[GroupKey(*run, options.group_by)].push_back(run);
    }
  }
  if (groups.empty()) return set;
  std::vector<Arm> all;
  for (const auto& [key, members] : groups) all.push_back(MakeArm(key, members));

  // Arms that can be compared come first, so that their ids do not depend on the others.
  const Conditions usual = MostCommonConditions(all, options);
  const std::vector<std::string> keys =
      options.group_by.empty() ? DifferingKeys(all) : options.group_by;
  std::stable_sort(all.begin(), all.end(), [&](const Arm& a, const Arm& b) {
    const bool a_usual = ConditionsOf(a, options) == usual;
    if (a_usual != (ConditionsOf(b, options) == usual)) return a_usual;
    for (const std::string& key : keys) {
      const std::string x = ValueText(a, key);
      const std::string y = ValueText(b, key);
      if (ValueLess(x, y) != ValueLess(y, x)) return ValueLess(x, y);
    }
    return false;
  });
  for (std::size_t i = 0; i < all.size(); ++i) all[i].id = Id(i);
  LabelArms(all, options.group_by);

  const std::size_t reference =
      options.baseline.empty() ? 0 : FindArm(all, options.baseline, "--baseline");
  const std::string baseline_id = all[reference].id;
  for (const Arm& arm : all) {
    const std::string mismatch = Mismatch(arm, all[reference], options);
    if (mismatch.empty()) {
      set.arms.push_back(arm);
      continue;
    }
    for (const auto* list : {&arm.runs, &arm.diverged, &arm.unfinished}) {
      for (const RunRecord* run : *list) set.left_out.push_back({run->path, mismatch});
    }
  }
  LabelArms(set.arms, options.group_by);
  for (const auto& [name, label] : options.labels) {
    set.arms[FindArm(set.arms, name, "--label")].label = Printable(label);
  }
  if (options.baseline.empty()) {
    std::vector<std::size_t> plain;
    for (std::size_t i = 0; i < set.arms.size(); ++i) {
      if (HasNoBonus(set.arms[i])) plain.push_back(i);
    }
    set.baseline = plain.size() == 1 ? plain[0] : 0;
  } else {
    set.baseline = FindArm(set.arms, baseline_id, "--baseline");
  }
  for (const Arm& arm : set.arms) {
    if (arm.num_configs == 1) continue;
    set.notes.push_back(arm.id + " (" + arm.label + ") mixes " + std::to_string(arm.num_configs) +
                        " configs; the table of the configs shows in what they differ.");
  }
  NoteMissingSeeds(set);
  NoteBuilds(set);
  return set;
}

}  // namespace vime
