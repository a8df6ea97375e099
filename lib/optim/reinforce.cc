#include "lib/optim/reinforce.h"

#include <cmath>
#include <limits>

#include "lib/core/check.h"
#include "lib/core/statistics.h"
#include "lib/rl/returns.h"

namespace vime {
namespace {

VectorXd ColumnMeans(const MatrixXd& m) {
  VectorXd mean = VectorXd::Zero(m.cols());
  for (Index k = 0; k < m.cols(); ++k) {
    for (Index i = 0; i < m.rows(); ++i) mean[k] += m(i, k);
  }
  return mean / static_cast<double>(m.rows());
}

// The mean of A over the other trajectories, for every step of a trajectory.
VectorXd LeaveOneOutMean(const Batch& batch, const VectorXd& advantages) {
  const double total = Sum(advantages);
  VectorXd means(static_cast<Index>(batch.trajectories.size()));
  for (Index i = 0; i < means.size(); ++i) {
    const Trajectory& trajectory = batch.trajectories[static_cast<std::size_t>(i)];
    const double own = Sum(advantages.segment(trajectory.begin, trajectory.length));
    const double others = static_cast<double>(batch.size() - trajectory.length);
    means[i] = others > 0 ? (total - own) / others : 0;
  }
  return PerStep(batch, means);
}

}  // namespace

Reinforce::Reinforce(const ReinforceOptions& options, Index num_parameters)
    : options_(options),
      adam_(num_parameters, {.learning_rate = options.learning_rate,
                             .beta1 = options.beta1,
                             .beta2 = options.beta2}) {}

GradientEstimate Reinforce::Estimate(const Batch& batch, const VectorXd& advantages,
                                     const Policy& policy, int num_threads) const {
  // Weights of the scores: 1, A, and A - b with b fitted without the own trajectory.
  MatrixXd weights(batch.size(), 3);
  weights.col(0).setOnes();
  weights.col(1) = advantages;
  weights.col(2) = advantages;
  switch (options_.baseline) {
    case BaselineKind::kMean:
      weights.col(2) -= LeaveOneOutMean(batch, advantages);
      break;
    case BaselineKind::kTime:
      weights.col(2) -= TimeBaseline(batch, advantages, /*leave_one_out=*/true);
      break;
    case BaselineKind::kLinear:  // fitted to the previous batch
      weights.col(2) -= linear_.Predict(batch);
      break;
    case BaselineKind::kOptimal:
    case BaselineKind::kNone:
      break;
  }
  std::vector<MatrixXd> scores = policy.TrajectoryScores(batch, weights, num_threads);
  MatrixXd& with_baseline = scores[2];
  if (options_.baseline == BaselineKind::kOptimal) {
    with_baseline.array() -=
        scores[0].array() * LeaveOneOutOptimalBaseline(scores[0], scores[1]).array();
  }

  GradientEstimate estimate;
  estimate.gradient = ColumnMeans(with_baseline);
  estimate.variance_ratio = std::numeric_limits<double>::quiet_NaN();
  if (batch.trajectories.size() >= 3) {
    const double without = TotalVariance(scores[1]);
    if (without > 0) estimate.variance_ratio = TotalVariance(with_baseline) / without;
  }
  return estimate;
}

UpdateReport Reinforce::Update(const Batch& batch, const VectorXd& rewards, Policy& policy,
                               int num_threads) {
  VectorXd advantages = options_.form == ReturnForm::kRewardToGo
                            ? RewardToGo(batch, rewards, options_.gamma)
                            : PerStep(batch, TrajectoryReturns(batch, rewards, options_.gamma));
  if (options_.scale_returns) {
    double scale =
        StandardDeviation({advantages.data(), static_cast<std::size_t>(advantages.size())});
    if (!std::isfinite(scale)) throw NumericalError("the spread of the returns is not finite");
    // Equal returns have no spread but rounding errors.
    if (scale <= 1e-12 * advantages.cwiseAbs().maxCoeff()) scale = 1;
    advantages /= scale;
    linear_.Rescale(scale_ / scale);
    scale_ = scale;
  }
  const GradientEstimate estimate = Estimate(batch, advantages, policy, num_threads);
  if (options_.baseline == BaselineKind::kLinear) linear_.Fit(batch, advantages);

  const UpdateReport report{.gradient_norm = EuclideanNorm(estimate.gradient),
                            .gradient_variance_ratio = estimate.variance_ratio};
  if (!std::isfinite(report.gradient_norm)) {
    throw NumericalError("policy gradient is not finite");
  }
  VectorXd theta = policy.parameters();
  if (options_.step == GradientStep::kAdam) {
    adam_.Step(theta, -estimate.gradient);  // Adam descends, the policy ascends
  } else {
    theta += options_.learning_rate * estimate.gradient;
  }
  policy.SetParameters(theta);
  return report;
}

void Reinforce::Serialize(Archive& archive) {
  adam_.Serialize(archive);
  linear_.Serialize(archive);
  archive.Visit("returns scale", scale_);
}

}  // namespace vime
