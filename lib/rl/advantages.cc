#include "lib/rl/advantages.h"

#include <cmath>

#include "lib/core/check.h"
#include "lib/core/statistics.h"

namespace vime {
namespace {

// V(s_T, T) after the last step of every trajectory; 0 where the task has ended.
VectorXd FinalValues(const ValueFunction& value, const Batch& batch, bool bootstrap) {
  const Index n = static_cast<Index>(batch.trajectories.size());
  if (!bootstrap) return VectorXd::Zero(n);
  Features<float> ends(n, batch.next_observations.cols());
  VectorXd steps(n);
  for (Index i = 0; i < n; ++i) {
    const Trajectory& trajectory = batch.trajectories[static_cast<std::size_t>(i)];
    ends.row(i) = batch.next_observations.row(trajectory.begin + trajectory.length - 1);
    steps[i] = static_cast<double>(trajectory.length);
  }
  VectorXd values = value.Predict(ends, steps);
  for (Index i = 0; i < n; ++i) {
    if (batch.trajectories[static_cast<std::size_t>(i)].terminated) values[i] = 0;
  }
  return values;
}

}  // namespace

AdvantageEstimator::AdvantageEstimator(const AdvantageOptions& options,
                                       std::unique_ptr<ValueFunction> value)
    : options_(options), value_(std::move(value)) {}

Advantages AdvantageEstimator::Estimate(const Batch& batch, const VectorXd& rewards) {
  const VectorXd steps = StepsOf(batch);
  const VectorXd values = value_->Predict(batch.observations, steps);
  const VectorXd final_values = FinalValues(*value_, batch, options_.bootstrap);
  const double gamma = options_.gamma;
  VectorXd returns(batch.size());  // sum_l gamma^l r_{t+l}, then gamma^... V(s_T)
  Advantages advantages;
  advantages.values.resize(batch.size());
  for (std::size_t i = 0; i < batch.trajectories.size(); ++i) {
    const Trajectory& trajectory = batch.trajectories[i];
    double next_value = final_values[static_cast<Index>(i)];
    double next_return = next_value;
    double next_advantage = 0;
    for (Index t = trajectory.begin + trajectory.length - 1; t >= trajectory.begin; --t) {
      const double delta = rewards[t] + gamma * next_value - values[t];
      next_advantage = delta + gamma * options_.gae_lambda * next_advantage;
      next_return = rewards[t] + gamma * next_return;
      next_value = values[t];
      advantages.values[t] = next_advantage;
      returns[t] = next_return;
    }
  }
  if (!std::isfinite(EuclideanNorm(advantages.values)) || !std::isfinite(EuclideanNorm(returns))) {
    throw NumericalError("the advantages are not finite");
  }
  advantages.explained_variance = ExplainedVariance(values, returns);
  value_->Fit(batch.observations, steps, returns);
  if (options_.standardize) advantages.values = Standardized(advantages.values);
  return advantages;
}

VectorXd Standardized(const VectorXd& advantages) {
  const double mean = Mean(AsSpan(advantages));
  const double stddev = StandardDeviation(AsSpan(advantages));
  // Equal advantages have no spread but rounding errors.
  if (!(stddev > 1e-12 * advantages.cwiseAbs().maxCoeff())) {
    return VectorXd::Zero(advantages.size());
  }
  return (advantages.array() - mean) / stddev;
}

}  // namespace vime
