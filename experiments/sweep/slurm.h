// A sweep as a Slurm job array.
#pragma once

#include <string>
#include <vector>

namespace vime {

struct SlurmOptions {
  std::string program;                  ///< vime-sweep
  std::string directory;                ///< of the sweep
  std::int64_t array_size = 1;          ///< tasks of the array, with equal numbers of runs
  std::int64_t jobs = 0;                ///< of them at the same time; 0: as many as Slurm likes
  std::vector<std::string> directives;  ///< options of sbatch, such as --time=2:00:00
};

/// The batch script: array task I of N takes shard I/N of the sweep, with as many runs at the same
/// time as --cpus-per-task, or else one. A task whose runs stop after their checkpoints is
/// requeued.
std::string SlurmScript(const SlurmOptions& options);

}  // namespace vime
