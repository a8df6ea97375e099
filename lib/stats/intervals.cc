#include "lib/stats/intervals.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "lib/core/check.h"
#include "lib/core/statistics.h"
#include "lib/stats/distributions.h"

namespace vime {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

std::vector<double> Sorted(std::span<const double> x) {
  std::vector<double> sorted(x.begin(), x.end());
  std::sort(sorted.begin(), sorted.end());
  return sorted;
}

}  // namespace

double Quantile(std::span<const double> x, double p) {
  VIME_CHECK(p >= 0 && p <= 1);
  if (x.empty()) return kNaN;
  const std::vector<double> sorted = Sorted(x);
  const double position = p * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<std::size_t>(position);
  const double share = position - static_cast<double>(below);
  // Keeps infinity - infinity out.
  if (share == 0 || sorted[below] == sorted[below + 1]) return sorted[below];
  return sorted[below] + share * (sorted[below + 1] - sorted[below]);
}

double InterquartileMean(std::span<const double> x) {
  std::vector<double> values(x.begin(), x.end());
  const std::size_t cut = values.size() / 4;
  if (cut > 0) {
    const auto first = values.begin() + static_cast<std::ptrdiff_t>(cut);
    const auto last = values.end() - static_cast<std::ptrdiff_t>(cut);
    std::nth_element(values.begin(), first, values.end());
    std::nth_element(first, last, values.end());
    return Mean({first, last});
  }
  return Mean(values);
}

Interval MeanInterval(std::span<const double> x, double confidence) {
  if (x.size() < 2) return {kNaN, kNaN};
  const double n = static_cast<double>(x.size());
  const double margin =
      StudentTQuantile((1 + confidence) / 2, n - 1) * StandardDeviation(x, 1) / std::sqrt(n);
  const double mean = Mean(x);
  return {mean - margin, mean + margin};
}

Interval WilsonInterval(int successes, int trials, double confidence) {
  VIME_CHECK(0 <= successes && successes <= trials);
  if (trials == 0) return {kNaN, kNaN};
  const double n = trials;
  const double share = successes / n;
  const double z = NormalQuantile((1 + confidence) / 2);
  const double scale = 1 / (1 + z * z / n);
  const double centre = scale * (share + z * z / (2 * n));
  const double margin = scale * z * std::sqrt(share * (1 - share) / n + z * z / (4 * n * n));
  // The ends are exactly 0 and 1 there; rounding says otherwise.
  return {successes == 0 ? 0 : centre - margin, successes == trials ? 1 : centre + margin};
}

Interval MedianInterval(std::span<const double> x, double confidence) {
  const auto n = static_cast<int>(x.size());
  int k = 0;
  while (k < n / 2 && BinomialCdf(k, n, 0.5) <= (1 - confidence) / 2) ++k;
  if (k == 0) return {kNaN, kNaN};
  const std::vector<double> sorted = Sorted(x);
  return {sorted[static_cast<std::size_t>(k - 1)], sorted[static_cast<std::size_t>(n - k)]};
}

}  // namespace vime
