// Proximal policy optimisation with a clipped surrogate: J. Schulman et al., "Proximal policy
// optimization algorithms", 2017.
#pragma once

#include "lib/nn/adam.h"
#include "lib/optim/policy_optimizer.h"
#include "lib/rl/advantages.h"

namespace vime {

struct PpoOptions {
  std::int64_t epochs = 10;  ///< passes over a batch
  /// Steps per gradient; a policy with memory gets whole episodes with at least that many.
  std::int64_t minibatch = 250;
  double clip = 0.2;     ///< epsilon
  double max_kl = 0.05;  ///< no further pass once the mean KL[old || new] exceeds it, nats
  double learning_rate = 3e-3;
};

/// Ascends L = (1/N) sum_t min(ratio_t A_t, clip(ratio_t, 1 - epsilon, 1 + epsilon) A_t) by Adam on
/// minibatches.
class Ppo final : public PolicyOptimizer {
 public:
  Ppo(const PpoOptions& options, AdvantageEstimator advantages, Index num_parameters,
      std::uint64_t seed);

  UpdateReport Update(const Batch& batch, const VectorXd& rewards, Policy& policy,
                      int num_threads) override;
  void Serialize(Archive& archive) override;

 private:
  PpoOptions options_;
  AdvantageEstimator advantages_;
  Adam<double> adam_;
  std::uint64_t seed_;
  std::uint32_t updates_ = 0;
};

/// dL/d ratio_t: A_t where the minimum is the first term, 0 where it is the clipped one.
VectorXd ClippedAdvantages(const VectorXd& ratios, const VectorXd& advantages, double clip);

}  // namespace vime
