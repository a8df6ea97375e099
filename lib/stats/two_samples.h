// Comparisons of two independent samples. Everything here is a pure function of its values.
#pragma once

#include <span>
#include <vector>

#include "lib/stats/intervals.h"

namespace vime {

/// Welch's t test of equal means (Welch 1947), with s_x^2 the sample variance (ddof 1):
///   t  = (mean x - mean y) / se,                se^2 = s_x^2 / n_x + s_y^2 / n_y
///   df = se^4 / ((s_x^2 / n_x)^2 / (n_x - 1) + (s_y^2 / n_y)^2 / (n_y - 1))
struct WelchResult {
  /// Two values in each sample, and not all of them equal within both: otherwise only
  /// `difference` is a number.
  bool defined = false;
  double difference = 0;  ///< mean x - mean y
  double t = 0, df = 0;
  double p = 0;       ///< two-sided
  Interval interval;  ///< of the difference
};
WelchResult WelchTest(std::span<const double> x, std::span<const double> y,
                      double confidence = kConfidence);

/// U = #{(i, j): x_i > y_j} + #{ties} / 2 (Mann and Whitney 1947).
double MannWhitneyU(std::span<const double> x, std::span<const double> y);

/// P(X > Y) + P(X = Y) / 2, estimated by U / (n_x n_y). NaN when a sample is empty.
double ProbabilityOfSuperiority(std::span<const double> x, std::span<const double> y);

/// Two-sided p by the normal approximation of U, with continuity correction and the variance
///   n_x n_y / 12 ((n + 1) - sum_ties (t^3 - t) / (n (n - 1))),   n = n_x + n_y.
double MannWhitneyNormalP(std::span<const double> x, std::span<const double> y);

/// Two-sided p by counting: min(1, 2 P(U >= max(u, n_x n_y - u))) over all equally likely orders.
/// Only for samples without ties.
double MannWhitneyExactP(double u, int n_x, int n_y);

/// The exact p where nothing ties and it is quick to count (n_x n_y <= 2500), else the normal
/// one. NaN when a sample is empty.
double MannWhitneyP(std::span<const double> x, std::span<const double> y);

/// Standardised difference of means with the small-sample correction (Hedges 1981):
///   g = (mean x - mean y) / s_pooled (1 - 3 / (4 (n_x + n_y - 2) - 1)).
/// NaN when s_pooled is not positive.
double HedgesG(std::span<const double> x, std::span<const double> y);

/// Adjusts p values of tests that are made together, so that rejecting below alpha keeps the
/// probability of any false rejection below alpha (Holm 1979): with p_(1) <= ... <= p_(m),
///   adjusted_(i) = max_{j <= i} min(1, (m - j + 1) p_(j)).
std::vector<double> HolmAdjusted(std::span<const double> p);

}  // namespace vime
