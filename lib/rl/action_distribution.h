// The distributions of actions that a policy gives at the steps of a batch: diagonal Gaussians.
#pragma once

#include "lib/core/types.h"
#include "lib/math/elementary.h"

namespace vime {

/// pi(.|s_t) = N(mean_t, diag(exp(2 log_stddev_t))) for every step t, normalised units.
struct ActionDistributions {
  Features<double> mean;        ///< N x action_dim
  Features<double> log_stddev;  ///< the same, or 1 x action_dim when it does not depend on t
};

/// What happens to a sampled action u before it is scaled to the bounds of the environment's.
enum class ActionSquash {
  kNone,  ///< nothing: what lies beyond [-1, 1] is clipped
  kTanh,  ///< tanh u, componentwise
};
inline double Squashed(double sampled, ActionSquash squash) {
  return squash == ActionSquash::kTanh ? Tanh(sampled) : sampled;
}

/// log pi(a_t|s_t), nats. actions is N x action_dim.
VectorXd LogProb(const ActionDistributions& policy, const Features<float>& actions);

/// The mean of exp(log_stddev) over steps and dimensions.
double MeanStddev(const ActionDistributions& policy);

/// (1/N) sum_t KL[p_t || q_t], nats:
///   sum_k log(q_sd/p_sd) + (p_sd^2 + (p_mean - q_mean)^2) / (2 q_sd^2) - 1/2.
double MeanKl(const ActionDistributions& p, const ActionDistributions& q);

/// The log density of the squashed actions a = tanh u of samples u, in normalised units, nats. The
/// change of variables gives
///   log pi(a|s) = log N(u) - sum_k log(1 - tanh(u_k)^2),
///   log(1 - tanh(u)^2) = 2 (log 2 - u - softplus(-2u))  without cancellation.
/// With kNone it is LogProb.
///
/// Optimisers need only LogProb: the Jacobian does not depend on the parameters, so that it is no
/// part of scores, and cancels in ratios of two policies at the same u and in the KL between them.
VectorXd LogDensity(const ActionDistributions& policy, const Features<float>& samples,
                    ActionSquash squash);

}  // namespace vime
