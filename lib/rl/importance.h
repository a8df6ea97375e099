// Importance weights: using a batch of pi_old to learn about another policy pi.
#pragma once

#include "lib/rl/batch.h"

namespace vime {

/// pi(a_t|s_t) / pi_old(a_t|s_t) for every step, from log pi - log pi_old. The latter is cut at
/// +-30, where exp is far from the bounds of double: so large a change shows in the KL.
VectorXd Ratios(const VectorXd& log_ratios);

/// L = (1/N) sum_t ratio_t A_t, the surrogate of [S15].
double Surrogate(const VectorXd& ratios, const VectorXd& advantages);

/// w_{1:t} = prod_{u <= t} ratio_u within the trajectory of t, cut where its logarithm leaves
/// [-30, 30].
VectorXd PrefixWeights(const Batch& batch, const VectorXd& ratios);

/// (sum_i w_i)^2 / (n sum_i w_i^2) [Kish 1965]: the share of n samples that the weights
/// w_i = exp(sum_t log ratio_t) of the whole trajectories leave effective, between 1/n and 1. A
/// factor common to all weights cancels, so they are taken over the largest and none is cut: when
/// all of them vanish or explode, those that would be cut to the same bound still differ.
double EffectiveSampleShare(const Batch& batch, const VectorXd& log_ratios);

/// How the steps of a reused batch are weighted.
enum class ImportanceKind {
  kTrajectory,   ///< w_{1:T}: unbiased
  kPerDecision,  ///< each reward by what led to it, w_{1:u} r_u: unbiased, with less variance
  kPrefix,       ///< w_{1:t} times the reward to go: biased, rewards after t are not reweighted
  kClipped,      ///< ratio_t cut to [1 - clip, 1 + clip]: biased, bounded
};

/// The parts of the gradient estimate (1/n) sum_i sum_t g_t (c_t - u_t b): for the policy that
/// collected the batch c = A and u = 1.
struct ScoreWeights {
  VectorXd advantages;  ///< A_t of the batch as collected; baselines are fitted to them
  VectorXd score;       ///< c_t
  VectorXd baseline;    ///< u_t, with E[u_t g_t] = 0 (but for kClipped) so that b adds no bias
};

ScoreWeights OnPolicyWeights(const VectorXd& advantages);

/// For g the scores of the policy with these ratios:
///   kTrajectory   c_t = w_{1:T} A_t                                        u_t = w_{1:T}
///   kPerDecision  c_t = sum_{u >= t} w_{1:u} discounted reward_{t,u}       u_t = w_{1:t}
///   kPrefix       c_t = w_{1:t} A_t                                        u_t = w_{1:t}
///   kClipped      c_t = clip(ratio_t) A_t                                  u_t = clip(ratio_t)
/// where the discounted reward is gamma^{u-t} r_u when A is the reward to go, and gamma^u r_u when
/// A is the return of the whole trajectory (`from_start`).
ScoreWeights ReuseWeights(ImportanceKind kind, const Batch& batch, const VectorXd& ratios,
                          const VectorXd& rewards, const VectorXd& advantages, double gamma,
                          bool from_start, double clip);

}  // namespace vime
