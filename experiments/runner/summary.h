// What a finished run amounts to: summary.json.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>

#include "experiments/runner/config_json.h"
#include "lib/core/archive.h"
#include "lib/rl/batch.h"
#include "lib/rl/evaluation.h"
#include "lib/vime/metrics.h"

namespace vime {

/// Whether the limits of a config end a run that has come this far.
bool LimitsReached(const RunConfig& config, std::int64_t iterations, std::int64_t env_steps,
                   bool solved);

/// Accumulates the iterations of one run. `solved` means that at least 90 % of the episodes of
/// each of three consecutive iterations succeeded.
class SummaryBuilder {
 public:
  static constexpr double kSolvedSuccess = 0.9;
  static constexpr int kSolvedIterations = 3;
  static constexpr std::size_t kLast = 20;  // iterations that *_last20 average over

  void Add(const IterationMetrics& metrics, const Batch& batch);
  void Add(const Evaluation& evaluation) { evaluation_return_ = evaluation.return_mean; }

  void Serialize(Archive& archive);

  bool solved() const { return solved_iteration_.has_value(); }
  std::int64_t iterations() const { return iterations_; }
  std::int64_t env_steps() const { return env_steps_; }

  /// Whether the limits of the config end the run here, or have ended it before its last iteration.
  bool Done(const RunConfig& config) const;
  bool WasDone(const RunConfig& config) const;

  /// The summary as JSON; `error` tells why a run diverged and is empty otherwise.
  Json ToJson(const RunConfig& config, const std::string& error, double wall_s) const;

 private:
  std::int64_t iterations_ = 0;
  std::int64_t env_steps_ = 0;
  std::int64_t env_steps_before_ = 0;  // the last iteration
  std::int64_t episodes_ = 0;
  int consecutive_ = 0;
  std::optional<std::int64_t> solved_iteration_, solved_env_steps_, first_success_env_steps_;
  std::deque<double> last_success_, last_return_;
  double return_area_ = 0;  // sum over iterations of mean return times steps
  std::optional<double> best_return_;
  std::optional<double> evaluation_return_;  // the last one
  double coverage_ = 0;
};

}  // namespace vime
