// Consecutive standard normals of one named sequence.
#pragma once

#include "lib/math/normals.h"

namespace vime {

/// out[4 b + j] = normal 4 (first_block + b) + j of the sequence `key`, for b < blocks. Lanes are
/// blocks; the result is in sequence order.
template <class F>
void FillNormalsKernel(const NoiseKey& key, std::int64_t first_block, std::int64_t blocks,
                       ScalarOf<F>* out) {
  using T = ScalarOf<F>;
  constexpr int kPacks = 2;
  for (std::int64_t b = 0; b < blocks; b += kPacks * kLanes<F>) {
    F z[4 * kPacks];
    NormalBlocks<F, kPacks>(ConsecutiveWords<F>(static_cast<std::uint32_t>(first_block + b)),
                            kLanes<F>, key.item, key.iteration,
                            static_cast<std::uint32_t>(key.stream), key.seed, z);
    for (int n = 0; n < kPacks; ++n) {
      T values[4][kLanes<F>];
      for (int j = 0; j < 4; ++j) Store(values[j], z[4 * n + j]);
      T* target = out + 4 * (b + n * kLanes<F>);
      const std::int64_t left = blocks - b - n * kLanes<F>;
      const std::int64_t count = left < kLanes<F> ? left : kLanes<F>;
      for (std::int64_t i = 0; i < count; ++i) {
        for (int j = 0; j < 4; ++j) target[4 * i + j] = values[j][i];
      }
    }
  }
}

}  // namespace vime
