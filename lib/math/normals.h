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

/// Four independent standard normals per lane for each of N blocks, z[4 n + j] of block
/// first_block + n stride:
/// Box-Muller on the words of Philox. u1 in (0, 1] has 24 bits, so |z| <= sqrt(48 ln 2) = 5.77. The
/// angle has 24 bits in a quarter circle centred on an axis, where the series of sine and cosine
/// need no further reduction, and two bits for the quarter. A block is one long chain of dependent
/// operations: with N > 1 the processor has several to work on.
template <class F, int N = 1>
VIME_INLINE void NormalBlocks(typename WordsOf<F>::Type first_block, std::uint32_t stride,
                              typename WordsOf<F>::Type item, std::uint32_t iteration,
                              std::uint32_t stream, std::uint64_t seed, F* z) {
  using T = ScalarOf<F>;
  using W = typename WordsOf<F>::Type;
  std::uint32_t k0 = static_cast<std::uint32_t>(seed);
  std::uint32_t k1 = static_cast<std::uint32_t>(seed >> 32);
  W c[N][4];
#pragma GCC unroll 4
  for (int n = 0; n < N; ++n) {
    c[n][0] = first_block + W(static_cast<std::uint32_t>(n) * stride);
    c[n][1] = item;
    c[n][2] = W(iteration);
    c[n][3] = W(stream);
  }
#pragma GCC unroll 10
  for (int round = 0; round < 10; ++round) {
#pragma GCC unroll 4
    for (int n = 0; n < N; ++n) {
      W high0, low0, high1, low1;
      MultiplyHighLow(c[n][0], 0xD2511F53u, high0, low0);
      MultiplyHighLow(c[n][2], 0xCD9E8D57u, high1, low1);
      c[n][0] = high1 ^ c[n][1] ^ W(k0);
      c[n][1] = low1;
      c[n][2] = high0 ^ c[n][3] ^ W(k1);
      c[n][3] = low0;
    }
    k0 += 0x9E3779B9u;
    k1 += 0xBB67AE85u;
  }
#pragma GCC unroll 8
  for (int pair = 0; pair < 2 * N; ++pair) {
    const W radius_word = c[pair / 2][2 * (pair % 2)];
    const W angle_word = c[pair / 2][2 * (pair % 2) + 1];
    const F u = MulAdd(WordToNumber<F>(radius_word >> 8), F(T(0x1p-24)), F(T(0x1p-24)));
    const F radius = Sqrt(F(T(-2)) * LogNormal(u));
    // Bits 8-31: an angle in [-pi/4, pi/4). Bit 0 mirrors it at the diagonal and bit 1 turns it by
    // half a circle: a uniform angle on the whole circle.
    const F position = MulAdd(WordToNumber<F>(angle_word >> 8), F(T(0x1p-24)), F(T(0x1p-25 - 0.5)));
    const SinCosResult<F> sc = SinCosReduced(position * F(T(1.5707963267948966)));
    const IntOf<F> bits = WordToInt<F>(angle_word);
    const auto mirror = TestBits(bits, 1);
    const F signed_radius = Select(TestBits(bits, 2), -radius, radius);
    z[2 * pair] = signed_radius * Select(mirror, sc.sin, sc.cos);
    z[2 * pair + 1] = signed_radius * Select(mirror, sc.cos, sc.sin);
  }
}

}  // namespace vime
