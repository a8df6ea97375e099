// Returns: discounted sums of rewards along trajectories.
#pragma once

#include "lib/rl/batch.h"

namespace vime {

/// sum_{u >= t} gamma^{u - t} r_u, within the trajectory of t.
VectorXd RewardToGo(const Batch& batch, const VectorXd& rewards, double gamma);

/// R = sum_u gamma^u r_u of each trajectory.
VectorXd TrajectoryReturns(const Batch& batch, const VectorXd& rewards, double gamma);

/// Repeats a value per trajectory for each of its steps.
VectorXd PerStep(const Batch& batch, const VectorXd& per_trajectory);

}  // namespace vime
