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

/// a ^ b ^ key: a word that is the same in all lanes stays a single one.
VIME_INLINE std::uint32_t Mix(std::uint32_t a, std::uint32_t b, std::uint32_t key) {
  return a ^ b ^ key;
}
template <class A, class B>
VIME_INLINE WordLanes Mix(const A& a, const B& b, std::uint32_t key) {
  return WordLanes(a) ^ WordLanes(b) ^ WordLanes(key);
}

/// The words of N Philox counters. Each is WordLanes or one word for all lanes.
template <int N, class C0, class C1, class C2, class C3>
struct PhiloxWords {
  C0 c0[N];
  C1 c1[N];
  C2 c2[N];
  C3 c3[N];
};

/// The rounds of Philox4x32-10 (Salmon et al., 2011), the N counters in turn in each.
template <int kRounds = 10, int N, class C0, class C1, class C2, class C3>
VIME_INLINE auto PhiloxRounds(const PhiloxWords<N, C0, C1, C2, C3>& c, std::uint32_t k0,
                              std::uint32_t k1) {
  if constexpr (kRounds == 0) {
    return c;
  } else {
    using Next0 = decltype(Mix(c.c2[0], c.c1[0], k0));
    using Next2 = decltype(Mix(c.c0[0], c.c3[0], k1));
    PhiloxWords<N, Next0, C2, Next2, C0> next;
#pragma GCC unroll 4
    for (int n = 0; n < N; ++n) {
      C0 high0;
      C2 high1;
      MultiplyHighLow(c.c0[n], 0xD2511F53u, high0, next.c3[n]);
      MultiplyHighLow(c.c2[n], 0xCD9E8D57u, high1, next.c1[n]);
      next.c0[n] = Mix(high1, c.c1[n], k0);
      next.c2[n] = Mix(high0, c.c3[n], k1);
    }
    return PhiloxRounds<kRounds - 1>(next, k0 + 0x9E3779B9u, k1 + 0xBB67AE85u);
  }
}

/// Four independent standard normals per lane for each of N blocks, z[4 n + j] of block
/// first_block + n stride; block and item are WordLanes or the same in all lanes:
/// Box-Muller on the words of Philox. u1 in (0, 1] has 24 bits, so |z| <= sqrt(48 ln 2) = 5.77. The
/// angle has 24 bits in a quarter circle centred on an axis, where the series of sine and cosine
/// need no further reduction, and two bits for the quarter. A block is one long chain of dependent
/// operations: with N > 1 the processor has several to work on.
template <class F, int N = 1, class Block, class Item>
VIME_INLINE void NormalBlocks(const Block& first_block, std::uint32_t stride, const Item& item,
                              std::uint32_t iteration, std::uint32_t stream, std::uint64_t seed,
                              F* z) {
  using T = ScalarOf<F>;
  using W = typename WordsOf<F>::Type;
  PhiloxWords<N, Block, Item, std::uint32_t, std::uint32_t> counters;
#pragma GCC unroll 4
  for (int n = 0; n < N; ++n) {
    counters.c0[n] = first_block + Block(static_cast<std::uint32_t>(n) * stride);
    counters.c1[n] = item;
    counters.c2[n] = iteration;
    counters.c3[n] = stream;
  }
  const auto words = PhiloxRounds(counters, static_cast<std::uint32_t>(seed),
                                  static_cast<std::uint32_t>(seed >> 32));
#pragma GCC unroll 8
  for (int pair = 0; pair < 2 * N; ++pair) {
    const int n = pair / 2;
    const W radius_word = pair % 2 == 0 ? words.c0[n] : words.c2[n];
    const W angle_word = pair % 2 == 0 ? words.c1[n] : words.c3[n];
    const F u = MulAdd(WordToNumber<F>(radius_word >> 8), F(T(0x1p-24)), F(T(0x1p-24)));
    const F radius = Sqrt(F(T(-2)) * LogNormal(u));  // -0 for u = 1: a zero of either sign
    // Bits 8-31: an angle in [-pi/4, pi/4). Bit 0 mirrors it at the diagonal and bit 1 turns it by
    // half a circle: a uniform angle on the whole circle.
    const F position = MulAdd(WordToNumber<F>(angle_word >> 8), F(T(0x1p-24)), F(T(0x1p-25 - 0.5)));
    const SinCosResult<F> sc = SinCosReduced(position * F(T(1.5707963267948966)));
    const IntOf<F> bits = WordToInt<F>(angle_word);
    const auto mirror = TestBits(bits, 1);
    const F signed_radius =
        WithSign(radius, FromBits(ShiftLeft(bits, 8 * static_cast<int>(sizeof(T)) - 2)));
    z[2 * pair] = signed_radius * Select(mirror, sc.sin, sc.cos);
    z[2 * pair + 1] = signed_radius * Select(mirror, sc.cos, sc.sin);
  }
}

}  // namespace vime
