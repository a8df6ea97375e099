#include "experiments/runner/runner.h"

#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdio>
#include <memory>
#include <optional>

#include "envs/registry.h"
#include "experiments/runner/build_info.h"
#include "experiments/runner/checkpoint.h"
#include "experiments/runner/event_file.h"
#include "experiments/runner/files.h"
#include "experiments/runner/metrics_json.h"
#include "experiments/runner/policy_json.h"
#include "experiments/runner/states_json.h"
#include "experiments/runner/summary.h"
#include "experiments/runner/text.h"
#include "lib/core/check.h"
#include "lib/kernels/kernels.h"

namespace vime {

template <>
std::span<const std::string_view> EnumNames<ProgressStyle>() {
  static constexpr auto kNames = std::to_array<std::string_view>({"auto", "bar", "lines", "off"});
  return kNames;
}

void RunOptions::Describe(FieldList& f) {
  f.Add("out", out, "run directory [runs/<env>-<algo>-<config hash>-s<seed>]");
  f.Add("if_exists", if_exists, "when the run exists already");
  f.Add("checkpoint_every", checkpoint_every,
        "iterations between checkpoints; 0: one per minute; always one at the end",
        {.low = 0, .high = 1e9});
  f.Add("max_seconds", max_seconds,
        "stop after the iteration in which this much time has passed, write a checkpoint and exit "
        "with 75; 0: no limit",
        {.low = 0, .high = 1e9});
  f.Add("threads", threads, "threads of this run; the results do not depend on it",
        {.low = 1, .high = 256});
  f.Add("simd", simd,
        "kernels, all with the same results: auto|portable|v3|v4 (v3: AVX2, v4: AVX-512)");
  f.Add("progress", progress, "live progress on standard error");
  f.Add("tensorboard", tensorboard, "write the metrics as events for TensorBoard too");
  f.Add("quiet", quiet, "print errors only");
  f.Add("json", json, "print the summary as JSON on standard output");
}

namespace {

using Clock = std::chrono::steady_clock;

constexpr double kCheckpointSeconds = 60;  // unless --checkpoint-every says otherwise

std::string HostName() {
  char name[256] = {};
  return ::gethostname(name, sizeof name - 1) == 0 ? name : "unknown";
}

std::string Dump(const Json& json, int indent = 2) {
  return json.dump(indent, ' ', false, Json::error_handler_t::replace) + "\n";
}

double SecondsSince(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

// The time at which a run began that has taken so long, in seconds since 1970.
double BeginOf(double wall_s) {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration<double>(now).count() - wall_s;
}

// run.json of this attempt; `before` is that of the attempts that it continues, or null.
Json Manifest(const ResolvedConfig& resolved, const RunOptions& options,
              const std::vector<std::string>& argv, const Json& before,
              std::int64_t from_iteration) {
  const BuildInfo& build = GetBuildInfo();
  Json json;
  json["schema"] = "vime-run-1";
  json["status"] = "running";
  json["config"] = ToJson(resolved.config);
  json["sources"] = resolved.sources;
  json["config_hash"] = ConfigHash(resolved.config);
  json["seed"] = resolved.config.seed;
  json["argv"] = argv;
  const Json attempts = ValueOr(before, "attempts", Json::array());
  json["attempts"] = attempts.is_array() ? attempts : Json::array();
  json["attempts"].push_back({{"from_iteration", from_iteration},
                              {"host", HostName()},
                              {"version", build.version},
                              {"git_revision", build.git_revision}});
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

// Everything that a run goes on from.
struct RunState {
  std::unique_ptr<Trainer> trainer;
  SummaryBuilder summary;
  double wall_s = 0;               // over all attempts
  std::int64_t metrics_bytes = 0;  // of metrics.jsonl
  std::int64_t eval_bytes = 0;     // of eval.jsonl

  void Serialize(Archive& archive, const RunConfig& config) {
    std::string hash = ConfigHash(config);
    archive.Bytes("config hash", hash.data(), hash.size());
    archive.Require(hash == ConfigHash(config), "config hash");
    std::int64_t seed = config.seed;
    archive.Visit("seed", seed);
    archive.Require(seed == config.seed, "seed");
    archive.Visit("wall seconds", wall_s);
    archive.Visit("metrics bytes", metrics_bytes);
    archive.Visit("eval bytes", eval_bytes);
    summary.Serialize(archive);
    trainer->Serialize(archive);
  }
};

// The first `bytes` of a log must be its lines, the n-th of iteration n every - 1. Throws
// ConfigError.
void CheckLog(const std::string& path, std::int64_t bytes, std::int64_t every) {
  if (FileSize(path) < bytes) throw ConfigError(path + " is shorter than it was at the checkpoint");
  const auto check = [&](std::string_view text, std::int64_t number) {
    const std::string where = path + ", line " + std::to_string(number);
    const Json line = ParseJson(std::string(text), where);
    const std::int64_t iteration = number * every - 1;
    if (ValueOr<std::int64_t>(line, "iteration", -1) != iteration) {
      throw ConfigError(where + ": iteration must be " + std::to_string(iteration));
    }
  };
  ReadLines(path, check, bytes);
}

// Reads the checkpoint of a run that is resumed, if there is one. Throws ConfigError.
void Restore(const RunDirectory& directory, const RunConfig& config, RunState& state) {
  const std::string path = directory.File("checkpoint");
  if (!FileExists(path)) return;
  try {
    ReadCheckpoint(path, [&](Archive& archive) { state.Serialize(archive, config); });
    if (state.metrics_bytes > 0) CheckLog(directory.File("metrics.jsonl"), state.metrics_bytes, 1);
    if (state.eval_bytes > 0) {
      CheckLog(directory.File("eval.jsonl"), state.eval_bytes, config.eval_every);
    }
  } catch (const ConfigError& error) {
    throw ConfigError(std::string(error.what()) + "; --if-exists overwrite starts over");
  }
  if (state.summary.WasDone(config)) {
    throw ConfigError("--out " + directory.path() + " holds this run at " +
                      std::to_string(state.summary.iterations()) +
                      " iterations, more than is asked for; choose another directory or "
                      "--if-exists overwrite");
  }
}

}  // namespace

RunOutcome Run(const ResolvedConfig& resolved, const RunOptions& options,
               const std::vector<std::string>& argv, const std::atomic<bool>& stop) {
  const auto start = Clock::now();
  const RunConfig& config = resolved.config;
  SelectKernels(options.simd);
  const RunDirectory directory(options.out.empty() ? DefaultRunDirectory(config) : options.out);
  RunOutcome outcome;
  outcome.directory = directory.path();
  // Looked at before the lock too, so that a refused or finished directory stays as it is.
  RunDirectory::Plan plan;
  const auto nothing_to_do = [&] {
    plan = directory.Look(config, options.if_exists);
    if (plan.action != RunDirectory::Action::kLeaveAlone) return false;
    outcome.existed = true;
    outcome.summary = plan.summary;
    outcome.status =
        plan.summary["status"] == "finished" ? RunStatus::kFinished : RunStatus::kDiverged;
    if (options.tensorboard && !FileExists(directory.File(EventFile::kName))) {
      EventFile(directory, BeginOf(ValueOr(plan.summary, "wall_s", 0.0)),
                FileSize(directory.File("metrics.jsonl")), FileSize(directory.File("eval.jsonl")));
    }
    return true;
  };
  if (nothing_to_do()) return outcome;
  RunState state;
  state.trainer = MakeTrainer(config, static_cast<int>(options.threads));
  MakeDirectories(directory.path());
  const FileLock lock(directory.File(".lock"));
  if (nothing_to_do()) return outcome;

  if (plan.action == RunDirectory::Action::kResume) Restore(directory, config, state);
  outcome.from_iteration = state.summary.iterations();
  const bool resumed = outcome.from_iteration > 0;
  Json manifest = Manifest(resolved, options, argv, plan.manifest, outcome.from_iteration);
  const auto write_manifest = [&] {
    WriteFileAtomically(directory.File("run.json"), Dump(manifest));
  };
  std::optional<EventFile> events;  // once there, it goes on
  const auto open_events = [&] {
    if (!options.tensorboard && !FileExists(directory.File(EventFile::kName))) return;
    events.emplace(directory, BeginOf(state.wall_s), state.metrics_bytes, state.eval_bytes);
  };
  if (resumed) {
    open_events();  // may refuse, so before anything is changed
    RemoveFile(directory.File("summary.json"));
  } else {
    if (plan.action == RunDirectory::Action::kResume && !options.quiet) {
      std::fprintf(stderr, "no checkpoint in %s: starting over\n",
                   Printable(directory.path()).c_str());
    }
    directory.Clear();
  }
  write_manifest();
  if (!resumed) open_events();
  LineWriter metrics_file(directory.File("metrics.jsonl"), state.metrics_bytes);
  std::unique_ptr<Env> eval_env;
  std::optional<LineWriter> eval_file;
  if (config.eval_every > 0) {
    eval_env = MakeEnvironment(config);
    eval_file.emplace(directory.File("eval.jsonl"), state.eval_bytes);
  }
  Progress progress(options.quiet ? ProgressStyle::kOff : options.progress, config.iterations,
                    outcome.from_iteration, state.summary.env_steps());

  const double wall_before = state.wall_s;
  auto last_checkpoint = Clock::now();
  std::int64_t saved_iterations = -1;  // in the checkpoint of this attempt
  const auto save = [&] {
    if (saved_iterations == state.summary.iterations()) return;
    state.metrics_bytes = metrics_file.Sync();
    if (eval_file) state.eval_bytes = eval_file->Sync();
    state.wall_s = wall_before + SecondsSince(start);
    WriteCheckpoint(directory.File("checkpoint"),
                    [&](Archive& archive) { state.Serialize(archive, config); });
    saved_iterations = state.summary.iterations();
    last_checkpoint = Clock::now();
  };
  const auto checkpoint_due = [&] {
    return options.checkpoint_every > 0 ? state.summary.iterations() % options.checkpoint_every == 0
                                        : SecondsSince(last_checkpoint) >= kCheckpointSeconds;
  };
  const auto out_of_time = [&] {
    // Not before the first iteration of an attempt: a loop of attempts has to end.
    return options.max_seconds > 0 && SecondsSince(start) >= options.max_seconds &&
           state.summary.iterations() > outcome.from_iteration;
  };
  std::string error;
  try {
    while (!state.summary.Done(config) && !stop && !out_of_time()) {
      IterationMetrics metrics = state.trainer->Iterate();
      metrics.wall_s = wall_before + SecondsSince(start);
      const Json line = ToJson(metrics);
      metrics_file.Append(line.dump());
      if (events) events->Append(line);
      state.summary.Add(metrics, state.trainer->batch());
      if (eval_file && state.summary.iterations() % config.eval_every == 0) {
        const Evaluation evaluation =
            Evaluate(state.trainer->policy(), *eval_env, config.horizon,
                     static_cast<std::uint64_t>(config.seed),
                     static_cast<std::uint32_t>(metrics.iteration), config.eval_episodes);
        state.summary.Add(evaluation);
        const Json eval_line = ToJson(evaluation, metrics);
        eval_file->Append(eval_line.dump());
        if (events) events->Append(eval_line);
      }
      progress.Show(metrics, state.summary.solved());
      if (checkpoint_due()) save();
    }
    save();
  } catch (const NumericalError& diverged) {
    error = diverged.what();
  } catch (const std::exception&) {  // a full disk, too little memory
    manifest["status"] = "failed";
    try {
      write_manifest();
    } catch (const IoError&) {  // the first error is the one to tell
    }
    throw;
  }
  progress.Finish();

  WriteFileAtomically(directory.File("policy.json"), Dump(PolicyToJson(*state.trainer), 1));
  WriteFileAtomically(directory.File("states.json"), Dump(StatesToJson(*state.trainer), -1));
  const bool interrupted = error.empty() && !state.summary.Done(config);
  outcome.status = interrupted     ? RunStatus::kInterrupted
                   : error.empty() ? RunStatus::kFinished
                                   : RunStatus::kDiverged;
  manifest["status"] = interrupted ? "interrupted" : error.empty() ? "finished" : "diverged";
  manifest["wall_s"] = wall_before + SecondsSince(start);
  write_manifest();
  if (!interrupted) {
    outcome.summary = state.summary.ToJson(config, error, wall_before + SecondsSince(start));
    WriteFileAtomically(directory.File("summary.json"), Dump(outcome.summary));
  }
  return outcome;
}

}  // namespace vime
