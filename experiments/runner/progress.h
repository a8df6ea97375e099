// The live progress of a run, on standard error, for people.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "lib/vime/metrics.h"

namespace vime {

enum class ProgressStyle {
  kAuto,   ///< a bar on a terminal, else lines
  kBar,    ///< one line that is rewritten
  kLines,  ///< a plain line every ten seconds
  kOff,
};

class Progress {
 public:
  /// `iterations` is how many there will be at most, of which `from_iteration` with
  /// `from_env_steps` environment steps were done in earlier attempts.
  Progress(ProgressStyle style, std::int64_t iterations, std::int64_t from_iteration = 0,
           std::int64_t from_env_steps = 0);
  ~Progress();

  void Show(const IterationMetrics& metrics, bool solved);
  /// Shows the last iteration, if it was not shown yet, and ends the line.
  void Finish();

 private:
  using Clock = std::chrono::steady_clock;

  void Print();

  ProgressStyle style_;
  bool colour_;
  std::int64_t iterations_, from_iteration_, from_env_steps_;
  Clock::time_point start_ = Clock::now();
  Clock::time_point last_shown_ = start_;
  std::string last_;        // the text of the last iteration
  bool solved_ = false;     // as of the last iteration
  bool pending_ = false;    // last_ was not shown
  bool open_line_ = false;  // the bar stands on a line without an end
};

}  // namespace vime
