// The plan of a sweep: manifest.jsonl in the directory of the sweep, one line per run. Task K is
// line K, from 1.
#pragma once

#include <string>
#include <vector>

#include "experiments/runner/config_json.h"
#include "experiments/sweep/axes.h"

namespace vime {

inline constexpr std::int64_t kMostTasks = 1000000;  // of a sweep

/// One run of a sweep.
struct SweepTask {
  std::string run;  ///< its directory, relative to that of the manifest
  std::string config_hash;
  Json axes;                                     ///< the values of the axes and the seed, by path
  Json config;                                   ///< every value that is not a default, by path
  std::vector<std::string> without_effect = {};  ///< axes that the run does not read; not written
};

/// Every combination of the axes, for every seed: all variants of the first seed come first. The
/// last axis varies fastest. Throws ConfigError when a value is refused, when an axis is given
/// twice and when two tasks would share a run directory.
std::vector<SweepTask> PlanSweep(const ConfigBuilder& base, const std::vector<std::string>& axes,
                                 const std::string& seeds);

/// The axes and their values; "seed" is the last. Seeds are written like 1-10,20.
std::vector<SweepAxis> SweepAxes(const ConfigBuilder& base, const std::vector<std::string>& axes,
                                 const std::string& seeds);

/// A config that has the limits of a task: iterations, env_steps and stop_when.
RunConfig LimitsOf(const SweepTask& task);

/// The runs of a plan that takes the place of another, those of the other first and in its order,
/// so that their numbers stay. Throws ConfigError when one of them is not in the new plan, or is
/// shorter there.
std::vector<SweepTask> GrownPlan(const std::vector<SweepTask>& before,
                                 const std::vector<SweepTask>& planned);

std::string ManifestText(const std::vector<SweepTask>& tasks);

/// All tasks of a manifest. Throws ConfigError that names file and line.
std::vector<SweepTask> ReadManifest(const std::string& path);

/// The task of that number, without reading the other lines closely.
SweepTask ReadTask(const std::string& path, std::int64_t task);

/// The number of this task in its job array: SLURM_ARRAY_TASK_ID, or what other batch systems and
/// GNU parallel set. Throws ConfigError when there is none.
std::int64_t TaskFromEnvironment();

/// The directory of a run of the manifest.
std::string RunPath(const std::string& manifest, const SweepTask& task);

}  // namespace vime
