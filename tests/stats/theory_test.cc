// The statistics of comparisons against what they promise: identities, exact coverage, and
// simulated coverage and false positives. Simulations have fixed seeds, so they pass or fail for
// good; the probability stated beside each is that of a correct program failing on a fresh seed.
#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <numeric>

#include "lib/core/rng.h"
#include "lib/core/statistics.h"
#include "lib/math/normal_distribution.h"
#include "lib/stats/bootstrap.h"
#include "lib/stats/distributions.h"
#include "lib/stats/intervals.h"
#include "lib/stats/power.h"
#include "lib/stats/two_samples.h"

namespace vime {
namespace {

using Values = std::vector<double>;
constexpr double kInfinity = std::numeric_limits<double>::infinity();

Values Normals(Rng& rng, int n, double mean = 0, double stddev = 1) {
  Values x(static_cast<std::size_t>(n));
  for (double& value : x) value = mean + stddev * rng.Normal();
  return x;
}

bool Covers(const Interval& interval, double value) {
  return interval.low <= value && value <= interval.high;
}

// The share of `repeats` experiments in which event(rng) happens.
template <class Event>
double Share(int repeats, std::uint32_t item, const Event& event) {
  Rng rng({2024, Stream::kTest, 0, item});
  int count = 0;
  for (int i = 0; i < repeats; ++i) count += event(rng) ? 1 : 0;
  return count / static_cast<double>(repeats);
}

// Four standard deviations of a share: exceeded by chance with probability 6e-5.
double FourSigma(double p, int repeats) { return 4 * std::sqrt(p * (1 - p) / repeats); }

constexpr int kRepeats = 20000;

TEST_CASE("Cumulative distributions and quantiles are inverse to each other") {
  for (const double p : {1e-6, 0.025, 0.3, 0.5, 0.9, 0.999}) {
    CHECK(NormalCdf(NormalQuantile(p)) == doctest::Approx(p).epsilon(1e-12));
    for (const double df : {1.0, 2.5, 9.0, 300.0}) {
      CHECK(StudentTCdf(StudentTQuantile(p, df), df) == doctest::Approx(p).epsilon(1e-12));
    }
  }
  CHECK(StudentTQuantile(0.975, 5) == doctest::Approx(2.570581835636314).epsilon(1e-13));
  // One degree of freedom is the Cauchy distribution.
  CHECK(StudentTCdf(1, 1) == doctest::Approx(0.75).epsilon(1e-14));
  CHECK(NoncentralTCdf(1.3, 7, 0) == doctest::Approx(StudentTCdf(1.3, 7)).epsilon(1e-12));
  CHECK(BinomialCdf(1, 3, 0.5) == doctest::Approx(0.5).epsilon(1e-14));
}

TEST_CASE("The interquartile mean ignores the outer quarters") {
  CHECK(InterquartileMean(Values{1, 2, 3}) == 2);
  CHECK(InterquartileMean(Values{-1e9, 5, 7, 1e9}) == 6);
  CHECK(InterquartileMean(Values{9, -kInfinity, 4, 8, 5, kInfinity, 6, 7}) == 6.5);
  CHECK(std::isnan(InterquartileMean(Values{})));
}

TEST_CASE("Quantiles may be infinite but are never made of infinities") {
  const Values x = {1, 2, kInfinity, kInfinity};
  CHECK(Quantile(x, 1.0 / 3) == doctest::Approx(2));
  CHECK(Quantile(x, 0.5) == kInfinity);
  CHECK(Quantile(x, 0.9) == kInfinity);
  CHECK(Quantile(x, 1) == kInfinity);
}

TEST_CASE("The mean of normal values lies in its 95 % interval 95 % of the time") {
  for (const int n : {2, 5, 10}) {
    const double share = Share(kRepeats, static_cast<std::uint32_t>(n), [&](Rng& rng) {
      return Covers(MeanInterval(Normals(rng, n, 3)), 3);
    });
    CHECK(std::abs(share - 0.95) < FourSigma(0.95, kRepeats));
  }
  CHECK(!MeanInterval(Values{1}).defined());
}

TEST_CASE("Wilson's interval holds the true proportion about 95 % of the time") {
  // Exact: the coverage at p is the sum of binomial probabilities of the outcomes that cover p.
  for (const int n : {5, 10, 30}) {
    double mean = 0;
    double least = 1;
    int points = 0;
    for (double p = 0.005; p < 1; p += 0.01, ++points) {
      double coverage = 0;
      for (int k = 0; k <= n; ++k) {
        const double probability = BinomialCdf(k, n, p) - (k > 0 ? BinomialCdf(k - 1, n, p) : 0.0);
        if (Covers(WilsonInterval(k, n), p)) coverage += probability;
      }
      mean += coverage;
      least = std::min(least, coverage);
    }
    CHECK(mean / points == doctest::Approx(0.95).epsilon(0.015));
    CHECK(least > 0.8);
  }
  CHECK(!WilsonInterval(0, 0).defined());
}

TEST_CASE("The ends of Wilson's interval solve |k/n - p| = z sqrt(p (1 - p) / n)") {
  const double z = NormalQuantile(0.975);
  const Interval interval = WilsonInterval(3, 11);
  for (const double p : {interval.low, interval.high}) {
    CHECK(std::abs(3 / 11.0 - p) == doctest::Approx(z * std::sqrt(p * (1 - p) / 11)));
  }
}

TEST_CASE("The median lies in its interval at least 95 % of the time, for skewed values too") {
  const double median = std::log(2.0);
  for (const int n : {6, 9, 10, 30}) {
    const double share = Share(kRepeats, static_cast<std::uint32_t>(n), [&](Rng& rng) {
      Values x(static_cast<std::size_t>(n));
      for (double& value : x) value = -std::log(1 - rng.Uniform());
      return Covers(MedianInterval(x), median);
    });
    CHECK(share > 0.95 - FourSigma(0.95, kRepeats));
  }
  CHECK(!MedianInterval(Values{1, 2, 3, 4, 5}).defined());
  // Six values: the whole range, with probability 1 - 2 / 2^6.
  CHECK(MedianInterval(Values{6, 1, 5, 2, 4, 3}).low == 1);
  CHECK(MedianInterval(Values{6, 1, 5, 2, 4, kInfinity}).high == kInfinity);
}

TEST_CASE("Welch's interval covers the difference although the variances differ") {
  struct Case {
    int n_x, n_y;
    double stddev_y;
  };
  for (const Case& c : {Case{5, 5, 1}, Case{5, 10, 3}, Case{10, 5, 3}, Case{10, 10, 10}}) {
    CAPTURE(c.n_x);
    CAPTURE(c.stddev_y);
    const double share = Share(kRepeats, 7, [&](Rng& rng) {
      return Covers(WelchTest(Normals(rng, c.n_x, 1), Normals(rng, c.n_y, 0, c.stddev_y)).interval,
                    1);
    });
    // The test is approximate: within 1 % of what it promises, beside the simulation's error.
    CHECK(std::abs(share - 0.95) < 0.01 + FourSigma(0.95, kRepeats));
  }
}

TEST_CASE("Welch's p and interval say the same, and swapping the samples changes signs only") {
  Rng rng({1, Stream::kTest, 0, 0});
  for (int i = 0; i < 200; ++i) {
    const Values x = Normals(rng, 4, 1.5);
    const Values y = Normals(rng, 6, 0, 2);
    const WelchResult forward = WelchTest(x, y);
    const WelchResult backward = WelchTest(y, x);
    CHECK((forward.p < 0.05) == !Covers(forward.interval, 0));
    CHECK(forward.p == doctest::Approx(backward.p));
    CHECK(forward.interval.low == doctest::Approx(-backward.interval.high));
    CHECK(HedgesG(x, y) == doctest::Approx(-HedgesG(y, x)));
    CHECK(MannWhitneyU(x, y) == 24 - MannWhitneyU(y, x));
    CHECK(ProbabilityOfSuperiority(x, y) == MannWhitneyU(x, y) / 24);
    CHECK(MannWhitneyP(x, y) == doctest::Approx(MannWhitneyP(y, x)));
  }
}

TEST_CASE("Samples that cannot be tested are not tested") {
  CHECK(!WelchTest(Values{1}, Values{2, 3}).defined);
  CHECK(!WelchTest(Values{1, 1}, Values{2, 2}).defined);
  CHECK(WelchTest(Values{1, 1}, Values{2, 2}).difference == -1);
  CHECK(std::isnan(WelchTest(Values{1, 1}, Values{2, 2}).p));
  CHECK(WelchTest(Values{1, 1}, Values{2, 3}).defined);
  CHECK(std::isnan(HedgesG(Values{1, 1}, Values{2, 2})));
  CHECK(MannWhitneyP(Values{1, 1}, Values{1, 1}) == 1);
  CHECK(std::isnan(MannWhitneyP(Values{}, Values{1})));
  CHECK(std::isnan(ProbabilityOfSuperiority(Values{}, Values{1})));
}

TEST_CASE("Welch's test does not depend on the unit, as far as squares are finite") {
  const Values x = {1, 2.5, 3}, y = {2, 4, 4.5, 7};
  const WelchResult expected = WelchTest(x, y);
  for (const double unit : {1e-120, 1e-70, 1e70, 1e120}) {
    Values u = x, v = y;
    for (double& value : u) value *= unit;
    for (double& value : v) value *= unit;
    const WelchResult result = WelchTest(u, v);
    CHECK(result.df == doctest::Approx(expected.df));
    CHECK(result.p == doctest::Approx(expected.p));
  }
  CHECK(!WelchTest(Values{1e308, 0}, Values{1, 2}).defined);
}

TEST_CASE("Never, as infinity, ranks above every number and ties with itself") {
  CHECK(ProbabilityOfSuperiority(Values{kInfinity, 3}, Values{kInfinity, 5}) == 0.375);
}

TEST_CASE("The exact rank distribution has mean n m / 2 and variance n m (n + m + 1) / 12") {
  const int n = 4;
  const int m = 7;
  // P(U >= u) from two-sided p: they are twice the tail, until they reach 1.
  Values tail;
  for (int u = n * m; u > n * m / 2; --u) tail.push_back(MannWhitneyExactP(u, n, m) / 2);
  CHECK(tail[0] == doctest::Approx(1.0 / 330));  // one order of C(11, 4)
  double variance = 0;
  double previous = 0;
  for (std::size_t i = 0; i < tail.size(); ++i) {
    const double distance = n * m / 2.0 - static_cast<double>(i);
    variance += 2 * (tail[i] - previous) * distance * distance;
    previous = tail[i];
  }
  CHECK(variance == doctest::Approx(n * m * (n + m + 1) / 12.0));
  CHECK(MannWhitneyExactP(n * m / 2, n, m) == 1);
}

TEST_CASE("Without a difference, at most 5 % of the tests find one") {
  const double limit = 0.05 + FourSigma(0.05, kRepeats);
  for (const int n : {5, 10}) {
    CAPTURE(n);
    const auto item = static_cast<std::uint32_t>(n);
    CHECK(Share(kRepeats, item, [&](Rng& rng) {
            return WelchTest(Normals(rng, n), Normals(rng, n)).p < 0.05;
          }) < limit);
    CHECK(Share(kRepeats, item, [&](Rng& rng) {
            return MannWhitneyP(Normals(rng, n), Normals(rng, n)) < 0.05;
          }) < limit);
    // Sparse success, all ties: half of the runs reach 1.
    CHECK(Share(kRepeats, item, [&](Rng& rng) {
            Values x(static_cast<std::size_t>(n)), y(x);
            for (double& value : x) value = rng.Below(2);
            for (double& value : y) value = rng.Below(2);
            return MannWhitneyP(x, y) < 0.05;
          }) < limit);
  }
}

TEST_CASE(
    "Percentile bootstrap intervals of few values miss too often, which is why ten are asked") {
  const auto misses = [](int n, int repeats) {
    return Share(repeats, static_cast<std::uint32_t>(n), [&](Rng& rng) {
      const auto mean = [](const std::vector<Strata>& arms) { return Mean(arms[0][0]); };
      const Strata arm = {Normals(rng, n)};
      return !Covers(Bootstrap({arm}, mean, {.resamples = 400}).interval, 0);
    });
  };
  CHECK(misses(3, 2000) > 0.13);
  CHECK(misses(5, 2000) > 0.08);
  CHECK(misses(10, 2000) < 0.12);
  CHECK(misses(40, 1000) == doctest::Approx(0.06).epsilon(0.5));
}

TEST_CASE("The bootstrap redraws within strata only") {
  // Strata without spread leave nothing to chance, however far apart they are.
  const Strata apart = {{1, 1, 1}, {100, 100}};
  const auto mean = [](const std::vector<Strata>& arms) {
    return Mean(arms[0][0]) + Mean(arms[0][1]);
  };
  const BootstrapResult result = Bootstrap({apart}, mean);
  CHECK(result.interval.low == 101);
  CHECK(result.interval.high == 101);
  CHECK(result.stddev == 0);
}

TEST_CASE(
    "The quick interval of P(X > Y) is that of the plain bootstrap, ties and strata included") {
  Rng rng({5, Stream::kTest, 0, 0});
  const auto draw = [&](int n, int different) {
    Values x(static_cast<std::size_t>(n));
    for (double& value : x) value = 0.1 * rng.Below(static_cast<std::uint32_t>(different));
    return x;
  };
  for (const int different : {2, 5, 1000}) {
    const Strata x = {draw(6, different), draw(4, different)};
    Strata y = {draw(12, different)};
    y[0][0] = kInfinity;
    const auto pooled = [](const Strata& strata) {
      Values all;
      for (const Values& stratum : strata) all.insert(all.end(), stratum.begin(), stratum.end());
      return all;
    };
    const Interval plain = Bootstrap({x, y}, [&](const std::vector<Strata>& arms) {
                             return ProbabilityOfSuperiority(pooled(arms[0]), pooled(arms[1]));
                           }).interval;
    const Interval quick = SuperiorityInterval(x, y);
    CHECK(quick.low == doctest::Approx(plain.low).epsilon(1e-14));
    CHECK(quick.high == doctest::Approx(plain.high).epsilon(1e-14));
  }
}

TEST_CASE("Holm's adjustment keeps the probability of any false rejection at 5 %") {
  const double share = Share(kRepeats, 1, [](Rng& rng) {
    Values p(6);
    for (double& value : p) value = rng.Uniform();
    p[0] = 1e-9;  // one difference is real
    const Values adjusted = HolmAdjusted(p);
    return *std::min_element(adjusted.begin() + 1, adjusted.end()) < 0.05;
  });
  CHECK(share < 0.05 + FourSigma(0.05, kRepeats));
  CHECK(share > 0.05 - 0.005 - FourSigma(0.05, kRepeats));  // and does not waste it
}

TEST_CASE("Holm's adjusted values keep the order and never exceed Bonferroni's") {
  Rng rng({3, Stream::kTest, 0, 0});
  for (int i = 0; i < 100; ++i) {
    Values p(5);
    for (double& value : p) value = rng.Uniform() * rng.Uniform();
    const Values adjusted = HolmAdjusted(p);
    for (std::size_t a = 0; a < p.size(); ++a) {
      CHECK(adjusted[a] >= p[a]);
      CHECK(adjusted[a] <= std::min(1.0, 5 * p[a]));
      for (std::size_t b = 0; b < p.size(); ++b) {
        if (p[a] < p[b]) CHECK(adjusted[a] <= adjusted[b]);
      }
    }
  }
  CHECK(HolmAdjusted(Values{0.03}) == Values{0.03});
  CHECK(HolmAdjusted(Values{}).empty());
}

TEST_CASE("Power is what simulated t tests find, alpha without an effect, and grows with both") {
  const int n = 9;
  const double effect = 1.5;
  const double share = Share(kRepeats, 2, [&](Rng& rng) {
    return WelchTest(Normals(rng, n, effect), Normals(rng, n)).p < 0.05;
  });
  // Welch's test loses a little to the pooled test that the formula describes.
  CHECK(std::abs(share - TwoSamplePower(effect, n)) < 0.01 + FourSigma(0.8, kRepeats));
  CHECK(TwoSamplePower(0, n) == doctest::Approx(0.05));
  for (const int seeds : {2, 5, 10, 50}) {
    const double detectable = DetectableEffect(seeds);
    CHECK(TwoSamplePower(detectable, seeds) == doctest::Approx(0.8).epsilon(1e-9));
    CHECK(SeedsForPower(detectable * 1.0001) == seeds);
  }
}

}  // namespace
}  // namespace vime
