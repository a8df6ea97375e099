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

}  // namespace vime
