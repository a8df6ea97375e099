#include "lib/stats/bootstrap.h"

#include <algorithm>

#include "lib/core/check.h"
#include "lib/core/statistics.h"

namespace vime {
namespace {

void Resample(const Strata& strata, SplitMix64& random, Strata& resampled) {
  std::size_t longest = 0;
  for (const auto& stratum : strata) longest = std::max(longest, stratum.size());
  for (std::size_t i = 0; i < longest; ++i) {
    for (std::size_t j = 0; j < strata.size(); ++j) {
      if (i < strata[j].size()) resampled[j][i] = strata[j][random.Below(strata[j].size())];
    }
  }
}

}  // namespace

std::uint64_t SplitMix64::operator()() {
  state_ += 0x9e3779b97f4a7c15;
  std::uint64_t z = state_;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
  z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
  return z ^ (z >> 31);
}

BootstrapResult Bootstrap(const std::vector<Strata>& arms,
                          const std::function<double(const std::vector<Strata>&)>& statistic,
                          const BootstrapOptions& options) {
  VIME_CHECK(options.resamples > 1);
  SplitMix64 random(options.seed);
  std::vector<Strata> resampled = arms;
  std::vector<double> values(static_cast<std::size_t>(options.resamples));
  for (double& value : values) {
    for (std::size_t arm = 0; arm < arms.size(); ++arm) {
      Resample(arms[arm], random, resampled[arm]);
    }
    value = statistic(resampled);
  }
  const double tail = (1 - options.confidence) / 2;
  return {.interval = {Quantile(values, tail), Quantile(values, 1 - tail)},
          .mean = Mean(values),
          .stddev = StandardDeviation(values, 1)};
}

Interval SuperiorityInterval(const Strata& x, const Strata& y, const BootstrapOptions& options) {
  // Only the order of the values counts: resample their places among all different values.
  std::vector<double> different;
  for (const Strata* arm : {&x, &y}) {
    for (const auto& stratum : *arm) {
      different.insert(different.end(), stratum.begin(), stratum.end());
    }
  }
  std::sort(different.begin(), different.end());
  different.erase(std::unique(different.begin(), different.end()), different.end());
  const auto places = [&](Strata arm) {
    for (auto& stratum : arm) {
      for (double& value : stratum) {
        const auto place = std::lower_bound(different.begin(), different.end(), value);
        value = static_cast<double>(place - different.begin());
      }
    }
    return arm;
  };
  // below[k]: how many values of y are less than different[k], plus half of those equal to it.
  std::vector<double> below(different.size());
  const auto superiority = [&](const std::vector<Strata>& arms) {
    std::fill(below.begin(), below.end(), 0.0);
    double n_y = 0;
    for (const auto& stratum : arms[1]) {
      for (const double place : stratum) below[static_cast<std::size_t>(place)] += 1;
    }
    for (double& entry : below) {
      const double equal = entry;
      entry = n_y + equal / 2;
      n_y += equal;
    }
    double wins = 0;
    double n_x = 0;
    for (const auto& stratum : arms[0]) {
      for (const double place : stratum) wins += below[static_cast<std::size_t>(place)];
      n_x += static_cast<double>(stratum.size());
    }
    return wins / (n_x * n_y);
  };
  return Bootstrap({places(x), places(y)}, superiority, options).interval;
}

}  // namespace vime
