// Baselines b of policy gradients, sum_t grad log pi(a_t|s_t) (A_t - b).
//
// A baseline that does not depend on the action leaves the gradient unbiased; it is there to lower
// its variance. One that is fitted to the batch it is used on subtracts a part of the signal, and
// all of it when there is one trajectory; REINFORCE therefore takes the leave-one-out forms.
#pragma once

#include "lib/rl/batch.h"

namespace vime {

enum class BaselineKind {
  kOptimal,  ///< per parameter, minimising the variance of the gradient estimate
  kMean,     ///< the batch mean of A
  kTime,     ///< the mean of A_t over trajectories, for every t
  kLinear,   ///< LinearValue, fitted to the previous batch
  kMlp,      ///< MlpValue, fitted to the previous batch
  kNone,
};

/// The two sums of the optimal baseline, per parameter k, with g the scores and G_ik = sum_t g_itk.
/// Those of several batches add up.
struct BaselineSums {
  VectorXd numerator;    ///< sum_i G_ik (sum_t g_itk A_it)
  VectorXd denominator;  ///< sum_i G_ik^2
};

/// `scores` is G and `weighted_scores` is sum_t g_itk A_it, trajectories x parameters.
BaselineSums SumOverTrajectories(const MatrixXd& scores, const MatrixXd& weighted_scores);

/// The baseline per parameter that minimises the second moment of the gradient estimate:
///   b_k = sum_i G_ik (sum_t g_itk A_it) / sum_i G_ik^2.
/// When A_it is the return R_i of the whole trajectory this is
/// b_k = E[G_k^2 R] / E[G_k^2] [Peters and Schaal 2008].
/// Parameters whose scores are all zero get b_k = 0.
VectorXd OptimalBaseline(const BaselineSums& sums);
VectorXd OptimalBaseline(const MatrixXd& scores, const MatrixXd& weighted_scores);

/// The same without trajectory i, for every i: entry (i, k) is independent of trajectory i.
MatrixXd LeaveOneOutOptimalBaseline(const MatrixXd& scores, const MatrixXd& weighted_scores);

/// A_t averaged over the trajectories of the batch that last until t, repeated for every step;
/// with leave_one_out, over the other trajectories (0 where there is none).
VectorXd TimeBaseline(const Batch& batch, const VectorXd& advantages, bool leave_one_out);

/// Var_i(x_ik) of every parameter k: the variance over trajectories of a gradient estimate (ddof
/// 1).
VectorXd Variances(const MatrixXd& per_trajectory);

}  // namespace vime
