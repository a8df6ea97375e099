// Runs the tasks of a sweep as processes, a few at a time.
#pragma once

#include <csignal>
#include <functional>
#include <string>
#include <vector>

#include "experiments/sweep/manifest.h"

namespace vime {

/// Holds back SIGINT, SIGTERM, SIGHUP, SIGUSR1, SIGUSR2 and SIGCHLD while it lives: they are waited
/// for instead of handled, so that none can slip in between a test and a wait.
class SweepSignals {
 public:
  SweepSignals();
  ~SweepSignals();
  SweepSignals(const SweepSignals&) = delete;
  SweepSignals& operator=(const SweepSignals&) = delete;

  int Wait() const;
  /// One that has come, other than SIGCHLD; 0 without.
  int Poll() const;
  void UnblockInChild() const;

 private:
  sigset_t waited_, before_;
};

struct PoolOptions {
  std::string program;  ///< vime-run
  std::int64_t jobs = 1;
  std::vector<std::string> arguments;  ///< passed on to every run
  /// Whether a task whose process succeeded has left its result; without one it failed.
  std::function<bool(std::int64_t task)> has_result;
};

/// A task that did not finish.
struct FailedTask {
  std::int64_t task = 0;
  int exit_code = 0;    ///< 128 + the signal when one ended the process
  std::string message;  ///< the last line of its standard error
};

struct PoolOutcome {
  std::int64_t finished = 0;
  std::int64_t stopped = 0;        ///< after a checkpoint, or not started because of a signal
  std::int64_t elsewhere = 0;      ///< left to the process that runs them
  std::vector<FailedTask> failed;  ///< diverged ones among them
  int signal = 0;                  ///< that ended the sweep early, 0 without
};

/// Runs these tasks (line numbers of the manifest). A task that fails does not stop the others.
/// Signals are passed on to the runs, and no further run is started. The memory needed does not
/// depend on the number of tasks that have run. Throws IoError when no process can be started.
PoolOutcome RunTasks(const SweepSignals& signals, const std::string& manifest,
                     const std::vector<std::int64_t>& tasks, const PoolOptions& options);

}  // namespace vime
