// What the benchmarks compare the kernels with, compiled once per instruction set like the kernels
// themselves.
#pragma once

#include <cstdint>
#include <string_view>

#include "tests/math/lane_functions.h"

namespace vime::testing {

struct PerIsa {
  const char* name;  ///< that of the KernelTable of the same instruction set
  /// Runs `rounds` rounds of fused multiply-adds (tests/bench/fma_peak.h).
  float (*fma_loop)(std::int64_t rounds, float start);
  double fma_flops_per_round;
  const LaneEvaluator* (*functions)();
};

/// The entry for the kernels of that name.
const PerIsa& FindPerIsa(std::string_view kernels);

}  // namespace vime::testing
