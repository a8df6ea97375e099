#include "lib/core/rng.h"

#include <doctest/doctest.h>

#include <cmath>

namespace vime {
namespace {

// kat_vectors of Random123, the generator's own distribution (Salmon et al. 2011).
TEST_CASE("Philox4x32-10 gives its published test vectors") {
  CHECK(Philox4x32({0, 0, 0, 0}, {0, 0}) ==
        PhiloxCounter{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8});
  CHECK(Philox4x32({0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff}, {0xffffffff, 0xffffffff}) ==
        PhiloxCounter{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd});
  CHECK(Philox4x32({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0}) ==
        PhiloxCounter{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1});
}

TEST_CASE("Every coordinate of the name of a random number changes it") {
  const NoiseKey base{7, Stream::kTest, 3, 5};
  const std::uint32_t bits = Rng(base).Bits();
  CHECK(Rng(base).Bits() == bits);
  CHECK(Rng({8, Stream::kTest, 3, 5}).Bits() != bits);
  CHECK(Rng({7 + (std::uint64_t{1} << 40), Stream::kTest, 3, 5}).Bits() != bits);
  CHECK(Rng({7, Stream::kShuffle, 3, 5}).Bits() != bits);
  CHECK(Rng({7, Stream::kTest, 4, 5}).Bits() != bits);
  CHECK(Rng({7, Stream::kTest, 3, 6}).Bits() != bits);
}

TEST_CASE("Uniform and normal numbers have the moments of their distributions") {
  Rng rng({1, Stream::kTest, 0, 0});
  constexpr int kDraws = 200000;
  double u1 = 0, u2 = 0, z1 = 0, z2 = 0, z4 = 0;
  for (int i = 0; i < kDraws; ++i) {
    const double u = rng.Uniform();
    REQUIRE((u >= 0 && u < 1));
    u1 += u;
    u2 += u * u;
    const double z = rng.Normal();
    z1 += z;
    z2 += z * z;
    z4 += z * z * z * z;
  }
  // Bounds at 5 standard errors: a fair generator fails one of these with probability 3e-6.
  const double se = 5 / std::sqrt(kDraws);
  CHECK(std::abs(u1 / kDraws - 0.5) < se * std::sqrt(1 / 12.));
  CHECK(std::abs(u2 / kDraws - 1 / 3.) < se * std::sqrt(4 / 45.));
  CHECK(std::abs(z1 / kDraws) < se);
  CHECK(std::abs(z2 / kDraws - 1) < se * std::sqrt(2.));
  CHECK(std::abs(z4 / kDraws - 3) < se * std::sqrt(96.));
}

TEST_CASE("Below(n) is uniform on 0..n-1") {
  Rng rng({2, Stream::kTest, 0, 0});
  constexpr int kDraws = 60000;
  int counts[6] = {};
  for (int i = 0; i < kDraws; ++i) ++counts[rng.Below(6)];
  double chi2 = 0;
  for (const int c : counts) chi2 += (c - 1e4) * (c - 1e4) / 1e4;
  CHECK(chi2 < 30.9);  // chi-square, 5 degrees of freedom, p = 1e-5
}

}  // namespace
}  // namespace vime
