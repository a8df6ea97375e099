// One run from config to files: the only place where training meets the outside world.
#pragma once

#include <atomic>
#include <string>
#include <vector>

#include "experiments/runner/config_json.h"
#include "experiments/runner/progress.h"

namespace vime {

/// What to do when the run directory exists already.
enum class IfExists {
  kSkip,       ///< a finished run is left alone; an unfinished one of the same config starts over
  kFail,       ///< an error
  kOverwrite,  ///< starts over, whatever it was
};

/// Choices that do not change the results.
struct RunOptions {
  std::string out;  ///< run directory; "" for runs/<env>-<algo>-<config hash>-s<seed>
  IfExists if_exists = IfExists::kSkip;
  std::int64_t threads = 1;
  std::string simd = "auto";
  ProgressStyle progress = ProgressStyle::kAuto;
  bool quiet = false;
  bool json = false;  ///< print the summary on standard output

  void Describe(FieldList& fields);
};

enum class RunStatus { kFinished, kDiverged, kInterrupted };

struct RunOutcome {
  RunStatus status = RunStatus::kFinished;
  bool existed = false;  ///< an earlier run had the results; nothing was computed
  std::string directory;
  Json summary;  ///< null when interrupted
};

/// Where the run goes unless --out names a directory.
std::string DefaultRunDirectory(const RunConfig& config);

/// Trains as configured and writes run.json, metrics.jsonl, policy.json, states.json and, last,
/// summary.json. A run that diverges keeps its metrics and has a summary. Stops after the current
/// iteration when `stop` becomes true. Throws ConfigError and IoError.
RunOutcome Run(const ResolvedConfig& resolved, const RunOptions& options,
               const std::vector<std::string>& argv, const std::atomic<bool>& stop);

}  // namespace vime
