// Small descriptive statistics. Sums run in index order, so results are reproducible bit by bit.
#pragma once

#include <span>
#include <vector>

#include "lib/core/archive.h"
#include "lib/core/types.h"

namespace vime {

/// The entries of a vector.
inline std::span<const double> AsSpan(const VectorXd& v) {
  return {v.data(), static_cast<std::size_t>(v.size())};
}

/// sum_i x_i, in the order of i (Eigen's own sums depend on the instruction set).
double Sum(std::span<const double> x);
inline double Sum(const Eigen::Ref<const VectorXd>& x) {
  return Sum(std::span<const double>(x.data(), static_cast<std::size_t>(x.size())));
}

/// sum_i x_i y_i, in the order of i.
double Dot(const Eigen::Ref<const VectorXd>& x, const Eigen::Ref<const VectorXd>& y);

/// sqrt(sum_i x_i^2).
double EuclideanNorm(const Eigen::Ref<const VectorXd>& x);

/// sum_i x_i / n; NaN when empty.
double Mean(std::span<const double> x);

/// sqrt(sum_i (x_i - mean)^2 / (n - ddof)); NaN when n <= ddof.
double StandardDeviation(std::span<const double> x, int ddof = 0);

/// The population standard deviation, and 0 where it is rounding: at most 1e-12 of the largest
/// |x_i|.
double Spread(std::span<const double> x);

/// The middle value, or the mean of the two middle values; NaN when empty.
double Median(std::span<const double> x);

/// Ranks 1..n, ties sharing their average rank.
std::vector<double> Ranks(std::span<const double> x);

/// Spearman's rank correlation: Pearson's correlation of the ranks; NaN if either is constant.
double SpearmanCorrelation(std::span<const double> x, std::span<const double> y);

/// Mean and variance of a stream of vectors (Welford 1962; Chan, Golub and LeVeque 1983), in
/// double precision. The variance is the population variance.
class RunningMoments {
 public:
  RunningMoments() = default;
  explicit RunningMoments(Index dim) : mean_(VectorXd::Zero(dim)), m2_(VectorXd::Zero(dim)) {}

  void Add(const Eigen::Ref<const VectorXd>& x);
  double count() const { return count_; }
  const VectorXd& mean() const { return mean_; }
  /// Population standard deviation; 1 where it is below `floor` (a feature that never moves).
  VectorXd StandardDeviation(double floor = 1e-8) const;

  void Serialize(Archive& archive);

 private:
  double count_ = 0;
  VectorXd mean_, m2_;
};

}  // namespace vime
