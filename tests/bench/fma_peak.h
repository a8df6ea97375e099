// A loop of nothing but independent fused multiply-adds: what "100 % of the peak" means here.
#pragma once

#include "lib/math/lane_sum.h"

namespace vime::testing {
inline namespace VIME_WIDTH_NAMESPACE {

// Twelve registers: more chains than any current processor needs to hide the latency (5 cycles, 2
// units), and with the two operands fewer than the sixteen registers of AVX2.
inline constexpr int kFmaChains = 12 / kParts;

/// Floating-point operations of one round of FmaLoop.
inline constexpr double kFmaFlopsPerRound = 2.0 * kFmaChains * kLanes<FloatLanes>;

/// x <- x/2 + 1/2 in every chain, `rounds` times. The sum keeps the work alive.
inline float FmaLoop(std::int64_t rounds, float start) {
  FloatLanes x[kFmaChains];
#pragma GCC unroll 16
  for (int c = 0; c < kFmaChains; ++c) x[c] = FloatLanes(start + static_cast<float>(c));
  const FloatLanes half(0.5f);
  for (std::int64_t r = 0; r < rounds; ++r) {
#pragma GCC unroll 16
    for (int c = 0; c < kFmaChains; ++c) x[c] = MulAdd(x[c], half, half);
  }
  FloatLanes sum = x[0];
#pragma GCC unroll 16
  for (int c = 1; c < kFmaChains; ++c) sum = sum + x[c];
  return LaneSum(sum);
}

}  // namespace VIME_WIDTH_NAMESPACE
}  // namespace vime::testing
