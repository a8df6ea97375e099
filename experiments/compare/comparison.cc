#include "experiments/compare/comparison.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>

#include "experiments/runner/text.h"
#include "lib/core/check.h"
#include "lib/core/names.h"
#include "lib/core/statistics.h"
#include "lib/stats/bootstrap.h"
#include "lib/stats/power.h"

namespace vime {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr double kNever = std::numeric_limits<double>::infinity();

// Values of the primary metric; runs without one are left out with the reason.
std::vector<double> TakeValues(const PrimaryMetric& primary, Arm& arm) {
  std::vector<double> values;
  std::vector<const RunRecord*> with_value;
  for (const RunRecord* run : arm.runs) {
    const std::optional<double> value = run->Number(primary.name);
    if (value || primary.may_never) {
      values.push_back(value.value_or(kNever));
      with_value.push_back(run);
    } else {
      arm.left_out.push_back({run->path, "its summary has no number " + primary.name});
    }
  }
  arm.runs = with_value;
  return values;
}

double MeanOf(const std::vector<const RunRecord*>& runs, const std::string& key) {
  std::vector<double> values;
  for (const RunRecord* run : runs) {
    if (const auto value = run->Number(key)) values.push_back(*value);
  }
  return Mean(values);
}

// One stratum per config, so that an arm that mixes configs keeps its mixture.
Strata StrataOf(const ArmResult& result) {
  std::map<std::string, std::vector<double>> by_config;
  for (std::size_t i = 0; i < result.values.size(); ++i) {
    by_config[result.arm.runs[i]->config_hash].push_back(result.values[i]);
  }
  Strata strata;
  for (const auto& [hash, values] : by_config) strata.push_back(values);
  return strata;
}

std::vector<double> Pooled(const Strata& strata) {
  if (strata.size() == 1) return strata[0];
  std::vector<double> all;
  for (const auto& stratum : strata) all.insert(all.end(), stratum.begin(), stratum.end());
  return all;
}

bool AllFinite(const std::vector<double>& values) {
  return std::all_of(values.begin(), values.end(), [](double v) { return std::isfinite(v); });
}

ArmResult Describe(Arm arm, const PrimaryMetric& primary) {
  ArmResult result;
  result.values = TakeValues(primary, arm);
  result.arm = std::move(arm);
  const bool finite = AllFinite(result.values);
  const std::vector<double>& x = result.values;
  result.mean = finite ? Mean(x) : kNaN;
  result.stddev = finite ? StandardDeviation(x, 1) : kNaN;
  result.mean_interval = finite ? MeanInterval(x) : Interval{kNaN, kNaN};
  result.median = Quantile(x, 0.5);
  result.lower_quartile = Quantile(x, 0.25);
  result.upper_quartile = Quantile(x, 0.75);
  result.iqm = finite ? InterquartileMean(x) : kNaN;
  if (finite && static_cast<int>(x.size()) >= kSafeSeeds) {
    result.iqm_interval = Bootstrap({StrataOf(result)}, [](const std::vector<Strata>& arms) {
                            return InterquartileMean(Pooled(arms[0]));
                          }).interval;
  }

  const auto& runs = result.arm.runs;
  result.auc_return = MeanOf(runs, "auc_return");
  result.final_return = MeanOf(runs, "return_last20");
  result.attempts = static_cast<int>(runs.size() + result.arm.diverged.size());
  for (const RunRecord* run : runs) {
    result.solved += run->Number("solved").value_or(0) > 0 ? 1 : 0;
    result.first_success.push_back(run->Number("first_success_env_steps").value_or(kNever));
  }
  result.solved_interval = WilsonInterval(result.solved, result.attempts);
  result.first_success_median = Quantile(result.first_success, 0.5);
  result.first_success_interval = MedianInterval(result.first_success);
  return result;
}

std::string CountText(std::size_t a, std::size_t b) {
  return std::to_string(a) + " and " + std::to_string(b) + " runs";
}

void Decide(const Comparison& comparison, PairResult& pair) {
  const std::size_t n_x = comparison.arms[pair.arm].values.size();
  const std::size_t n_y = comparison.arms[pair.baseline].values.size();
  const auto fewest = static_cast<int>(std::min(n_x, n_y));
  if (fewest < kFewestSeeds) {
    pair.reason = "no verdict: " + CountText(n_x, n_y) + ", at least " +
                  std::to_string(kFewestSeeds) + " per arm are needed";
    return;
  }
  pair.few_seeds = fewest < kSafeSeeds;
  if (pair.p_holm >= kSignificance) {
    pair.verdict = Verdict::kNotShown;
    pair.reason = "no difference shown";
    return;
  }
  const bool higher = pair.ranks_decide ? pair.superiority > 0.5 : pair.welch.difference > 0;
  const bool better = higher != comparison.primary.lower_is_better;
  pair.verdict = better ? Verdict::kBetter : Verdict::kWorse;
  pair.reason = better ? "better" : "worse";
}

void ComparePairs(Comparison& comparison) {
  const ArmResult& baseline = comparison.arms[comparison.baseline];
  for (std::size_t i = 0; i < comparison.arms.size(); ++i) {
    if (i == comparison.baseline) continue;
    const ArmResult& arm = comparison.arms[i];
    PairResult pair;
    pair.arm = i;
    pair.baseline = comparison.baseline;
    const bool finite = AllFinite(arm.values) && AllFinite(baseline.values);
    const std::vector<double> none;
    pair.welch = WelchTest(finite ? arm.values : none, finite ? baseline.values : none);
    pair.hedges_g = finite ? HedgesG(arm.values, baseline.values) : kNaN;
    pair.ranks_decide = !pair.welch.defined;
    pair.mann_whitney_p = MannWhitneyP(arm.values, baseline.values);
    pair.superiority = ProbabilityOfSuperiority(arm.values, baseline.values);
    if (static_cast<int>(std::min(arm.values.size(), baseline.values.size())) >= kSafeSeeds) {
      pair.superiority_interval = SuperiorityInterval(StrataOf(arm), StrataOf(baseline));
    }
    comparison.pairs.push_back(pair);
  }
  // A pair without values has no p and takes none of the others' significance.
  std::vector<double> p;
  for (const PairResult& pair : comparison.pairs) {
    const double decisive = pair.ranks_decide ? pair.mann_whitney_p : pair.welch.p;
    p.push_back(std::isnan(decisive) ? 1 : decisive);
  }
  const std::vector<double> adjusted = HolmAdjusted(p);
  for (std::size_t i = 0; i < comparison.pairs.size(); ++i) {
    comparison.pairs[i].p_holm = adjusted[i];
    Decide(comparison, comparison.pairs[i]);
  }
}

// What the reader must know before believing the verdicts.
void AddNotes(const CompareOptions& options, Comparison& comparison) {
  std::vector<std::string>& notes = comparison.notes;
  for (const auto& candidate : comparison.selection.value_or(Selection{}).candidates) {
    const bool reported = std::ranges::any_of(comparison.arms, [&](const ArmResult& arm) {
      return arm.arm.config_hash == candidate.config_hash && !arm.values.empty();
    });
    if (candidate.chosen && !reported) {
      notes.push_back(candidate.label + " was chosen and has no result on the report seeds.");
    }
  }
  std::size_t fewest = comparison.arms.front().values.size();
  int broken = 0;
  bool until_solved = false;
  for (const ArmResult& arm : comparison.arms) {
    fewest = std::min(fewest, arm.values.size());
    broken += static_cast<int>(arm.arm.diverged.size() + arm.arm.unfinished.size());
    until_solved = until_solved || arm.arm.budget.find(" or until ") != std::string::npos;
  }
  if (broken > 0) {
    notes.push_back(std::to_string(broken) +
                    " runs diverged or did not finish. They are not in the means, which therefore "
                    "describe the runs that survived; a diverged run counts as not solved.");
  }
  if (comparison.arms.size() > 1 && fewest < kFewestSeeds) {
    notes.push_back("Fewer than " + std::to_string(kFewestSeeds) +
                    " runs in an arm: no verdict on it.");
  } else if (comparison.arms.size() > 1 && fewest < kSafeSeeds) {
    notes.push_back("Fewer than " + std::to_string(kSafeSeeds) +
                    " runs in an arm: take verdicts with caution; no bootstrap intervals.");
  }
  if (comparison.arms.size() > 1 && fewest >= 2) {
    notes.push_back(
        "With " + std::to_string(fewest) + " runs per arm Welch's test sees a difference of " +
        Fixed(DetectableEffect(static_cast<int>(fewest)), 1) +
        " standard deviations in 80 % of such experiments; " + std::to_string(SeedsForPower(1.0)) +
        " runs per arm see 1.0, " + std::to_string(SeedsForPower(1.5)) + " see 1.5.");
  }
  const bool never = std::any_of(comparison.arms.begin(), comparison.arms.end(),
                                 [](const ArmResult& arm) { return !AllFinite(arm.values); });
  if (never) {
    notes.push_back("Some runs never got there, so " + comparison.primary.name +
                    " has no mean: never counts as later than any, and the Mann-Whitney test "
                    "decides instead of Welch's.");
  }
  if (until_solved && !comparison.primary.may_never) {
    notes.push_back("The runs stop when solved, so " + comparison.primary.name +
                    " is over different lengths; --primary solved_env_steps compares like with "
                    "like.");
  }
  if (!options.arms.allow.empty()) {
    notes.push_back("Allowed to differ between arms: " + Listed(options.arms.allow) + ".");
  }
}

bool HasSeed(const RunRecord& run) {
  return run.state != RunState::kForeign && run.state != RunState::kMissing;
}

void Append(std::vector<LeftOut>& to, const std::vector<LeftOut>& from) {
  to.insert(to.end(), from.begin(), from.end());
}

// Chooses one config per family by the mean of the primary metric on the selection seeds. Returns
// the runs of the chosen configs and those that are of no config, and names the baseline among the
// chosen.
std::vector<const RunRecord*> SelectConfigs(const std::vector<const RunRecord*>& runs,
                                            const CompareOptions& options, Comparison& comparison,
                                            std::string& baseline) {
  std::vector<const RunRecord*> selecting;
  for (const RunRecord* run : runs) {
    if (HasSeed(*run) && options.select_seeds->Contains(run->seed)) selecting.push_back(run);
  }
  ArmOptions by_config = options.arms;
  by_config.group_by.clear();
  by_config.labels.clear();
  const ArmSet set = GroupRuns(selecting, by_config);
  if (set.arms.empty()) {
    throw ConfigError("--select-seeds " + options.select_seeds->text() + " fits no run");
  }
  Append(comparison.left_out, set.left_out);
  Selection selection{.seeds = options.select_seeds->text(), .candidates = {}};
  std::map<std::string, std::size_t> best;  // family -> candidate
  for (std::size_t i = 0; i < set.arms.size(); ++i) {
    const Arm& arm = set.arms[i];
    std::string family = i == set.baseline ? "baseline" : "others";
    if (!options.arms.group_by.empty()) family.clear();
    for (const std::string& key : options.arms.group_by) {
      family += (family.empty() ? "" : ", ") + key + "=" + ValueText(arm, key);
    }
    const ArmResult result = Describe(arm, comparison.primary);
    Append(comparison.left_out, result.arm.left_out);
    // A median exists although some runs never got there.
    const double value = comparison.primary.may_never ? result.median : result.mean;
    selection.candidates.push_back(
        {family, arm.label, static_cast<int>(result.values.size()), value, false, arm.config_hash});
    const auto [known, first] = best.try_emplace(family, i);
    const double champion = selection.candidates[known->second].mean;
    const bool better = comparison.primary.lower_is_better ? value < champion : value > champion;
    if (better || std::isnan(champion)) known->second = i;
  }
  using Candidate = std::pair<std::string, std::string>;  // config hash, budget
  std::set<Candidate> candidates, chosen;
  for (const Arm& arm : set.arms) candidates.emplace(arm.config_hash, arm.budget);
  for (const auto& [family, i] : best) {
    selection.candidates[i].chosen = true;
    chosen.emplace(set.arms[i].config_hash, set.arms[i].budget);
    if (family == selection.candidates[set.baseline].family) baseline = set.arms[i].config_hash;
  }
  comparison.selection = std::move(selection);
  std::vector<const RunRecord*> kept;
  for (const RunRecord* run : runs) {
    const Candidate config = {run->config_hash, run->Budget()};
    if (!HasSeed(*run) || chosen.contains(config)) {
      kept.push_back(run);
    } else if (!candidates.contains(config) && !options.select_seeds->Contains(run->seed)) {
      comparison.left_out.push_back({run->path, "its config was no candidate on --select-seeds"});
    }
  }
  return kept;
}

std::string CommonOr(const std::vector<ArmResult>& arms, std::string Arm::*member) {
  const bool same = std::all_of(arms.begin(), arms.end(), [&](const ArmResult& result) {
    return result.arm.*member == arms.front().arm.*member;
  });
  return same ? arms.front().arm.*member : "";
}

}  // namespace

std::size_t Comparison::num_runs() const {
  std::size_t count = 0;
  for (const ArmResult& arm : arms) count += arm.values.size();
  return count;
}

PrimaryMetric FindPrimary(const std::vector<RunRecord>& runs, const std::string& name) {
  static const std::set<std::string> kEvents = {"solved_iteration", "solved_env_steps",
                                                "first_success_env_steps"};
  PrimaryMetric primary{.name = name.empty() ? "auc_return" : name};
  primary.may_never = kEvents.contains(primary.name);
  primary.lower_is_better =
      primary.may_never || primary.name == "regret" || primary.name.ends_with("_s");
  std::set<std::string> known;
  for (const RunRecord& run : runs) {
    if (run.state != RunState::kFinished) continue;
    for (const auto& [key, value] : run.summary.items()) {
      const bool usable = value.is_number() || value.is_boolean() || kEvents.contains(key);
      if (usable && key != "seed") known.insert(Printable(key));
    }
  }
  if (known.contains(primary.name) || known.empty()) return primary;
  const std::vector<std::string> names(known.begin(), known.end());
  throw ConfigError("--primary " + Printable(primary.name) + " is in no summary; " +
                    Suggestion(name, names));
}

Comparison Compare(const std::vector<RunRecord>& runs, const CompareOptions& options) {
  Comparison comparison;
  comparison.primary = FindPrimary(runs, options.primary);
  std::vector<const RunRecord*> selected;
  for (const RunRecord& run : runs) selected.push_back(&run);
  ArmOptions arm_options = options.arms;
  if (options.select_seeds) {
    if (options.report_seeds && options.select_seeds->Overlaps(*options.report_seeds)) {
      throw ConfigError("--select-seeds " + options.select_seeds->text() + " and --report-seeds " +
                        options.report_seeds->text() + " share seeds");
    }
    selected = SelectConfigs(selected, options, comparison, arm_options.baseline);
    arm_options.group_by.clear();  // one config per group is left
  }
  std::vector<const RunRecord*> reported;
  for (const RunRecord* run : selected) {
    const bool selects = options.select_seeds && options.select_seeds->Contains(run->seed);
    const bool reports =
        options.report_seeds ? options.report_seeds->Contains(run->seed) : !selects;
    if (reports || !HasSeed(*run)) {
      reported.push_back(run);
    } else if (!selects) {
      comparison.left_out.push_back(
          {run->path, "seed " + std::to_string(run->seed) + " is not among --report-seeds"});
    }
  }
  if (options.select_seeds) {
    const auto reports = [&](const std::string& config) {
      return std::ranges::any_of(reported, [&](const RunRecord* run) {
        return HasSeed(*run) && (config.empty() || run->config_hash == config);
      });
    };
    const std::string seeds = options.report_seeds ? options.report_seeds->text() : "others";
    if (!reports("")) {
      throw ConfigError("--select-seeds " + options.select_seeds->text() +
                        " leaves no run to report on; --report-seeds: " + seeds);
    }
    if (!arm_options.baseline.empty() && !reports(arm_options.baseline)) {
      throw ConfigError("the baseline (config " + arm_options.baseline +
                        ") has runs on --select-seeds " + options.select_seeds->text() +
                        " and none to report on; --report-seeds: " + seeds);
    }
  }
  ArmSet set = GroupRuns(reported, arm_options);
  Append(comparison.left_out, set.left_out);
  comparison.notes = std::move(set.notes);
  comparison.baseline = set.baseline;
  std::vector<std::int64_t> seeds;
  for (Arm& arm : set.arms) {
    comparison.arms.push_back(Describe(std::move(arm), comparison.primary));
    ArmResult& result = comparison.arms.back();
    for (const RunRecord* run : result.arm.runs) seeds.push_back(run->seed);
    Append(comparison.left_out, result.arm.left_out);
  }
  if (comparison.arms.empty()) return comparison;
  comparison.seeds = SeedsText(seeds);
  comparison.environment = CommonOr(comparison.arms, &Arm::environment);
  comparison.budget = CommonOr(comparison.arms, &Arm::budget);
  comparison.version = CommonOr(comparison.arms, &Arm::version);
  ComparePairs(comparison);
  AddNotes(options, comparison);
  return comparison;
}

}  // namespace vime
