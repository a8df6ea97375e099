// The exact binomial test, for rates that random play must have.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>

namespace vime::testing {

/// P(X = k) for X ~ Binomial(n, p), 0 < p < 1.
inline double BinomialProbability(std::int64_t k, std::int64_t n, double p) {
  const auto log_factorial = [](std::int64_t m) { return std::lgamma(double(m) + 1); };
  return std::exp(log_factorial(n) - log_factorial(k) - log_factorial(n - k) +
                  double(k) * std::log(p) + double(n - k) * std::log1p(-p));
}

/// Twice the smaller tail, min(1, 2 min(P(X <= k), P(X >= k))): at most alpha with a probability of
/// at most alpha when p is right.
inline double BinomialTest(std::int64_t k, std::int64_t n, double p) {
  double below = 0, above = 0;
  for (std::int64_t i = 0; i <= n; ++i) {
    const double probability = BinomialProbability(i, n, p);
    if (i <= k) below += probability;
    if (i >= k) above += probability;
  }
  return std::min(1.0, 2 * std::min(below, above));
}

}  // namespace vime::testing
