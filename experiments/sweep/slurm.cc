#include "experiments/sweep/slurm.h"

#include "experiments/runner/text.h"

namespace vime {

std::string SlurmScript(const SlurmOptions& options) {
  std::string script = "#!/bin/bash\n#SBATCH --job-name=vime\n";
  const std::string size = std::to_string(options.array_size);
  script += "#SBATCH --array=1-" + size;
  if (options.jobs > 0) script += "%" + std::to_string(options.jobs);
  script += "\n";
  // A minute before its time limit a task is told to have its runs write checkpoints.
  for (const char* line : {"--requeue", "--open-mode=append", "--signal=USR1@60"}) {
    script += std::string("#SBATCH ") + line + "\n";
  }
  for (const std::string& directive : options.directives) script += "#SBATCH " + directive + "\n";
  script +=
      "# Signals reach the runs through srun. Code 75 means: checkpoints written, run me again.\n"
      "cpus=${SLURM_CPUS_PER_TASK:-1}\n"
      "srun --ntasks=1 --cpus-per-task=\"$cpus\" " +
      EscapeShell(options.program) + " run " + EscapeShell(options.directory) +
      " --shard \"$SLURM_ARRAY_TASK_ID/" + size +
      "\" --jobs \"$cpus\"\n"
      "code=$?\n"
      "if [ \"$code\" = 75 ]; then\n"
      "  scontrol requeue \"${SLURM_ARRAY_JOB_ID}_${SLURM_ARRAY_TASK_ID}\" && exit 0\n"
      "fi\n"
      "exit \"$code\"\n";
  return script;
}

}  // namespace vime
