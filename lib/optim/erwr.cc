#include "lib/optim/erwr.h"

#include <cmath>

#include "lib/core/check.h"
#include "lib/core/statistics.h"
#include "lib/nn/lbfgs.h"

namespace vime {

VectorXd PositiveWeights(const VectorXd& advantages) {
  if (Spread(AsSpan(advantages)) == 0) return VectorXd::Ones(advantages.size());
  const VectorXd shifted = advantages.array() - advantages.minCoeff();
  return shifted / Mean(AsSpan(shifted));
}

UpdateReport Erwr::Update(const Batch& batch, const VectorXd& rewards, Policy& policy,
                          int num_threads) {
  const Advantages advantages = advantages_.Estimate(batch, rewards);
  const double n = static_cast<double>(batch.size());
  const VectorXd weights = PositiveWeights(advantages.values) / n;
  UpdateReport report{
      .gradient_norm = EuclideanNorm(policy.WeightedScore(batch, weights, num_threads)),
      .value_explained_variance = advantages.explained_variance};
  if (!std::isfinite(report.gradient_norm)) throw NumericalError("policy gradient is not finite");

  const Objective loss = [&](const VectorXd& theta, VectorXd& gradient) {
    policy.SetParameters(theta);
    gradient = -policy.WeightedScore(batch, weights, num_threads);
    return -Dot(weights, policy.LogProb(batch));
  };
  const ActionDistributions old = policy.Distributions(batch);
  VectorXd theta = policy.parameters();
  const LbfgsReport fit = MinimizeLbfgs(loss, static_cast<int>(options_.iterations), theta);
  policy.SetParameters(theta);
  report.epochs = fit.iterations;
  report.step_accepted = fit.iterations > 0;
  report.kl = MeanKl(old, policy.Distributions(batch));
  return report;
}

}  // namespace vime
