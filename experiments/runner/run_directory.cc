#include "experiments/runner/run_directory.h"

#include <algorithm>
#include <array>
#include <span>
#include <vector>

#include "experiments/runner/event_file.h"
#include "experiments/runner/files.h"
#include "experiments/runner/summary.h"
#include "lib/core/check.h"

namespace vime {

template <>
std::span<const std::string_view> EnumNames<IfExists>() {
  static constexpr auto kNames =
      std::to_array<std::string_view>({"resume", "skip", "fail", "overwrite"});
  return kNames;
}

namespace {

constexpr std::array<std::string_view, 8> kRunFiles = {
    "run.json",    "metrics.jsonl", "summary.json", "policy.json",
    "states.json", "eval.jsonl",    "checkpoint",   EventFile::kName};

constexpr const char* kOtherwise = "; choose another directory or --if-exists overwrite";

// Says nothing about a run: a run that was killed while it wrote its first file leaves no more.
bool IsLeftOver(const std::string& name) {
  return name == ".lock" || std::ranges::any_of(kRunFiles, [&](std::string_view file) {
           return name == std::string(file) + kTemporarySuffix;
         });
}

// The document, or null when it is absent or broken.
Json ReadOrNull(const std::string& path) {
  try {
    if (FileExists(path)) return ReadJsonFile(path, path);
  } catch (const ConfigError&) {
  }
  return nullptr;
}

// A run that ended is kept when the limits asked for are those it ran with. It goes on when they
// lead further; otherwise it would have to be thrown away, which throws.
RunDirectory::Action ActionOnFinal(const std::string& path, const Json& manifest,
                                   const Json& summary, const RunConfig& config) {
  using Action = RunDirectory::Action;
  const Json limits_before = ValueOr(manifest, "config", Json::object());
  const Json limits_now = ToJson(config);
  for (const char* key : {"iterations", "env_steps", "stop_when"}) {
    const Json before = limits_before.contains(key) ? limits_before[key] : Json();
    if (before == limits_now[key]) continue;
    const auto iterations = ValueOr<std::int64_t>(summary, "iterations", 0);
    if (!LimitsReached(config, iterations, ValueOr<std::int64_t>(summary, "env_steps", 0),
                       ValueOr(summary, "solved", false))) {
      const bool diverged = ValueOr<std::string>(summary, "status", "") == "diverged";
      return diverged ? Action::kLeaveAlone : Action::kResume;
    }
    throw ConfigError("--out " + path + " holds this run finished with " + key + " " +
                      Shown(before.dump(-1, ' ', false, Json::error_handler_t::replace)) +
                      ", asked for is " + limits_now[key].dump() + kOtherwise);
  }
  return Action::kLeaveAlone;
}

// Appends "KEY is A there and B here" for every key of `here` whose value is another one there.
void AddDifferences(const Json& there, const Json& here, const std::string& prefix,
                    std::vector<std::string>& differences) {
  for (const auto& [key, value] : here.items()) {
    const Json other = ValueOr<Json>(there, key.c_str(), nullptr);
    if (value.is_object()) {
      AddDifferences(other, value, prefix + key + ".", differences);
    } else if (other != value) {
      const std::string text = other.dump(-1, ' ', false, Json::error_handler_t::replace);
      differences.push_back(prefix + key + " is " + Shown(text) + " there and " + value.dump() +
                            " here");
    }
  }
}

// What tells a run from the one of that manifest: the first keys that differ, or else hashes.
std::string Difference(const Json& manifest, const RunConfig& config) {
  Json here = ToJson(config);
  for (const char* key : {"env_steps", "stop_when"}) here.erase(key);
  if (config.shaping.eta_schedule == EtaSchedule::kConstant) here.erase("iterations");
  if (config.eval_every == 0) here.erase("eval_episodes");
  Json there = ValueOr(manifest, "config", Json::object());
  if (!there.is_object()) there = Json::object();
  there["seed"] = ValueOr<Json>(manifest, "seed", nullptr);
  std::vector<std::string> differences;
  AddDifferences(there, here, "", differences);
  if (differences.empty()) {
    return "config " + Shown(ValueOr<std::string>(manifest, "config_hash", "")) + " there and " +
           ConfigHash(config) + " here";
  }
  constexpr std::size_t kShown = 3;
  std::string text;
  for (std::size_t i = 0; i < std::min(kShown, differences.size()); ++i) {
    text += (i > 0 ? ", " : "") + differences[i];
  }
  if (differences.size() > kShown) {
    text += ", and " + std::to_string(differences.size() - kShown) + " more";
  }
  return text;
}

}  // namespace

bool IsFinal(const Json& summary) {
  const std::string status = ValueOr<std::string>(summary, "status", "");
  return status == "finished" || status == "diverged";
}

RunDirectory::Plan RunDirectory::Look(const RunConfig& config, IfExists if_exists) const {
  if (!FileExists(path_)) return {};
  bool any_run_file = false;
  bool other_files = false;
  for (const std::string& name : ListDirectory(path_)) {
    if (IsLeftOver(name)) continue;
    const bool ours = std::ranges::find(kRunFiles, name) != kRunFiles.end();
    (ours ? any_run_file : other_files) = true;
  }
  if (!any_run_file) {
    if (!other_files) return {};
    throw ConfigError("--out " + path_ +
                      " holds files that are not of a run; "
                      "choose another directory or empty it");
  }
  if (if_exists == IfExists::kFail) {
    throw ConfigError("--out " + path_ +
                      " exists already; --if-exists resume, skip or overwrite allows that");
  }
  if (if_exists == IfExists::kOverwrite) return {};

  Plan plan{.manifest = ReadOrNull(File("run.json")), .summary = ReadOrNull(File("summary.json"))};
  const std::string hash = ConfigHash(config);
  const std::string old_hash = ValueOr<std::string>(plan.manifest, "config_hash", "");
  const auto old_seed = ValueOr<std::int64_t>(plan.manifest, "seed", -1);
  if (old_hash.empty()) {
    throw ConfigError("--out " + path_ + " holds files but no run.json that can be read" +
                      kOtherwise);
  }
  if (old_hash != hash || old_seed != config.seed) {
    throw ConfigError("--out " + path_ +
                      " holds another run: " + Difference(plan.manifest, config) + kOtherwise);
  }
  if (IsFinal(plan.summary)) {
    plan.action = ActionOnFinal(path_, plan.manifest, plan.summary, config);
  } else if (if_exists == IfExists::kResume) {
    plan.action = Action::kResume;
  }
  return plan;
}

// The summary goes first: it must never stand beside metrics of another run. The manifest stays
// until it is replaced: it shows that the directory is ours.
void RunDirectory::Clear() const {
  for (const char* name : {"summary.json", "checkpoint"}) RemoveFile(File(name));
  for (const std::string_view name : kRunFiles) {
    RemoveFile(File(std::string(name) + kTemporarySuffix));
    if (name != "run.json") RemoveFile(File(name));
  }
}

std::string DefaultRunDirectory(const RunConfig& config) {
  return "runs/" + config.env + "-" + ToJson(config)["algo"].get<std::string>() + "-" +
         ConfigHash(config) + "-s" + std::to_string(config.seed);
}

}  // namespace vime
