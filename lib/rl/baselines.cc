#include "lib/rl/baselines.h"

#include <Eigen/Cholesky>
#include <algorithm>

#include "lib/core/check.h"

namespace vime {
namespace {

constexpr double kRidge = 1e-5;

double SafeRatio(double numerator, double denominator) {
  return denominator > 0 ? numerator / denominator : 0;
}

// Features of every step, N x (2 observation_dim + 4).
MatrixXd LinearFeatures(const Batch& batch) {
  const Index dim = batch.observations.cols();
  MatrixXd features(batch.size(), 2 * dim + 4);
  for (const Trajectory& trajectory : batch.trajectories) {
    for (Index k = 0; k < trajectory.length; ++k) {
      const Index row = trajectory.begin + k;
      for (Index d = 0; d < dim; ++d) {
        const double s = std::clamp(static_cast<double>(batch.observations(row, d)), -10.0, 10.0);
        features(row, d) = s;
        features(row, dim + d) = s * s;
      }
      const double t = static_cast<double>(k) / 100;
      features(row, 2 * dim) = t;
      features(row, 2 * dim + 1) = t * t;
      features(row, 2 * dim + 2) = t * t * t;
      features(row, 2 * dim + 3) = 1;
    }
  }
  return features;
}

// sum_i G_ik (sum_t g_itk A_it) and sum_i G_ik^2 of parameter k.
struct BaselineSums {
  double numerator = 0;
  double denominator = 0;
};

BaselineSums SumOverTrajectories(const MatrixXd& scores, const MatrixXd& weighted_scores, Index k) {
  BaselineSums sums;
  for (Index i = 0; i < scores.rows(); ++i) {
    sums.numerator += scores(i, k) * weighted_scores(i, k);
    sums.denominator += scores(i, k) * scores(i, k);
  }
  return sums;
}

}  // namespace

VectorXd OptimalBaseline(const MatrixXd& scores, const MatrixXd& weighted_scores) {
  VectorXd baseline(scores.cols());
  for (Index k = 0; k < scores.cols(); ++k) {
    const auto [numerator, denominator] = SumOverTrajectories(scores, weighted_scores, k);
    baseline[k] = SafeRatio(numerator, denominator);
  }
  return baseline;
}

MatrixXd LeaveOneOutOptimalBaseline(const MatrixXd& scores, const MatrixXd& weighted_scores) {
  MatrixXd baseline(scores.rows(), scores.cols());
  for (Index k = 0; k < scores.cols(); ++k) {
    const auto [numerator, denominator] = SumOverTrajectories(scores, weighted_scores, k);
    for (Index i = 0; i < scores.rows(); ++i) {
      // Rounding can leave a tiny remainder when trajectory i carries the whole sum.
      const double rest = denominator - scores(i, k) * scores(i, k);
      baseline(i, k) = rest > 1e-12 * denominator
                           ? (numerator - scores(i, k) * weighted_scores(i, k)) / rest
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

VectorXd LinearBaseline::Predict(const Batch& batch) const {
  if (coefficients_.size() == 0) return VectorXd::Zero(batch.size());
  const MatrixXd features = LinearFeatures(batch);
  VIME_CHECK(coefficients_.size() == features.cols());
  VectorXd prediction = VectorXd::Zero(batch.size());
  for (Index j = 0; j < features.cols(); ++j) {
    for (Index t = 0; t < batch.size(); ++t) prediction[t] += features(t, j) * coefficients_[j];
  }
  return prediction;
}

void LinearBaseline::Fit(const Batch& batch, const VectorXd& advantages) {
  const MatrixXd features = LinearFeatures(batch);
  const Index n = features.cols();
  // Normal equations, summed in order so that the result is the same on every machine.
  MatrixXd gram = MatrixXd::Zero(n, n);
  VectorXd moment = VectorXd::Zero(n);
  for (Index a = 0; a < n; ++a) {
    for (Index t = 0; t < features.rows(); ++t) moment[a] += features(t, a) * advantages[t];
    for (Index b = 0; b <= a; ++b) {
      double sum = 0;
      for (Index t = 0; t < features.rows(); ++t) sum += features(t, a) * features(t, b);
      gram(a, b) = sum;
      gram(b, a) = sum;
    }
    gram(a, a) += kRidge * static_cast<double>(features.rows());
  }
  coefficients_ = gram.ldlt().solve(moment);
}

void LinearBaseline::Serialize(Archive& archive) {
  std::vector<double> coefficients(coefficients_.begin(), coefficients_.end());
  archive.Numbers("baseline coefficients", coefficients);
  coefficients_ =
      Eigen::Map<const VectorXd>(coefficients.data(), static_cast<Index>(coefficients.size()));
}

double TotalVariance(const MatrixXd& per_trajectory) {
  const double n = static_cast<double>(per_trajectory.rows());
  double total = 0;
  for (Index k = 0; k < per_trajectory.cols(); ++k) {
    double mean = 0;
    for (Index i = 0; i < per_trajectory.rows(); ++i) mean += per_trajectory(i, k);
    mean /= n;
    double sum = 0;
    for (Index i = 0; i < per_trajectory.rows(); ++i) {
      const double deviation = per_trajectory(i, k) - mean;
      sum += deviation * deviation;
    }
    total += sum / (n - 1);
  }
  return total;
}

}  // namespace vime
