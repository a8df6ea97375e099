#include "lib/rl/baselines.h"

#include <algorithm>

namespace vime {
namespace {

double SafeRatio(double numerator, double denominator) {
  return denominator > 0 ? numerator / denominator : 0;
}

}  // namespace

BaselineSums SumOverTrajectories(const MatrixXd& scores, const MatrixXd& weighted_scores) {
  BaselineSums sums{VectorXd::Zero(scores.cols()), VectorXd::Zero(scores.cols())};
  for (Index k = 0; k < scores.cols(); ++k) {
    for (Index i = 0; i < scores.rows(); ++i) {
      sums.numerator[k] += scores(i, k) * weighted_scores(i, k);
      sums.denominator[k] += scores(i, k) * scores(i, k);
    }
  }
  return sums;
}

VectorXd OptimalBaseline(const BaselineSums& sums) {
  VectorXd baseline(sums.numerator.size());
  for (Index k = 0; k < baseline.size(); ++k) {
    baseline[k] = SafeRatio(sums.numerator[k], sums.denominator[k]);
  }
  return baseline;
}

VectorXd OptimalBaseline(const MatrixXd& scores, const MatrixXd& weighted_scores) {
  return OptimalBaseline(SumOverTrajectories(scores, weighted_scores));
}

MatrixXd LeaveOneOutOptimalBaseline(const MatrixXd& scores, const MatrixXd& weighted_scores) {
  const auto [numerator, denominator] = SumOverTrajectories(scores, weighted_scores);
  MatrixXd baseline(scores.rows(), scores.cols());
  for (Index k = 0; k < scores.cols(); ++k) {
    for (Index i = 0; i < scores.rows(); ++i) {
      // Rounding can leave a tiny remainder when trajectory i carries the whole sum.
      const double rest = denominator[k] - scores(i, k) * scores(i, k);
      baseline(i, k) = rest > 1e-12 * denominator[k]
                           ? (numerator[k] - scores(i, k) * weighted_scores(i, k)) / rest
                           : 0;
    }
  }
  return baseline;
}

VectorXd TimeBaseline(const Batch& batch, const VectorXd& advantages, bool leave_one_out) {
  Index longest = 0;
  for (const Trajectory& trajectory : batch.trajectories) {
    longest = std::max(longest, trajectory.length);
  }
  VectorXd sum = VectorXd::Zero(longest);
  VectorXd count = VectorXd::Zero(longest);
  for (const Trajectory& trajectory : batch.trajectories) {
    for (Index t = 0; t < trajectory.length; ++t) {
      sum[t] += advantages[trajectory.begin + t];
      count[t] += 1;
    }
  }
  VectorXd baseline(batch.size());
  for (const Trajectory& trajectory : batch.trajectories) {
    for (Index t = 0; t < trajectory.length; ++t) {
      const Index row = trajectory.begin + t;
      baseline[row] = leave_one_out ? SafeRatio(sum[t] - advantages[row], count[t] - 1)
                                    : SafeRatio(sum[t], count[t]);
    }
  }
  return baseline;
}

VectorXd Variances(const MatrixXd& per_trajectory) {
  const double n = static_cast<double>(per_trajectory.rows());
  VectorXd variances(per_trajectory.cols());
  for (Index k = 0; k < per_trajectory.cols(); ++k) {
    double mean = 0;
    for (Index i = 0; i < per_trajectory.rows(); ++i) mean += per_trajectory(i, k);
    mean /= n;
    double sum = 0;
    for (Index i = 0; i < per_trajectory.rows(); ++i) {
      const double deviation = per_trajectory(i, k) - mean;
      sum += deviation * deviation;
    }
    variances[k] = sum / (n - 1);
  }
  return variances;
}

}  // namespace vime
