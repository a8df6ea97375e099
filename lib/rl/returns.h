// Returns: discounted sums of rewards along trajectories.
//
// Monte Carlo returns bootstrap from neither kind of end: after a terminated trajectory nothing
// follows, and the horizon that truncates one is part of the finite-horizon MDP [H16]. Methods with
// a value function must tell the two apart (Trajectory::terminated).
#pragma once

#include "lib/rl/batch.h"

namespace vime {

/// sum_{u >= t} gamma^{u - t} r_u, within the trajectory of t.
VectorXd RewardToGo(const Batch& batch, const VectorXd& rewards, double gamma);

/// The same with a value for what follows the last step of each trajectory, one per trajectory:
/// G_t = r_t + gamma G_{t+1} from G_T = final_values.
VectorXd RewardToGo(const Batch& batch, const VectorXd& rewards, double gamma,
                    const VectorXd& final_values);

/// R = sum_u gamma^u r_u of each trajectory.
VectorXd TrajectoryReturns(const Batch& batch, const VectorXd& rewards, double gamma);

/// Repeats a value per trajectory for each of its steps.
VectorXd PerStep(const Batch& batch, const VectorXd& per_trajectory);

}  // namespace vime
