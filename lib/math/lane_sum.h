// Sums over lanes: all that ever combines a lane with its neighbours. The order of the additions is
// the same for every lane width.
#pragma once

#include <utility>

#include "lib/math/lanes.h"

namespace vime {

VIME_INLINE double LaneSum(double x) { return x; }
VIME_INLINE double LaneSums(const double (&x)[1]) { return x[0]; }

inline namespace VIME_WIDTH_NAMESPACE {

/// What halving leaves of x when it has come down to one register.
VIME_INLINE FloatPart FoldToRegister(const FloatLanes& x) {
#if VIME_LANE_WIDTH == 4
  return (x.part[0] + x.part[2]) + (x.part[1] + x.part[3]);
#elif VIME_LANE_WIDTH == 8
  return x.part[0] + x.part[1];
#else
  return x.part[0];
#endif
}

/// Sum over the sixteen lanes by halving: (i, i + 8), then (i, i + 4), (i, i + 2), (0, 1).
VIME_INLINE float LaneSum(const FloatLanes& x) {
  const FloatPart part = FoldToRegister(x);
#if VIME_LANE_WIDTH == 4
  return (part[0] + part[2]) + (part[1] + part[3]);
#else
#if VIME_LANE_WIDTH == 16
  const __m256 low = _mm512_castps512_ps256(part);
  const __m256 high = _mm256_castpd_ps(_mm512_extractf64x4_pd(_mm512_castps_pd(part), 1));
  const __m256 eight = _mm256_add_ps(low, high);
#else
  const __m256 eight = part;
#endif
  const __m128 four = _mm_add_ps(_mm256_castps256_ps128(eight), _mm256_extractf128_ps(eight, 1));
  const __m128 two = _mm_add_ps(four, _mm_movehl_ps(four, four));
  return _mm_cvtss_f32(_mm_add_ss(two, _mm_movehdup_ps(two)));
#endif
}

/// Where lane i of FoldPart takes its first number from: of a in the first kHalf lanes of a group
/// of 2 kHalf, of b, whose lanes count from kWidth, in the others.
template <int kHalf>
constexpr int FoldSource(int i) {
  return i % kHalf + i / (2 * kHalf) * (2 * kHalf) + i / kHalf % 2 * kWidth;
}

/// Adds the second half of every group of 2 kHalf lanes to the first, in a and in b, and lays the
/// halves of a and b side by side.
template <int kHalf, int... i>
VIME_INLINE FloatPart FoldPart(const FloatPart& a, const FloatPart& b,
                               std::integer_sequence<int, i...> /*lanes*/) {
  return __builtin_shufflevector(a, b, FoldSource<kHalf>(i)...) +
         __builtin_shufflevector(a, b, (FoldSource<kHalf>(i) + kHalf)...);
}

/// Leaves in lane i of x[0] the sum of the lanes of x[i], i < 2 kHalf, by halving.
template <int kHalf>
VIME_INLINE void FoldParts(FloatPart* x) {
#pragma GCC unroll 8
  for (int k = 0; k < kHalf; ++k) {
    x[k] = FoldPart<kHalf>(x[k], x[k + kHalf], std::make_integer_sequence<int, kWidth>());
  }
  if constexpr (kHalf > 1) FoldParts<kHalf / 2>(x);
}

/// Lane i is LaneSum(x[i]): the same additions, many at a time.
VIME_INLINE FloatLanes LaneSums(const FloatLanes (&x)[16]) {
  FloatLanes sums;
  for (int p = 0; p < kParts; ++p) {
    FloatPart part[kWidth];
#pragma GCC unroll 16
    for (int k = 0; k < kWidth; ++k) part[k] = FoldToRegister(x[p * kWidth + k]);
    FoldParts<kWidth / 2>(part);
    sums.part[p] = part[0];
  }
  return sums;
}

}  // namespace VIME_WIDTH_NAMESPACE
}  // namespace vime
