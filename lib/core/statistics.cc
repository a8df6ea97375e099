#include "lib/core/statistics.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace vime {
namespace {
constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
}

double Sum(std::span<const double> x) { return std::accumulate(x.begin(), x.end(), 0.0); }

double Dot(const Eigen::Ref<const VectorXd>& x, const Eigen::Ref<const VectorXd>& y) {
  double sum = 0;
  for (Index i = 0; i < x.size(); ++i) sum += x[i] * y[i];
  return sum;
}

double EuclideanNorm(const Eigen::Ref<const VectorXd>& x) {
  double sum = 0;
  for (const double v : x) sum += v * v;
  return std::sqrt(sum);
}

double Mean(std::span<const double> x) {
  return x.empty() ? kNaN : Sum(x) / static_cast<double>(x.size());
}

double StandardDeviation(std::span<const double> x, int ddof) {
  const double degrees = static_cast<double>(x.size()) - ddof;
  if (degrees <= 0) return kNaN;
  const double mean = Mean(x);
  double sum = 0;
  for (const double v : x) sum += (v - mean) * (v - mean);
  return std::sqrt(sum / degrees);
}

double Spread(std::span<const double> x) {
  const double stddev = StandardDeviation(x);
  double largest = 0;
  for (const double v : x) largest = std::max(largest, std::abs(v));
  return stddev <= 1e-12 * largest ? 0 : stddev;
}

double Median(std::span<const double> x) {
  if (x.empty()) return kNaN;
  std::vector<double> copy(x.begin(), x.end());
  const auto middle = copy.begin() + static_cast<std::ptrdiff_t>(copy.size() / 2);
  std::nth_element(copy.begin(), middle, copy.end());
  if (copy.size() % 2 == 1) return *middle;
  return 0.5 * (*std::max_element(copy.begin(), middle) + *middle);
}

std::vector<double> Ranks(std::span<const double> x) {
  std::vector<std::size_t> order(x.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return x[a] < x[b]; });
  std::vector<double> ranks(x.size());
  for (std::size_t first = 0; first < order.size();) {
    std::size_t last = first;
    while (last + 1 < order.size() && x[order[last + 1]] == x[order[first]]) ++last;
    const double rank = 0.5 * static_cast<double>(first + last) + 1;
    for (std::size_t i = first; i <= last; ++i) ranks[order[i]] = rank;
    first = last + 1;
  }
  return ranks;
}

double SpearmanCorrelation(std::span<const double> x, std::span<const double> y) {
  const std::vector<double> rx = Ranks(x);
  const std::vector<double> ry = Ranks(y);
  const double mx = Mean(rx);
  const double my = Mean(ry);
  double sxy = 0;
  double sxx = 0;
  double syy = 0;
  for (std::size_t i = 0; i < rx.size(); ++i) {
    sxy += (rx[i] - mx) * (ry[i] - my);
    sxx += (rx[i] - mx) * (rx[i] - mx);
    syy += (ry[i] - my) * (ry[i] - my);
  }
  return sxx > 0 && syy > 0 ? sxy / std::sqrt(sxx * syy) : kNaN;
}

void RunningMoments::Add(const Eigen::Ref<const VectorXd>& x) {
  count_ += 1;
  for (Index i = 0; i < x.size(); ++i) {
    const double delta = x[i] - mean_[i];
    mean_[i] += delta / count_;
    m2_[i] += delta * (x[i] - mean_[i]);
  }
}

void RunningMoments::Serialize(Archive& archive) {
  archive.Visit("count", count_);
  archive.Visit("mean", mean_);
  archive.Visit("m2", m2_);
}

VectorXd RunningMoments::StandardDeviation(double floor) const {
  VectorXd sd(mean_.size());
  for (Index i = 0; i < sd.size(); ++i) {
    sd[i] = count_ > 0 ? std::sqrt(m2_[i] / count_) : 0.0;
    if (!(sd[i] > floor)) sd[i] = 1.0;
  }
  return sd;
}

}  // namespace vime
