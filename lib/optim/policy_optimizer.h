// What a policy optimiser does: one update of the policy from one batch.
#pragma once

#include <limits>

#include "lib/core/archive.h"
#include "lib/rl/policy.h"

namespace vime {

/// Facts about one update; NaN where a method has no such number.
struct UpdateReport {
  static constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

  double kl = 0;             ///< (1/N) sum_t KL[old(.|s_t) || new(.|s_t)], nats
  double gradient_norm = 0;  ///< Euclidean norm of the (first) gradient estimate
  /// Variance of the gradient estimate with the baseline over the variance without, out of sample;
  /// NaN with fewer than three trajectories or without variance.
  double gradient_variance_ratio = kNone;
  /// Of the returns by the value function, before it was fitted to them.
  double value_explained_variance = kNone;
  /// Share of the trajectories that importance weights leave effective, at the last reuse.
  double effective_sample_share = kNone;
  std::int64_t epochs = 1;      ///< passes over the batch
  std::int64_t backtracks = 0;  ///< times that the line search shortened the step
  bool step_accepted = true;    ///< false: no step was found, and the policy is as it was
};

class PolicyOptimizer {
 public:
  virtual ~PolicyOptimizer() = default;

  /// Improves the policy. `rewards` are those to maximise, bonus included. Throws NumericalError
  /// when the gradient is not finite.
  virtual UpdateReport Update(const Batch& batch, const VectorXd& rewards, Policy& policy,
                              int num_threads) = 0;

  virtual void Serialize(Archive& archive) = 0;
};

}  // namespace vime
