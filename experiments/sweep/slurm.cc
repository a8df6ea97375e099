#include "experiments/sweep/slurm.h"

#include "experiments/runner/text.h"

namespace vime {

std::string SlurmScript(const SlurmOptions& options) {
  std::string script = "#!/bin/bash\n#SBATCH --job-name=vime\n";
  script += "#SBATCH --array=1-" + std::to_string(options.tasks);
  if (options.jobs > 0) script += "%" + std::to_string(options.jobs);
  script += "\n";
  // A minute before its time limit a run is told to write a checkpoint.
  for (const char* line : {"--requeue", "--open-mode=append", "--signal=USR1@60"}) {
    script += std::string("#SBATCH ") + line + "\n";
  }
  for (const std::string& directive : options.directives) script += "#SBATCH " + directive + "\n";
  script +=
      "# Signals reach the run through srun. Code 75 means: checkpoint written, run me again.\n"
      "srun --ntasks=1 " +
      EscapeShell(options.program) + " --manifest " + EscapeShell(options.manifest) +
      " --task auto --quiet\n"
      "code=$?\n"
      "if [ \"$code\" = 75 ]; then\n"
      "  scontrol requeue \"${SLURM_ARRAY_JOB_ID}_${SLURM_ARRAY_TASK_ID}\" && exit 0\n"
      "fi\n"
      "exit \"$code\"\n";
  return script;
}

}  // namespace vime
