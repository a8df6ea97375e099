#include "envs/angle.h"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>

#include "lib/core/rng.h"

namespace vime {
namespace {

constexpr double kPi = std::numbers::pi;

TEST_CASE("A wrapped angle lies in [-pi, pi) and differs from the angle by whole turns") {
  Rng rng({1, Stream::kTest, 0, 0});
  for (int i = 0; i < 20000; ++i) {
    const double angle = i % 2 == 0 ? rng.Uniform(-1000, 1000) : rng.Uniform(-4, 4);
    const double wrapped = WrapAngle(angle);
    REQUIRE((wrapped >= -kPi && wrapped < kPi));
    REQUIRE(std::abs(std::remainder(angle - wrapped, 2 * kPi)) < 1e-12);
  }
}

TEST_CASE("The seam belongs to the lower end") {
  CHECK(WrapAngle(kPi) == -kPi);
  CHECK(WrapAngle(-kPi) == -kPi);
  CHECK(WrapAngle(0.0) == 0.0);
  // Neighbours of whole numbers of half turns, where a rounded quotient may fall on either side.
  for (int k = -2000; k <= 2000; ++k) {
    const double seam = k * kPi;
    for (const double angle : {std::nextafter(seam, -1e9), seam, std::nextafter(seam, 1e9)}) {
      REQUIRE((WrapAngle(angle) >= -kPi && WrapAngle(angle) < kPi));
    }
  }
}

TEST_CASE("What is no angle wraps to NaN") {
  CHECK(std::isnan(WrapAngle(std::numeric_limits<double>::quiet_NaN())));
  CHECK(std::isnan(WrapAngle(std::numeric_limits<double>::infinity())));
}

}  // namespace
}  // namespace vime
