#include "experiments/runner/runner.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <memory>

#include "experiments/runner/build_info.h"
#include "experiments/runner/files.h"
#include "experiments/runner/metrics_json.h"
#include "experiments/runner/policy_json.h"
#include "experiments/runner/states_json.h"
#include "experiments/runner/summary.h"
#include "lib/core/check.h"
#include "lib/kernels/kernels.h"

namespace vime {

template <>
std::span<const std::string_view> EnumNames<IfExists>() {
  static constexpr auto kNames = std::to_array<std::string_view>({"skip", "fail", "overwrite"});
  return kNames;
}
template <>
std::span<const std::string_view> EnumNames<ProgressStyle>() {
  static constexpr auto kNames = std::to_array<std::string_view>({"auto", "bar", "lines", "off"});
  return kNames;
}

void RunOptions::Describe(FieldList& f) {
  f.Add("out", out, "run directory [runs/<env>-<algo>-<config hash>-s<seed>]");
  f.Add("if_exists", if_exists, "when the run exists already");
  f.Add("threads", threads, "threads of this run; the results do not depend on it",
        {.low = 1, .high = 256});
  f.Add("simd", simd,
        "kernels, all with the same results: auto|portable|v3|v4 (v3: AVX2, v4: AVX-512)");
  f.Add("progress", progress, "live progress on standard error");
  f.Add("quiet", quiet, "print errors only");
  f.Add("json", json, "print the summary as JSON on standard output");
}

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::array kRunFiles = {"run.json",    "metrics.jsonl", "summary.json", "policy.json",
                                  "states.json", "eval.jsonl",    "checkpoint"};

std::string HostName() {
  char name[256] = {};
  return ::gethostname(name, sizeof name - 1) == 0 ? name : "unknown";
}

Json Manifest(const ResolvedConfig& resolved, const RunOptions& options,
              const std::vector<std::string>& argv) {
  const BuildInfo& build = GetBuildInfo();
  Json json;
  json["schema"] = "vime-run-1";
  json["status"] = "running";
  json["config"] = ToJson(resolved.config);
  json["sources"] = resolved.sources;
  json["config_hash"] = ConfigHash(resolved.config);
  json["seed"] = resolved.config.seed;
  json["argv"] = argv;
  json["attempts"] = Json::array({{{"from_iteration", 0}}});
  json["version"] = build.version;
  json["git_revision"] = build.git_revision;
  json["git_dirty"] = build.git_dirty;
  json["compiler"] = build.compiler;
  json["build_type"] = build.build_type;
  json["flags"] = build.flags;
  json["simd"] = GetKernels<float>().name;
  json["threads"] = options.threads;
  json["host"] = HostName();
  return json;
}

std::string Dump(const Json& json, int indent = 2) {
  return json.dump(indent, ' ', false, Json::error_handler_t::replace) + "\n";
}

/// What an existing directory holds.
struct Existing {
  bool any_run_file = false;
  bool other_files = false;
  Json manifest, summary;  // null when absent or unreadable
};

Existing Inspect(const std::string& directory) {
  Existing existing;
  for (const std::string& name : ListDirectory(directory)) {
    if (name == ".lock") continue;
    const bool ours = std::any_of(kRunFiles.begin(), kRunFiles.end(), [&](const char* file) {
      return name == file || name == std::string(file) + kTemporarySuffix;
    });
    (ours ? existing.any_run_file : existing.other_files) = true;
  }
  const auto read = [&](const char* name, Json& target) {
    const std::string path = directory + "/" + name;
    try {
      if (FileExists(path)) target = ReadJsonFile(path, path);
    } catch (const ConfigError&) {  // a broken file counts as an absent one
    }
  };
  read("run.json", existing.manifest);
  read("summary.json", existing.summary);
  return existing;
}

template <class T>
T ValueOr(const Json& json, const char* key, T fallback) {
  if (!json.is_object() || !json.contains(key)) return fallback;
  try {
    return json[key].get<T>();
  } catch (const Json::exception&) {
    return fallback;
  }
}

/// What a run directory means for the run that is asked for.
enum class DirectoryState { kFresh, kHoldsThisRun };

/// Looks without touching. kHoldsThisRun: the finished run that is asked for is there, and
/// `outcome` tells how it ended. kFresh: ClearDirectory may make room. Otherwise throws
/// ConfigError.
DirectoryState CheckDirectory(const std::string& directory, const ResolvedConfig& resolved,
                              IfExists if_exists, RunOutcome& outcome) {
  if (!FileExists(directory)) return DirectoryState::kFresh;
  const Existing existing = Inspect(directory);
  if (!existing.any_run_file) {
    if (!existing.other_files) return DirectoryState::kFresh;
    throw ConfigError("--out " + directory +
                      " holds files that are not of a run; "
                      "choose another directory or empty it");
  }
  if (if_exists == IfExists::kFail) {
    throw ConfigError("--out " + directory +
                      " exists already; --if-exists skip or overwrite allows that");
  }
  if (if_exists == IfExists::kOverwrite) return DirectoryState::kFresh;

  const std::string other = "; choose another directory or --if-exists overwrite";
  const std::string hash = ConfigHash(resolved.config);
  const std::string old_hash = ValueOr<std::string>(existing.manifest, "config_hash", "");
  const auto old_seed = ValueOr<std::int64_t>(existing.manifest, "seed", -1);
  if (old_hash.empty()) {
    throw ConfigError("--out " + directory + " holds files but no run.json that can be read" +
                      other);
  }
  if (old_hash != hash || old_seed != resolved.config.seed) {
    throw ConfigError("--out " + directory + " holds another run (config " + old_hash + ", seed " +
                      std::to_string(old_seed) + "); this one is config " + hash + ", seed " +
                      std::to_string(resolved.config.seed) + other);
  }
  const std::string status = ValueOr<std::string>(existing.summary, "status", "");
  if (status != "finished" && status != "diverged") return DirectoryState::kFresh;  // start over
  const Json limits_before = ValueOr(existing.manifest, "config", Json::object());
  const Json limits_now = ToJson(resolved.config);
  for (const char* key : {"iterations", "env_steps", "stop_when"}) {
    const Json before = limits_before.contains(key) ? limits_before[key] : Json();
    if (before != limits_now[key]) {
      throw ConfigError("--out " + directory + " holds this run finished with " + key + " " +
                        before.dump() + ", asked for is " + limits_now[key].dump() + other);
    }
  }
  outcome.status = status == "finished" ? RunStatus::kFinished : RunStatus::kDiverged;
  outcome.existed = true;
  outcome.summary = existing.summary;
  return DirectoryState::kHoldsThisRun;
}

/// Removes the files of an earlier run. The summary goes first: it must never stand beside metrics
/// of another run. The manifest stays until it is replaced: it shows that the directory is ours.
void ClearDirectory(const std::string& directory) {
  RemoveFile(directory + "/summary.json");
  for (const std::string name : kRunFiles) {
    RemoveFile(directory + "/" + name + kTemporarySuffix);
    if (name != "run.json") RemoveFile(directory + "/" + name);
  }
}

double SecondsSince(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

}  // namespace

std::string DefaultRunDirectory(const RunConfig& config) {
  return "runs/" + config.env + "-" + ToJson(config)["algo"].get<std::string>() + "-" +
         ConfigHash(config) + "-s" + std::to_string(config.seed);
}

RunOutcome Run(const ResolvedConfig& resolved, const RunOptions& options,
               const std::vector<std::string>& argv, const std::atomic<bool>& stop) {
  const auto start = Clock::now();
  const RunConfig& config = resolved.config;
  SelectKernels(options.simd);
  RunOutcome outcome;
  outcome.directory = options.out.empty() ? DefaultRunDirectory(config) : options.out;
  // Looked at before the lock too, so that a refused or finished directory stays as it is.
  const auto holds_this_run = [&] {
    return CheckDirectory(outcome.directory, resolved, options.if_exists, outcome) ==
           DirectoryState::kHoldsThisRun;
  };
  if (holds_this_run()) return outcome;
  const std::unique_ptr<Trainer> trainer = MakeTrainer(config, static_cast<int>(options.threads));
  MakeDirectories(outcome.directory);
  const FileLock lock(outcome.directory + "/.lock");
  if (holds_this_run()) return outcome;
  ClearDirectory(outcome.directory);

  const auto path = [&](const char* name) { return outcome.directory + "/" + name; };
  Json manifest = Manifest(resolved, options, argv);
  WriteFileAtomically(path("run.json"), Dump(manifest));
  LineWriter metrics_file(path("metrics.jsonl"));
  Progress progress(options.quiet ? ProgressStyle::kOff : options.progress, config.iterations);

  SummaryBuilder summary;
  std::string error;
  const auto done = [&] {
    return summary.iterations() >= config.iterations ||
           (config.env_steps > 0 && summary.env_steps() >= config.env_steps) ||
           (config.stop_when == StopWhen::kSolved && summary.solved());
  };
  try {
    while (!done() && !stop) {
      IterationMetrics metrics = trainer->Iterate();
      metrics.wall_s = SecondsSince(start);
      metrics_file.Append(ToJson(metrics).dump());
      summary.Add(metrics, trainer->batch());
      progress.Show(metrics, summary.solved());
    }
  } catch (const NumericalError& diverged) {
    error = diverged.what();
  } catch (const std::exception&) {  // a full disk, too little memory
    manifest["status"] = "failed";
    try {
      WriteFileAtomically(path("run.json"), Dump(manifest));
    } catch (const IoError&) {  // the first error is the one to tell
    }
    throw;
  }
  progress.Finish();

  WriteFileAtomically(path("policy.json"), Dump(PolicyToJson(*trainer), 1));
  WriteFileAtomically(path("states.json"), Dump(StatesToJson(*trainer), -1));
  const bool interrupted = error.empty() && !done();
  outcome.status = interrupted     ? RunStatus::kInterrupted
                   : error.empty() ? RunStatus::kFinished
                                   : RunStatus::kDiverged;
  manifest["status"] = interrupted ? "interrupted" : error.empty() ? "finished" : "diverged";
  manifest["wall_s"] = SecondsSince(start);
  WriteFileAtomically(path("run.json"), Dump(manifest));
  if (!interrupted) {
    outcome.summary = summary.ToJson(config, error, SecondsSince(start));
    WriteFileAtomically(path("summary.json"), Dump(outcome.summary));
  }
  return outcome;
}

}  // namespace vime
