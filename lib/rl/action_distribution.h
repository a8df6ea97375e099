// The distributions of actions that a policy gives at the steps of a batch: diagonal Gaussians.
#pragma once

#include "lib/core/types.h"

namespace vime {

/// pi(.|s_t) = N(mean_t, diag(exp(2 log_stddev_t))) for every step t, normalised units.
struct ActionDistributions {
  Features<double> mean;        ///< N x action_dim
  Features<double> log_stddev;  ///< the same, or 1 x action_dim when it does not depend on t
};

/// log pi(a_t|s_t), nats. actions is N x action_dim.
VectorXd LogProb(const ActionDistributions& policy, const Features<float>& actions);

/// (1/N) sum_t KL[p_t || q_t], nats:
///   sum_k log(q_sd/p_sd) + (p_sd^2 + (p_mean - q_mean)^2) / (2 q_sd^2) - 1/2.
double MeanKl(const ActionDistributions& p, const ActionDistributions& q);

}  // namespace vime
