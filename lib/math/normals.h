// Standard normals from Philox counters, sixteen lanes or one number at a time.
//
// Block b of a sequence holds its normals 4b .. 4b + 3: the four words of
// Philox4x32({b, item, iteration, stream}, seed) make two Box-Muller pairs.
#pragma once

#include "lib/core/rng.h"
#include "lib/math/elementary.h"

namespace vime {

/// The unsigned 32-bit words that go with F: WordLanes or one word.
template <class F>
struct WordsOf {
  using Type = WordLanes;
};
template <>
struct WordsOf<double> {
  using Type = std::uint32_t;
};

VIME_INLINE void MultiplyHighLow(std::uint32_t a, std::uint32_t m, std::uint32_t& high,
                                 std::uint32_t& low) {
  const std::uint64_t product = std::uint64_t{a} * m;
  high = static_cast<std::uint32_t>(product >> 32);
  low = static_cast<std::uint32_t>(product);
}

/// A word below 2^24 as a number, exact also in float.
template <class F>
VIME_INLINE F WordToNumber(const WordLanes& w) {
  return ToFloating(AsInts(w));
}
template <class F>
VIME_INLINE F WordToNumber(std::uint32_t w) {
  return static_cast<F>(w);
}

/// The words as signed integers as wide as F.
template <class F>
VIME_INLINE IntLanes WordToInt(const WordLanes& w) {
  return AsInts(w);
}
template <class F>
VIME_INLINE IntOf<F> WordToInt(std::uint32_t w) {
  return static_cast<IntOf<F>>(w);
}

/// first, first + 1, ..., one per lane (modulo 2^32).
template <class F>
VIME_INLINE typename WordsOf<F>::Type ConsecutiveWords(std::uint32_t first) {
  if constexpr (kLanes<F> == 1) {
    return first;
  } else {
    std::uint32_t words[kLanes<F>];
    for (std::uint32_t i = 0; i < kLanes<F>; ++i) words[i] = first + i;
    WordLanes lanes;
    Load(words, lanes);
    return lanes;
  }
}

/// Four independent standard normals per lane: Box-Muller on the words of one Philox block.
/// u1 in (0, 1] has 24 bits, so |z| <= sqrt(48 ln 2) = 5.77. The angle is a quadrant (two bits)
/// and a position in it (24 bits); turning the circle by an eighth centres every quadrant on an
/// axis, where the series of sine and cosine need no further reduction.
template <class F>
VIME_INLINE void NormalBlock(typename WordsOf<F>::Type block, typename WordsOf<F>::Type item,
                             std::uint32_t iteration, std::uint32_t stream, std::uint64_t seed,
                             F z[4]) {
  using T = ScalarOf<F>;
  using W = typename WordsOf<F>::Type;
  std::uint32_t k0 = static_cast<std::uint32_t>(seed);
  std::uint32_t k1 = static_cast<std::uint32_t>(seed >> 32);
  W c0 = block;
  W c1 = item;
  W c2 = W(iteration);
  W c3 = W(stream);
#pragma GCC unroll 10
  for (int round = 0; round < 10; ++round) {
    W high0, low0, high1, low1;
    MultiplyHighLow(c0, 0xD2511F53u, high0, low0);
    MultiplyHighLow(c2, 0xCD9E8D57u, high1, low1);
    c0 = high1 ^ c1 ^ W(k0);
    c1 = low1;
    c2 = high0 ^ c3 ^ W(k1);
    c3 = low0;
    k0 += 0x9E3779B9u;
    k1 += 0xBB67AE85u;
  }
  const W words[4] = {c0, c1, c2, c3};
#pragma GCC unroll 2
  for (int pair = 0; pair < 2; ++pair) {
    const W radius_word = words[2 * pair];
    const W angle_word = words[2 * pair + 1];
    const F u = MulAdd(WordToNumber<F>(radius_word >> 8), F(T(0x1p-24)), F(T(0x1p-24)));
    const F radius = Sqrt(F(T(-2)) * LogNormal(u));
    // Bits 0-1: quadrant. Bits 8-31: position in it.
    const F position = MulAdd(WordToNumber<F>(angle_word >> 8), F(T(0x1p-24)), F(T(0x1p-25 - 0.5)));
    const SinCosResult<F> sc = SinCosReduced(position * F(T(1.5707963267948966)));
    const IntOf<F> quadrant = WordToInt<F>(angle_word);
    const F one_bit = ToFloating(quadrant & IntOf<F>(1));
    const F two_bit = ToFloating(quadrant & IntOf<F>(2));
    const auto swap = one_bit > F(T(0.5));
    const F signed_radius = Select(two_bit > F(T(0.5)), -radius, radius);
    z[2 * pair] = signed_radius * Select(swap, sc.sin, sc.cos);
    z[2 * pair + 1] = signed_radius * Select(swap, -sc.cos, sc.sin);
  }
}

}  // namespace vime
