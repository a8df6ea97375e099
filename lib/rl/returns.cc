#include "lib/rl/returns.h"

#include "lib/core/check.h"

namespace vime {

VectorXd RewardToGo(const Batch& batch, const VectorXd& rewards, double gamma) {
  return RewardToGo(batch, rewards, gamma,
                    VectorXd::Zero(static_cast<Index>(batch.trajectories.size())));
}

VectorXd RewardToGo(const Batch& batch, const VectorXd& rewards, double gamma,
                    const VectorXd& final_values) {
  VIME_CHECK(final_values.size() == static_cast<Index>(batch.trajectories.size()));
  VectorXd returns(batch.size());
  for (Index i = 0; i < final_values.size(); ++i) {
    const Trajectory& trajectory = batch.trajectories[static_cast<std::size_t>(i)];
    double next = final_values[i];
    for (Index t = trajectory.begin + trajectory.length - 1; t >= trajectory.begin; --t) {
      next = rewards[t] + gamma * next;
      returns[t] = next;
    }
  }
  return returns;
}

VectorXd TrajectoryReturns(const Batch& batch, const VectorXd& rewards, double gamma) {
  const VectorXd to_go = RewardToGo(batch, rewards, gamma);
  VectorXd returns(static_cast<Index>(batch.trajectories.size()));
  for (Index i = 0; i < returns.size(); ++i) {
    returns[i] = to_go[batch.trajectories[static_cast<std::size_t>(i)].begin];
  }
  return returns;
}

VectorXd PerStep(const Batch& batch, const VectorXd& per_trajectory) {
  VectorXd steps(batch.size());
  for (Index i = 0; i < per_trajectory.size(); ++i) {
    const Trajectory& trajectory = batch.trajectories[static_cast<std::size_t>(i)];
    steps.segment(trajectory.begin, trajectory.length).setConstant(per_trajectory[i]);
  }
  return steps;
}

}  // namespace vime
