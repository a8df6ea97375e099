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

Reinforce::Reinforce(const ReinforceOptions& options, Index num_parameters,
                     std::unique_ptr<ValueFunction> value)
    : options_(options),
      adam_(
          num_parameters,
          {.learning_rate = options.learning_rate, .beta1 = options.beta1, .beta2 = options.beta2}),
      value_(std::move(value)) {}

GradientEstimate Reinforce::Estimate(const Batch& batch, const ScoreWeights& steps,
                                     const Policy& policy, int num_threads) const {
  // Weights of the scores: u, c, and c - u b with b fitted without the own trajectory.
  MatrixXd weights(batch.size(), 3);
  weights.col(0) = steps.baseline;
  weights.col(1) = steps.score;
  weights.col(2) = steps.score;
  const auto subtract = [&](const VectorXd& baseline) {
    weights.col(2) -= steps.baseline.cwiseProduct(baseline);
  };
  switch (options_.baseline) {
    case BaselineKind::kMean:
      subtract(LeaveOneOutMean(batch, steps.advantages));
      break;
    case BaselineKind::kTime:
      subtract(TimeBaseline(batch, steps.advantages, /*leave_one_out=*/true));
      break;
    case BaselineKind::kLinear:  // fitted to the previous batch
    case BaselineKind::kMlp:
      subtract(value_->Predict(batch.observations, StepsOf(batch)) / scale_);
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
    estimate.variances = Variances(with_baseline);
    estimate.plain_variances = Variances(scores[1]);
    const double without = Sum(estimate.plain_variances);
    if (without > 0) estimate.variance_ratio = Sum(estimate.variances) / without;
  }
  return estimate;
}

UpdateReport Reinforce::Update(const Batch& batch, const VectorXd& rewards, Policy& policy,
                               int num_threads) {
  const bool from_start = options_.form == ReturnForm::kTrajectory;
  const VectorXd returns = from_start
                               ? PerStep(batch, TrajectoryReturns(batch, rewards, options_.gamma))
                               : RewardToGo(batch, rewards, options_.gamma);
  scale_ = 1;
  if (options_.scale_returns) {
    scale_ = Spread(AsSpan(returns));
    if (!std::isfinite(scale_)) throw NumericalError("the spread of the returns is not finite");
    if (scale_ == 0) scale_ = 1;
  }
  const VectorXd advantages = returns / scale_;
  const GradientEstimate estimate = Estimate(batch, advantages, policy, num_threads);

  UpdateReport report{.gradient_norm = EuclideanNorm(estimate.gradient),
                      .gradient_variance_ratio = estimate.variance_ratio};
  if (!std::isfinite(report.gradient_norm)) {
    throw NumericalError("policy gradient is not finite");
  }
  const ActionDistributions old = policy.Distributions(batch);
  Step(estimate.gradient, policy);
  ActionDistributions now = policy.Distributions(batch);
  report.kl = MeanKl(old, now);
  while (report.epochs < options_.reuse_epochs && report.kl <= options_.max_kl) {
    const VectorXd log_ratios =
        LogProb(now, batch.sampled_actions) - LogProb(old, batch.sampled_actions);
    report.effective_sample_share = EffectiveSampleShare(batch, log_ratios);
    const VectorXd ratios = Ratios(log_ratios);
    const ScoreWeights steps =
        ReuseWeights(options_.importance, batch, ratios, rewards / scale_, advantages,
                     options_.gamma, from_start, options_.ratio_clip);
    const VectorXd gradient = Estimate(batch, steps, policy, num_threads).gradient;
    if (!std::isfinite(EuclideanNorm(gradient))) {
      throw NumericalError("policy gradient of a reused batch is not finite");
    }
    Step(gradient, policy);
    ++report.epochs;
    now = policy.Distributions(batch);
    report.kl = MeanKl(old, now);
  }
  if (UsesValue()) {
    const VectorXd steps = StepsOf(batch);
    report.value_explained_variance =
        ExplainedVariance(value_->Predict(batch.observations, steps), returns);
    value_->Fit(batch.observations, steps, returns);
  }
  return report;
}

bool Reinforce::UsesValue() const {
  return options_.baseline == BaselineKind::kLinear || options_.baseline == BaselineKind::kMlp;
}

void Reinforce::Step(const VectorXd& gradient, Policy& policy) {
  VectorXd theta = policy.parameters();
  if (options_.step == GradientStep::kAdam) {
    adam_.Step(theta, -gradient);  // Adam descends, the policy ascends
  } else {
    theta += options_.learning_rate * gradient;
  }
  policy.SetParameters(theta);
}

void Reinforce::Serialize(Archive& archive) {
  adam_.Serialize(archive);
  value_->Serialize(archive);
}

}  // namespace vime
