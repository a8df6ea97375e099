#include "lib/rl/advantages.h"

#include <cmath>

#include "lib/core/check.h"
#include "lib/core/statistics.h"
#include "lib/rl/returns.h"

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

// A_t = delta_t + gamma lambda A_{t+1},  delta_t = r_t + gamma V(s_{t+1}) - V(s_t).
VectorXd GeneralizedAdvantages(const Batch& batch, const VectorXd& rewards, const VectorXd& values,
                               const VectorXd& final_values, double gamma, double lambda) {
  VectorXd advantages(batch.size());
  for (std::size_t i = 0; i < batch.trajectories.size(); ++i) {
    const Trajectory& trajectory = batch.trajectories[i];
    double next_value = final_values[static_cast<Index>(i)];
    double next = 0;
    for (Index t = trajectory.begin + trajectory.length - 1; t >= trajectory.begin; --t) {
      const double delta = rewards[t] + gamma * next_value - values[t];
      next = delta + gamma * lambda * next;
      next_value = values[t];
      advantages[t] = next;
    }
  }
  return advantages;
}

}  // namespace

AdvantageEstimator::AdvantageEstimator(const AdvantageOptions& options,
                                       std::unique_ptr<ValueFunction> value)
    : options_(options), value_(std::move(value)) {}

Advantages AdvantageEstimator::Estimate(const Batch& batch, const VectorXd& rewards) {
  const VectorXd steps = StepsOf(batch);
  VectorXd values = value_->Predict(batch.observations, steps);
  VectorXd final_values = FinalValues(*value_, batch, options_.bootstrap);
  const VectorXd returns = RewardToGo(batch, rewards, options_.gamma, final_values);
  if (!std::isfinite(EuclideanNorm(returns)) || !std::isfinite(EuclideanNorm(values))) {
    throw NumericalError("the advantages are not finite");
  }
  Advantages advantages;
  advantages.explained_variance = ExplainedVariance(values, returns);
  value_->Fit(batch.observations, steps, returns);
  if (options_.value_fit == ValueFit::kBefore) {
    values = value_->Predict(batch.observations, steps);
    final_values = FinalValues(*value_, batch, options_.bootstrap);
  }
  advantages.values = GeneralizedAdvantages(batch, rewards, values, final_values, options_.gamma,
                                            options_.gae_lambda);
  if (!std::isfinite(EuclideanNorm(advantages.values))) {
    throw NumericalError("the advantages are not finite");
  }
  if (options_.standardize) advantages.values = Standardized(advantages.values);
  return advantages;
}

VectorXd Standardized(const VectorXd& advantages) {
  const double stddev = Spread(AsSpan(advantages));
  if (stddev == 0) return VectorXd::Zero(advantages.size());
  return (advantages.array() - Mean(AsSpan(advantages))) / stddev;
}

}  // namespace vime
