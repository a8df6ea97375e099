// The stratified percentile bootstrap.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "lib/stats/intervals.h"

namespace vime {

/// SplitMix64 (Steele, Lea and Flood 2014): the generator that the reference values of the
/// bootstrap were made with.
class SplitMix64 {
 public:
  explicit SplitMix64(std::uint64_t seed) : state_(seed) {}

  std::uint64_t operator()();

  /// floor(n (high 32 bits) / 2^32): an index in [0, n), with a bias below n / 2^32.
  std::size_t Below(std::size_t n) { return static_cast<std::size_t>(((*this)() >> 32) * n >> 32); }

 private:
  std::uint64_t state_;
};

/// Values that are resampled within their stratum only: strata[j][i] is run i of stratum j.
using Strata = std::vector<std::vector<double>>;

struct BootstrapOptions {
  int resamples = 2000;
  std::uint64_t seed = 20240229;
  double confidence = kConfidence;
};

/// Percentile interval of a statistic of one or more independent arms (Efron 1979), and the mean
/// and standard deviation (ddof 1) of the statistic over the resamples. Each resample redraws every
/// value of every arm from the values of its stratum: arm by arm, run by run, stratum by stratum.
///
/// Below ten values the interval is too narrow: a test by it has 13-20 % false positives at 3-5.
struct BootstrapResult {
  Interval interval;
  double mean = 0;
  double stddev = 0;
};
BootstrapResult Bootstrap(const std::vector<Strata>& arms,
                          const std::function<double(const std::vector<Strata>&)>& statistic,
                          const BootstrapOptions& options = {});

/// The interval of P(X > Y) + P(X = Y) / 2 over all values of x and y: what Bootstrap() gives for
/// ProbabilityOfSuperiority(), in time that grows with n instead of n log n.
Interval SuperiorityInterval(const Strata& x, const Strata& y,
                             const BootstrapOptions& options = {});

}  // namespace vime
