#include "lib/stats/two_samples.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "lib/core/check.h"
#include "lib/core/statistics.h"
#include "lib/math/normal_distribution.h"
#include "lib/stats/distributions.h"

namespace vime {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr double kMostExactPairs = 2500;

double Size(std::span<const double> x) { return static_cast<double>(x.size()); }

double Variance(std::span<const double> x) {
  const double sd = StandardDeviation(x, 1);
  return sd * sd;
}

std::vector<double> Pooled(std::span<const double> x, std::span<const double> y) {
  std::vector<double> all(x.begin(), x.end());
  all.insert(all.end(), y.begin(), y.end());
  std::sort(all.begin(), all.end());
  return all;
}

// sum over groups of t equal values of t^3 - t.
double TieTerm(const std::vector<double>& sorted) {
  double sum = 0;
  for (auto first = sorted.begin(); first != sorted.end();) {
    const auto last = std::upper_bound(first, sorted.end(), *first);
    const auto t = static_cast<double>(last - first);
    sum += t * t * t - t;
    first = last;
  }
  return sum;
}

}  // namespace

WelchResult WelchTest(std::span<const double> x, std::span<const double> y, double confidence) {
  WelchResult result;
  result.difference = Mean(x) - Mean(y);
  result.t = result.df = result.p = kNaN;
  result.interval = {kNaN, kNaN};
  const double a = Variance(x) / Size(x);
  const double b = Variance(y) / Size(y);
  // Also NaN, of fewer than two values, and numbers whose squares are infinite.
  if (!(a + b > 0) || std::isinf(a + b)) return result;
  result.defined = true;
  const double se = std::sqrt(a + b);
  result.t = result.difference / se;
  // (a + b)^2 / (a^2 / (n_x - 1) + b^2 / (n_y - 1)), without squares that are 0 or infinite.
  const double share = a / (a + b);
  const double rest = b / (a + b);
  result.df = 1 / (share * share / (Size(x) - 1) + rest * rest / (Size(y) - 1));
  result.p = 2 * StudentTCdf(-std::abs(result.t), result.df);
  const double margin = StudentTQuantile((1 + confidence) / 2, result.df) * se;
  result.interval = {result.difference - margin, result.difference + margin};
  return result;
}

double MannWhitneyU(std::span<const double> x, std::span<const double> y) {
  std::vector<double> sorted(y.begin(), y.end());
  std::sort(sorted.begin(), sorted.end());
  double u = 0;
  for (const double value : x) {
    const auto [below, above] = std::equal_range(sorted.begin(), sorted.end(), value);
    u += static_cast<double>(below - sorted.begin()) + 0.5 * static_cast<double>(above - below);
  }
  return u;
}

double ProbabilityOfSuperiority(std::span<const double> x, std::span<const double> y) {
  return x.empty() || y.empty() ? kNaN : MannWhitneyU(x, y) / (Size(x) * Size(y));
}

double MannWhitneyNormalP(std::span<const double> x, std::span<const double> y) {
  const double pairs = Size(x) * Size(y);
  const double n = Size(x) + Size(y);
  const double variance = pairs / 12 * (n + 1 - TieTerm(Pooled(x, y)) / (n * (n - 1)));
  if (!(variance > 0)) return 1;  // all values are equal
  const double distance = std::abs(MannWhitneyU(x, y) - pairs / 2) - 0.5;
  return std::min(1.0, 2 * NormalCdf(-distance / std::sqrt(variance)));
}

double MannWhitneyExactP(double u, int n_x, int n_y) {
  VIME_CHECK(n_x > 0 && n_y > 0 && u == std::floor(u));
  // orders[m][v] is the number of orders of i values of x and m of y with U = v, over C(i + m, i).
  // The largest value is an x, and beats m values of y, with probability i / (i + m).
  const int most = n_x * n_y;
  std::vector<std::vector<double>> orders(static_cast<std::size_t>(n_y) + 1,
                                          std::vector<double>(static_cast<std::size_t>(most) + 1));
  for (auto& row : orders) row[0] = 1;  // i = 0
  for (int i = 1; i <= n_x; ++i) {
    for (int m = 1; m <= n_y; ++m) {
      auto& row = orders[static_cast<std::size_t>(m)];
      const auto& fewer = orders[static_cast<std::size_t>(m) - 1];
      const double x_largest = static_cast<double>(i) / (i + m);
      for (int v = i * m; v >= 0; --v) {
        const double x_case = v >= m ? row[static_cast<std::size_t>(v - m)] : 0;
        const double y_case = v <= i * (m - 1) ? fewer[static_cast<std::size_t>(v)] : 0;
        row[static_cast<std::size_t>(v)] = x_largest * x_case + (1 - x_largest) * y_case;
      }
    }
  }
  const auto& row = orders.back();
  const auto tail = static_cast<std::ptrdiff_t>(std::max(u, most - u));
  return std::min(1.0, 2 * std::accumulate(row.begin() + tail, row.end(), 0.0));
}

double MannWhitneyP(std::span<const double> x, std::span<const double> y) {
  if (x.empty() || y.empty()) return kNaN;
  const bool ties = TieTerm(Pooled(x, y)) > 0;
  if (ties || Size(x) * Size(y) > kMostExactPairs) return MannWhitneyNormalP(x, y);
  return MannWhitneyExactP(MannWhitneyU(x, y), static_cast<int>(x.size()),
                           static_cast<int>(y.size()));
}

double HedgesG(std::span<const double> x, std::span<const double> y) {
  const double df = Size(x) + Size(y) - 2;
  const double pooled = std::sqrt(((Size(x) - 1) * Variance(x) + (Size(y) - 1) * Variance(y)) / df);
  if (!(pooled > 0)) return kNaN;
  return (Mean(x) - Mean(y)) / pooled * (1 - 3 / (4 * df - 1));
}

std::vector<double> HolmAdjusted(std::span<const double> p) {
  std::vector<std::size_t> order(p.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return p[a] < p[b]; });
  std::vector<double> adjusted(p.size());
  double largest = 0;
  for (std::size_t i = 0; i < order.size(); ++i) {
    const double scaled = static_cast<double>(order.size() - i) * p[order[i]];
    largest = std::max(largest, std::min(1.0, scaled));
    adjusted[order[i]] = largest;
  }
  return adjusted;
}

}  // namespace vime
