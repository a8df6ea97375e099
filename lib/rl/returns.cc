#include "lib/rl/returns.h"

namespace vime {

VectorXd RewardToGo(const Batch& batch, const VectorXd& rewards, double gamma) {
  VectorXd returns(batch.size());
  for (const Trajectory& trajectory : batch.trajectories) {
    double sum = 0;
    for (Index t = trajectory.begin + trajectory.length - 1; t >= trajectory.begin; --t) {
      sum = rewards[t] + gamma * sum;
      returns[t] = sum;
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
