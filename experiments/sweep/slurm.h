// A sweep as a Slurm job array.
#pragma once

#include <string>
#include <vector>

namespace vime {

struct SlurmOptions {
  std::string program;  ///< vime-run
  std::string manifest;
  std::int64_t tasks = 0;
  std::int64_t jobs = 0;                ///< tasks at the same time; 0: as many as Slurm likes
  std::vector<std::string> directives;  ///< options of sbatch, such as --time=2:00:00
};

/// The batch script: one array task per run. A run that stops after its checkpoint is requeued.
std::string SlurmScript(const SlurmOptions& options);

}  // namespace vime
