#include "lib/core/rng.h"

#include "lib/math/elementary.h"

namespace vime {

PhiloxCounter Philox4x32(PhiloxCounter c, PhiloxKey k) {
  for (int round = 0; round < 10; ++round) {
    const std::uint64_t p0 = std::uint64_t{0xD2511F53} * c[0];
    const std::uint64_t p1 = std::uint64_t{0xCD9E8D57} * c[2];
    c = {static_cast<std::uint32_t>(p1 >> 32) ^ c[1] ^ k[0], static_cast<std::uint32_t>(p1),
         static_cast<std::uint32_t>(p0 >> 32) ^ c[3] ^ k[1], static_cast<std::uint32_t>(p0)};
    k[0] += 0x9E3779B9;
    k[1] += 0xBB67AE85;
  }
  return c;
}

Rng::Rng(const NoiseKey& key)
    : counter_{0, key.item, key.iteration, static_cast<std::uint32_t>(key.stream)},
      key_{static_cast<std::uint32_t>(key.seed), static_cast<std::uint32_t>(key.seed >> 32)} {}

std::uint32_t Rng::Bits() {
  if (used_ == 4) {
    words_ = Philox4x32(counter_, key_);
    ++counter_[0];
    used_ = 0;
  }
  return words_[static_cast<std::size_t>(used_++)];
}

double Rng::Uniform() {
  const std::uint64_t high = Bits() >> 5;
  const std::uint64_t low = Bits() >> 6;
  return static_cast<double>((high << 26) | low) * 0x1p-53;
}

double Rng::Normal() {
  constexpr double kTwoPi = 6.283185307179586;
  const double radius = Sqrt(-2.0 * Log(1.0 - Uniform()));  // 1 - u lies in (0, 1]
  return radius * Cos(kTwoPi * Uniform());
}

std::uint32_t Rng::Below(std::uint32_t n) {
  std::uint64_t product = std::uint64_t{Bits()} * n;
  const std::uint32_t threshold = (0u - n) % n;
  while (static_cast<std::uint32_t>(product) < threshold) product = std::uint64_t{Bits()} * n;
  return static_cast<std::uint32_t>(product >> 32);
}

}  // namespace vime
