// Episodic reward-weighted regression [J. Kober and J. Peters 2009; as compared in H16 and D16].
#pragma once

#include "lib/optim/policy_optimizer.h"
#include "lib/rl/advantages.h"

namespace vime {

struct ErwrOptions {
  std::int64_t iterations = 20;  ///< of L-BFGS, at most
};

/// Fits the policy to its own actions, weighted by how well they did:
///   theta <- argmax (1/N) sum_t w_t log pi_theta(a_t|s_t),
///   w_t = (A_t - min A) / mean(A - min A),
/// positive weights, as regression needs them. The maximum is sought by L-BFGS from the current
/// policy, as in [D16]; for a network there is no closed form.
class Erwr final : public PolicyOptimizer {
 public:
  Erwr(const ErwrOptions& options, AdvantageEstimator advantages)
      : options_(options), advantages_(std::move(advantages)) {}

  UpdateReport Update(const Batch& batch, const VectorXd& rewards, Policy& policy,
                      int num_threads) override;
  void Serialize(Archive& archive) override { advantages_.Serialize(archive); }

 private:
  ErwrOptions options_;
  AdvantageEstimator advantages_;
};

/// w_t as above; all 1 when A is constant.
VectorXd PositiveWeights(const VectorXd& advantages);

}  // namespace vime
