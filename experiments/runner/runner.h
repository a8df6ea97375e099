// One run from config to files: the only place where training meets the outside world.
#pragma once

#include <atomic>
#include <string>
#include <vector>

#include "experiments/runner/config_json.h"
#include "experiments/runner/progress.h"
#include "experiments/runner/run_directory.h"

namespace vime {

/// Choices that do not change the results.
struct RunOptions {
  std::string out;  ///< run directory; "" for runs/<env>-<algo>-<config hash>-s<seed>
  IfExists if_exists = IfExists::kResume;
  std::int64_t checkpoint_every = 0;  ///< iterations; 0: by the clock
  double max_seconds = 0;             ///< 0: no limit
  std::int64_t threads = 1;
  std::string simd = "auto";
  ProgressStyle progress = ProgressStyle::kAuto;
  bool tensorboard = false;  ///< write an EventFile too
  bool quiet = false;
  bool json = false;  ///< print the summary on standard output

  void Describe(FieldList& fields);
};

enum class RunStatus { kFinished, kDiverged, kInterrupted };

struct RunOutcome {
  RunStatus status = RunStatus::kFinished;
  bool existed = false;  ///< an earlier run had the results; nothing was computed
  std::string directory;
  std::int64_t from_iteration = 0;  ///< where this attempt began
  Json summary;                     ///< null when interrupted
};

/// Trains as configured and writes run.json, metrics.jsonl, checkpoint, policy.json, states.json
/// and, last, summary.json. Goes on from the checkpoint of an earlier attempt: the metrics are
/// those of a run that was never interrupted, up to the clocks. A run that diverges keeps its
/// metrics and has a summary. Stops after the current iteration, with a checkpoint, when `stop`
/// becomes true or the time is up. Throws ConfigError and IoError.
RunOutcome Run(const ResolvedConfig& resolved, const RunOptions& options,
               const std::vector<std::string>& argv, const std::atomic<bool>& stop);

}  // namespace vime
