#include "lib/vime/bonus_shaping.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "lib/core/check.h"
#include "lib/core/rng.h"
#include "tests/support/golden.h"

namespace vime {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

BonusShaping Shaping(const BonusShapingOptions& options, std::int64_t iterations = 100,
                     std::uint64_t seed = 1) {
  return BonusShaping(options, iterations, seed);
}

VectorXd Ramp(Index n) { return VectorXd::LinSpaced(n, 1, static_cast<double>(n)); }

TEST_CASE("Division by the queue of medians equals the reference to 1e-12") {
  const auto golden = testing::ReadGolden("vime.json")["kl_normalisation"];
  BonusShaping shaping = Shaping({.eta = 1,
                                  .normalization = BonusNormalization::kMedian,
                                  .window = golden["queue_len"].get<std::int64_t>(),
                                  .clip = kInfinity});
  REQUIRE(golden["iterations"].size() > 10);
  std::uint32_t iteration = 0;
  for (const auto& step : golden["iterations"]) {
    const VectorXd bonus = shaping.Shape(testing::ToVector(step["kl"]), iteration++);
    const VectorXd expected = testing::ToVector(step["bonus"]);
    for (Index t = 0; t < bonus.size(); ++t) {
      CHECK(std::abs(bonus[t] - expected[t]) <= 1e-12 * std::abs(expected[t]));
    }
  }
}

TEST_CASE("Each normalisation divides by its own statistic, averaged over the window") {
  // Batches (1, 2, 6) and (3, 6, 18): medians 2, 6; means 3, 9; standard deviations s, 3 s.
  const VectorXd first{{1, 2, 6}};
  const double sd = std::sqrt(14. / 3);
  const auto divisor = [&](BonusNormalization normalization) {
    BonusShaping shaping =
        Shaping({.eta = 1, .normalization = normalization, .window = 2, .clip = kInfinity});
    const double alone = 1 / shaping.Shape(first, 0)[0];
    const double both = 3 / shaping.Shape(3 * first, 1)[0];
    const double later = 3 / shaping.Shape(3 * first, 2)[0];  // the first batch has left the window
    return VectorXd{{alone, both, later}};
  };
  CHECK(divisor(BonusNormalization::kMedian).isApprox(VectorXd{{2, 4, 6}}, 1e-14));
  CHECK(divisor(BonusNormalization::kMean).isApprox(VectorXd{{3, 6, 9}}, 1e-14));
  CHECK(divisor(BonusNormalization::kStddev).isApprox(VectorXd{{sd, 2 * sd, 3 * sd}}, 1e-14));
  CHECK(divisor(BonusNormalization::kNone).isApprox(VectorXd{{1, 1, 1}}, 1e-14));
}

TEST_CASE("A window of one batch normalises each batch by itself") {
  BonusShaping shaping = Shaping({.eta = 1, .window = 1});
  for (std::uint32_t i = 0; i < 3; ++i) {
    CHECK(shaping.Shape(std::pow(10, i) * Ramp(3), i).isApprox(VectorXd{{0.5, 1, 1.5}}, 1e-14));
  }
}

TEST_CASE("The clip bounds the normalised bonus, before eta") {
  BonusShaping shaping =
      Shaping({.eta = 0.5, .normalization = BonusNormalization::kMedian, .clip = 1.25});
  CHECK(shaping.Shape(VectorXd{{1, 2, 4}}, 0) == VectorXd{{0.25, 0.5, 0.625}});
}

TEST_CASE("The placebo hands out the same values in another order, named by seed and iteration") {
  const VectorXd raw = Ramp(200);
  const auto shaped = [&](bool shuffle, std::uint64_t seed, std::uint32_t iteration) {
    return Shaping({.shuffle = shuffle}, 100, seed).Shape(raw, iteration);
  };
  const VectorXd plain = shaped(false, 1, 0);
  const VectorXd shuffled = shaped(true, 1, 0);
  CHECK(shuffled != plain);
  CHECK(shuffled == shaped(true, 1, 0));
  CHECK(shuffled != shaped(true, 2, 0));
  CHECK(shuffled != shaped(true, 1, 1));
  VectorXd sorted = shuffled;
  std::sort(sorted.begin(), sorted.end());
  CHECK(sorted == plain);
}

TEST_CASE("Every order of the placebo is equally likely") {
  double counts[6] = {};
  for (std::uint32_t i = 0; i < 6000; ++i) {
    BonusShaping shaping =
        Shaping({.eta = 1, .normalization = BonusNormalization::kNone, .shuffle = true});
    const VectorXd order = shaping.Shape(Ramp(3), i);
    counts[static_cast<int>(order[0] - 1) * 2 + (order[1] > order[2] ? 1 : 0)] += 1;
  }
  double chi2 = 0;
  for (const double c : counts) chi2 += (c - 1000) * (c - 1000) / 1000;
  CHECK(chi2 < 30.9);  // chi-square, 5 degrees of freedom: false alarm with probability 1e-5
}

TEST_CASE("eta follows its schedule from the first iteration to the last, and stays there") {
  const auto eta = [](EtaSchedule schedule, std::uint32_t iteration) {
    return Shaping({.eta = 0.8, .eta_schedule = schedule, .eta_final = 0.2}, 21).Eta(iteration);
  };
  for (const std::uint32_t i : {0u, 7u, 20u, 500u}) CHECK(eta(EtaSchedule::kConstant, i) == 0.8);
  CHECK(eta(EtaSchedule::kLinear, 0) == 0.8);
  CHECK(eta(EtaSchedule::kLinear, 10) == doctest::Approx(0.5));
  CHECK(eta(EtaSchedule::kLinear, 20) == doctest::Approx(0.2));
  CHECK(eta(EtaSchedule::kLinear, 500) == doctest::Approx(0.2));
  CHECK(eta(EtaSchedule::kExponential, 0) == doctest::Approx(0.8));
  CHECK(eta(EtaSchedule::kExponential, 10) == doctest::Approx(0.4));
  CHECK(eta(EtaSchedule::kExponential, 20) == doctest::Approx(0.2));
  CHECK(eta(EtaSchedule::kExponential, 500) == doctest::Approx(0.2));
  // A run of one iteration has the first eta.
  CHECK(Shaping({.eta = 0.8, .eta_schedule = EtaSchedule::kLinear, .eta_final = 0.2}, 1).Eta(0) ==
        0.8);
}

TEST_CASE("eta of the iteration multiplies the bonus") {
  BonusShaping shaping =
      Shaping({.eta = 0.8, .eta_schedule = EtaSchedule::kLinear, .eta_final = 0.2}, 21);
  CHECK(shaping.Shape(Ramp(3), 0)[1] == doctest::Approx(0.8));
  CHECK(shaping.Shape(Ramp(3), 10)[1] == doctest::Approx(0.5));
}

TEST_CASE("A divisor that is not positive leaves the bonus out") {
  CHECK(Shaping({}).Shape(VectorXd::Zero(5), 0) == VectorXd::Zero(5));
  CHECK(Shaping({}).Shape(VectorXd{{-3, 1, -9}}, 0) == VectorXd::Zero(3));
  const BonusShapingOptions median{.normalization = BonusNormalization::kMedian};
  CHECK(Shaping(median).Shape(VectorXd{{0, 0, 0, 7, 8}}, 0) == VectorXd::Zero(5));
  CHECK(Shaping(median).Shape(VectorXd{{-3, -2, 9}}, 0) == VectorXd::Zero(3));
  CHECK(Shaping({.normalization = BonusNormalization::kStddev}).Shape(VectorXd::Ones(4), 0) ==
        VectorXd::Zero(4));
  // One such batch does not spoil the next.
  BonusShaping shaping = Shaping({.eta = 1});
  shaping.Shape(VectorXd::Zero(3), 0);
  CHECK(shaping.Shape(Ramp(3), 1).isApprox(VectorXd{{1, 2, 3}}, 1e-14));
}

TEST_CASE("A batch with a raw bonus that is not finite has none, and leaves no trace") {
  for (const double bad : {std::numeric_limits<double>::quiet_NaN(), kInfinity, -kInfinity}) {
    BonusShaping shaping = Shaping({.eta = 1});
    VectorXd raw = Ramp(4);
    raw[2] = bad;
    CHECK(NotFinite(raw) == 1);
    CHECK(shaping.Shape(raw, 0) == VectorXd::Zero(4));
    CHECK(std::isnan(shaping.scale()));
    CHECK(shaping.Shape(Ramp(3), 1).isApprox(VectorXd{{0.5, 1, 1.5}}, 1e-14));
  }
}

}  // namespace
}  // namespace vime
