#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "lib/bnn/bayesian_network.h"
#include "lib/math/normal_distribution.h"

namespace vime {
namespace {

constexpr NoiseKey kKey{7, Stream::kTest, 3, 11};

// Normals as numbers that statistics can be computed with.
std::vector<double> Normals(const NoiseKey& key, Index count) {
  const Vector<float> z = NormalSequence<float>(key, count);
  return {z.begin(), z.end()};
}

TEST_CASE("Normals drawn in lanes have the moments and the tails of the normal distribution") {
  constexpr Index kCount = 1 << 21;
  const Vector<float> z = NormalSequence<float>(kKey, kCount);
  double m1 = 0, m2 = 0, m3 = 0, m4 = 0, lag = 0;
  Index beyond2 = 0, beyond4 = 0;
  for (Index i = 0; i < kCount; ++i) {
    const double v = static_cast<double>(z[i]);
    m1 += v;
    m2 += v * v;
    m3 += v * v * v;
    m4 += v * v * v * v;
    if (i > 0) lag += v * static_cast<double>(z[i - 1]);
    beyond2 += std::abs(v) > 2;
    beyond4 += std::abs(v) > 4;
  }
  // 5 standard errors each: a fair generator fails one of seven with probability 4e-6.
  const double n = static_cast<double>(kCount);
  const double se = 5 / std::sqrt(n);
  CHECK(std::abs(m1 / n) < se);
  CHECK(std::abs(m2 / n - 1) < se * std::sqrt(2.));
  CHECK(std::abs(m3 / n) < se * std::sqrt(15.));
  CHECK(std::abs(m4 / n - 3) < se * std::sqrt(96.));
  CHECK(std::abs(lag / n) < se);
  const auto tail = [&](Index count, double p) {
    return std::abs(static_cast<double>(count) / n - p) < se * std::sqrt(p);
  };
  CHECK(tail(beyond2, 0.0455002638963584));
  CHECK(tail(beyond4, 6.334248366623973e-5));
}

TEST_CASE("Normals drawn in lanes follow the normal distribution function") {
  constexpr Index kCount = 1 << 20;
  std::vector<double> z = Normals(kKey, kCount);
  std::sort(z.begin(), z.end());
  double distance = 0;  // of Kolmogorov and Smirnov
  for (Index i = 0; i < kCount; ++i) {
    const double below = static_cast<double>(i) / kCount;
    const double cdf = NormalCdf(z[static_cast<std::size_t>(i)]);
    distance = std::max({distance, cdf - below, below + 1.0 / kCount - cdf});
  }
  // P(sqrt(n) D > 2.6) = 2 exp(-2 2.6^2) = 2.7e-6.
  CHECK(std::sqrt(kCount) * distance < 2.6);
}

TEST_CASE("The two normals of a Box-Muller pair point in a uniform direction") {
  constexpr Index kPairs = 1 << 20;
  const std::vector<double> z = Normals(kKey, 2 * kPairs);
  // Fourier coefficients of the angle: every one vanishes for a uniform direction. The quarters
  // of the circle are put together from two random bits, so the fourth harmonics matter.
  for (int k = 1; k <= 8; ++k) {
    double cosine = 0, sine = 0;
    for (std::size_t i = 0; i < kPairs; ++i) {
      const double angle = std::atan2(z[2 * i + 1], z[2 * i]);
      cosine += std::cos(k * angle);
      sine += std::sin(k * angle);
    }
    CAPTURE(k);
    CHECK(std::abs(cosine) < 5 * std::sqrt(kPairs / 2.0));  // false alarm 6e-7 each
    CHECK(std::abs(sine) < 5 * std::sqrt(kPairs / 2.0));
  }
}

TEST_CASE("Sequences whose names differ in one part are independent") {
  constexpr Index kCount = 1 << 18;
  const std::vector<double> z = Normals(kKey, kCount);
  NoiseKey seed = kKey, high_seed = kKey, stream = kKey, iteration = kKey, item = kKey;
  seed.seed += 1;
  high_seed.seed += std::uint64_t{1} << 40;
  stream.stream = Stream::kBonusNoise;
  iteration.iteration += 1;
  item.item += 1;
  for (const NoiseKey& key : {seed, high_seed, stream, iteration, item}) {
    const std::vector<double> other = Normals(key, kCount);
    double product = 0, squares = 0;
    for (std::size_t i = 0; i < kCount; ++i) {
      product += z[i] * other[i];
      squares += (z[i] * z[i] - 1) * (other[i] * other[i] - 1);
    }
    CHECK(std::abs(product) < 5 * std::sqrt(kCount));  // false alarm 6e-7 each
    CHECK(std::abs(squares) < 10 * std::sqrt(kCount));
  }
}

}  // namespace
}  // namespace vime
