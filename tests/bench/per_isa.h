// What the kernels are compared with, compiled once per instruction set like the kernels
// themselves.
#pragma once

#include <cstdint>
#include <string_view>

#include "lib/bnn/network_view.h"
#include "lib/math/rows_view.h"
#include "tests/math/lane_functions.h"

namespace vime::testing {

/// Transitions that EigenInformationGain handles at a time.
inline constexpr int kEigenRows = 64;

/// Arguments of EigenInformationGain: a network with one hidden relu layer, local
/// reparameterisation. Plain data, because Eigen's own types differ between instruction sets.
struct EigenBonusTask {
  NetworkView<float> net;
  RowsView<float> x, y;
  std::int64_t rows;  ///< a multiple of kEigenRows
  int samples;
  float step_size;
  /// Normals of one block of rows, laid out as in NoiseView with row_stride kEigenRows.
  const float* noise;
  /// Unless null: draws new normals for the block that starts at `row`.
  void (*draw)(std::uint32_t row, std::int64_t count, float* noise);
  float* gain;  ///< out, one per row
};

struct PerIsa {
  const char* name;  ///< that of the KernelTable of the same instruction set
  /// Runs `rounds` rounds of fused multiply-adds (tests/bench/fma_peak.h).
  float (*fma_loop)(std::int64_t rounds, float start);
  double fma_flops_per_round;
  void (*eigen_information_gain)(const EigenBonusTask&);
  /// A draw of EigenBonusTask in plain Eigen.
  void (*eigen_normals)(std::uint32_t row, std::int64_t count, float* noise);
  LaneTable (*lanes)();
};

/// The entry for the kernels of that name.
const PerIsa& FindPerIsa(std::string_view kernels);

}  // namespace vime::testing
