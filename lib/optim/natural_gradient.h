// The natural policy gradient [Kakade 2001] and trust region policy optimisation [S15].
#pragma once

#include "lib/optim/policy_optimizer.h"
#include "lib/rl/advantages.h"

namespace vime {

struct NaturalGradientOptions {
  double max_kl = 0.01;  ///< delta: bound on the mean KL[old || new] of an update, nats
  /// States at which F is averaged, spread evenly over the batch; 0: all. A part of them is enough
  /// for the direction [S15, appendix C]; the line search looks at the whole batch. A policy with
  /// memory takes whole episodes.
  std::int64_t fisher_steps = 1000;
  double damping = 1e-4;            ///< added to the diagonal of F
  std::int64_t cg_iterations = 10;  ///< at most, of conjugate gradients
  double cg_tolerance = 1e-3;       ///< relative residual at which they stop
  /// TRPO: shorten the step until the exact KL is within delta and the surrogate has improved.
  /// Without it the update is the natural gradient step as it is.
  bool line_search = true;
  double backtrack_ratio = 0.5;      ///< by which the line search shortens a step, in (0, 1)
  std::int64_t max_backtracks = 10;  ///< of them before the update is given up
};

/// Takes the largest step that the quadratic model of the KL allows, along the natural gradient:
///   g = grad L,  x = F^{-1} g,  d = sqrt(2 delta / x^T F x) x,
/// for the surrogate L(theta) = (1/N) sum_t pi_theta(a_t|s_t)/pi_old(a_t|s_t) A_t and the Fisher
/// information F of the policy at the visited states, which is the Hessian of the mean KL. F enters
/// through products with vectors, J^T (M (J v)), M the Fisher information of the Gaussian: no
/// second derivatives.
class NaturalGradient final : public PolicyOptimizer {
 public:
  NaturalGradient(const NaturalGradientOptions& options, AdvantageEstimator advantages)
      : options_(options), advantages_(std::move(advantages)) {}

  UpdateReport Update(const Batch& batch, const VectorXd& rewards, Policy& policy,
                      int num_threads) override;
  void Serialize(Archive& archive) override { advantages_.Serialize(archive); }

 private:
  NaturalGradientOptions options_;
  AdvantageEstimator advantages_;
};

}  // namespace vime
