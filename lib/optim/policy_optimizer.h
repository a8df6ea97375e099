// What a policy optimiser does: one update of the policy from one batch.
#pragma once

#include "lib/core/archive.h"
#include "lib/rl/policy.h"

namespace vime {

/// Facts about one update.
struct UpdateReport {
  double gradient_norm = 0;  ///< Euclidean norm of the gradient estimate
  /// Variance of the gradient estimate with the baseline over the variance without, out of sample;
  /// NaN with fewer than three trajectories or without variance.
  double gradient_variance_ratio = 0;
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
