#include "lib/optim/natural_gradient.h"

#include <cmath>

#include "lib/core/check.h"
#include "lib/core/statistics.h"
#include "lib/optim/conjugate_gradient.h"
#include "lib/rl/importance.h"

namespace vime {

UpdateReport NaturalGradient::Update(const Batch& batch, const VectorXd& rewards, Policy& policy,
                                     int num_threads) {
  const Advantages advantages = advantages_.Estimate(batch, rewards);
  const VectorXd& a = advantages.values;
  // At pi_old the ratio is 1, and its gradient the score.
  const VectorXd gradient =
      policy.WeightedScore(batch, a, num_threads) / static_cast<double>(batch.size());
  UpdateReport report{.gradient_norm = EuclideanNorm(gradient),
                      .value_explained_variance = advantages.explained_variance,
                      .step_accepted = false};
  if (!std::isfinite(report.gradient_norm)) throw NumericalError("policy gradient is not finite");

  const Batch sample = policy.memory_size() > 0 ? EvenEpisodes(batch, options_.fisher_steps)
                                                : EvenSample(batch, options_.fisher_steps);
  const auto fisher = [&](const VectorXd& v) -> VectorXd {
    return policy.FisherVectorProduct(sample, v, num_threads) + options_.damping * v;
  };
  const VectorXd x = ConjugateGradient(fisher, gradient, static_cast<int>(options_.cg_iterations),
                                       options_.cg_tolerance);
  const double curvature = Dot(x, fisher(x));
  if (!(curvature > 0) || !std::isfinite(curvature)) return report;  // no way to go
  VectorXd step = std::sqrt(2 * options_.max_kl / curvature) * x;

  const ActionDistributions old = policy.Distributions(batch);
  const VectorXd old_log_prob = LogProb(old, batch.sampled_actions);
  const double old_surrogate = Surrogate(VectorXd::Ones(a.size()), a);
  const VectorXd theta = policy.parameters();
  for (report.backtracks = 0; report.backtracks <= options_.max_backtracks; ++report.backtracks) {
    policy.SetParameters(theta + step);
    const ActionDistributions now = policy.Distributions(batch);
    report.kl = MeanKl(old, now);
    if (!options_.line_search) {
      report.step_accepted = true;
      return report;
    }
    const VectorXd ratios = Ratios(LogProb(now, batch.sampled_actions) - old_log_prob);
    if (report.kl <= options_.max_kl && Surrogate(ratios, a) > old_surrogate) {
      report.step_accepted = true;
      return report;
    }
    step *= options_.backtrack_ratio;
  }
  policy.SetParameters(theta);
  report.kl = 0;
  report.backtracks = options_.max_backtracks;
  return report;
}

}  // namespace vime
