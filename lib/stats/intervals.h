// Estimates of one sample and their intervals. Everything here is a pure function of its values.
#pragma once

#include <span>

namespace vime {

/// The confidence of every interval of a comparison.
inline constexpr double kConfidence = 0.95;

/// [low, high]; NaN where the sample is too small to tell, infinite where an end is unbounded.
struct Interval {
  double low = 0;
  double high = 0;

  bool defined() const { return low <= high; }  // false for NaN
};

/// Quantile of type 7 (Hyndman and Fan 1996; the default of NumPy and R): linear between order
/// statistics, with x_(1) at p = 0 and x_(n) at p = 1. NaN when empty. Values may be infinite.
double Quantile(std::span<const double> x, double p);

/// Interquartile mean: the mean of what is left when floor(n / 4) values are cut from each end
/// [Agarwal et al. 2021]. Fewer than four values give the plain mean, none NaN.
double InterquartileMean(std::span<const double> x);

/// mean +- t_{(1 + confidence) / 2, n - 1} sd / sqrt(n), exact for normal values. Undefined (NaN)
/// for n < 2.
Interval MeanInterval(std::span<const double> x, double confidence = kConfidence);

/// The interval of a proportion, `successes` of `trials` (Wilson 1927): all p with
/// |successes / trials - p| <= z sqrt(p (1 - p) / trials). Undefined for no trials.
Interval WilsonInterval(int successes, int trials, double confidence = kConfidence);

/// [x_(k), x_(n + 1 - k)] with the largest k for which P(Binomial(n, 1/2) < k) <=
/// (1 - confidence) / 2: covers the median of any distribution at least that often, and survives
/// values that are only known to be large (infinite). Undefined below n = 6 at 95 %.
Interval MedianInterval(std::span<const double> x, double confidence = kConfidence);

}  // namespace vime
