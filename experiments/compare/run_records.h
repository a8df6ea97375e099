// What a run directory, or a summary alone, tells about one run.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "experiments/runner/config_json.h"

namespace vime {

enum class RunState {
  kFinished,
  kDiverged,
  kUnfinished,  ///< has begun, but has no summary
  kForeign,     ///< not of a run that can be read
  kMissing,     ///< nothing there
};

/// Values of a config by dotted path, as text.
using FlatConfig = std::map<std::string, std::string>;

struct RunRecord {
  std::string path;       ///< as given, or found below a directory that was given
  std::string directory;  ///< where its other files are; "" for a summary that stands alone
  RunState state = RunState::kForeign;
  std::string reason;  ///< why there is no result; "" when finished
  std::int64_t seed = 0;
  std::string config_hash;
  FlatConfig config;  ///< less seed; without a run.json, what the summary says
  std::string version, git_revision;
  std::vector<std::string> argv;
  Json summary;  ///< null when there is none

  /// A number of the summary (true counts as 1, null as absent).
  std::optional<double> Number(const std::string& key) const;

  // What two runs must have in common to be compared, as text for people.
  std::string Environment() const;
  std::string Budget() const;
};

/// Reads every run that the arguments name: run directories, summary.json files, directories of run
/// directories, and globs that the shell has left alone. Never throws for what it finds: a path
/// without a run becomes a record that says why. In the order of the arguments; the same place
/// given twice counts once.
std::vector<RunRecord> ReadRuns(const std::vector<std::string>& paths, int num_threads);

}  // namespace vime
