// The elementary functions on lanes, one table per lane width. Each table is compiled with the
// instructions of its width in a translation unit of its own.
#pragma once

// Every function of lib/math/elementary.h and lib/math/normal_distribution.h of one argument.
// clang-format off
#define VIME_FOR_EACH_FUNCTION(X)                                                              \
  X(Exp) X(Expm1) X(ExpExcess) X(Log) X(Log1p) X(Tanh) X(Softplus) X(InverseSoftplus)          \
  X(Sigmoid) X(LogSoftplus) X(Sin) X(Cos) X(NormalPdf) X(NormalCdf)
// clang-format on

namespace vime::testing {

enum class Function : int {
#define VIME_ENUMERATOR(name) k##name,
  VIME_FOR_EACH_FUNCTION(VIME_ENUMERATOR)
#undef VIME_ENUMERATOR
};

/// y[i] = f(x[i]) for i < n, a multiple of 16.
using LaneEvaluator = void (*)(const float* x, float* y, int n);

/// One lane width.
struct LaneTable {
  const LaneEvaluator* functions;  ///< indexed by Function
  /// For x of 16 packs of 16 numbers, LaneSum of every pack and LaneSums of them all.
  void (*sums)(const float* x, float* each, float* together);
};
LaneTable LanesOfWidth4();
LaneTable LanesOfWidth8();
LaneTable LanesOfWidth16();

}  // namespace vime::testing
