// What has become of the runs of a sweep.
#pragma once

#include <string>
#include <vector>

#include "experiments/sweep/manifest.h"

namespace vime {

enum class TaskStatus {
  kFinished,
  kDiverged,
  kStopped,  ///< after a checkpoint
  kRunning,
  kFailed,   ///< by an error, or killed
  kMissing,  ///< not started
};
const char* NameOf(TaskStatus status);

struct TaskRecord {
  std::int64_t task = 0;
  TaskStatus status = TaskStatus::kMissing;
  std::string run;  ///< its directory
  Json axes;
  Json summary;  ///< null unless finished or diverged
};

/// The state of every task, from the files of its run directory. A directory that holds another
/// run counts as missing.
std::vector<TaskRecord> SweepStatus(const std::string& manifest);

/// Whether the run has its result.
bool IsComplete(const TaskRecord& record);

/// One flat row per task: task, run, status, the axes, and the summary (null where there is none).
/// No task is left out.
std::string MergedJsonl(const std::vector<TaskRecord>& records);
std::string MergedCsv(const std::vector<TaskRecord>& records);

}  // namespace vime
