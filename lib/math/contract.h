// Sums of products, C(r, c) = sum_k A(r, k) B(k, c): the one contraction behind every layer.
#pragma once

#include "lib/math/lanes.h"

namespace vime {

/// Two channels that are contracted together, such as a mean and a variance.
template <class F>
struct Pair {
  F first, second;
};

template <class F>
VIME_INLINE Pair<F> operator*(const Pair<F>& a, const Pair<F>& b) {
  return {a.first * b.first, a.second * b.second};
}
template <class F>
VIME_INLINE Pair<F> MulAdd(const Pair<F>& a, const Pair<F>& b, const Pair<F>& c) {
  return {MulAdd(a.first, b.first, c.first), MulAdd(a.second, b.second, c.second)};
}

/// One R x C tile of Contract, its accumulators in registers.
template <int R, int C, class A, class B, class Finish>
VIME_INLINE void ContractTile(int r0, int c0, int depth, const A& a, const B& b,
                              const Finish& finish) {
  using Value = decltype(a(0, 0) * b(0, 0));
  Value sum[R][C];
#pragma GCC unroll 8
  for (int r = 0; r < R; ++r) {
#pragma GCC unroll 8
    for (int c = 0; c < C; ++c) sum[r][c] = a(r0 + r, 0) * b(0, c0 + c);
  }
#pragma GCC unroll 1
  for (int k = 1; k < depth; ++k) {
    decltype(a(0, 0)) left[R];
#pragma GCC unroll 8
    for (int r = 0; r < R; ++r) left[r] = a(r0 + r, k);
#pragma GCC unroll 8
    for (int c = 0; c < C; ++c) {
      const auto right = b(k, c0 + c);
#pragma GCC unroll 8
      for (int r = 0; r < R; ++r) sum[r][c] = MulAdd(left[r], right, sum[r][c]);
    }
  }
#pragma GCC unroll 8
  for (int r = 0; r < R; ++r) {
#pragma GCC unroll 8
    for (int c = 0; c < C; ++c) finish(r0 + r, c0 + c, sum[r][c]);
  }
}

/// Calls finish(r, c, sum_k a(r, k) b(k, c)) for every r < rows and c < cols, k < depth. The sum
/// runs in the order of k whatever the tile R x C, which therefore changes speed and nothing else.
template <int R, int C, class A, class B, class Finish>
VIME_INLINE void Contract(int rows, int cols, int depth, const A& a, const B& b,
                          const Finish& finish) {
  int r = 0;
  for (; r + R <= rows; r += R) {
    int c = 0;
    for (; c + C <= cols; c += C) ContractTile<R, C>(r, c, depth, a, b, finish);
    for (; c < cols; ++c) ContractTile<R, 1>(r, c, depth, a, b, finish);
  }
  for (; r < rows; ++r) {
    int c = 0;
    for (; c + C <= cols; c += C) ContractTile<1, C>(r, c, depth, a, b, finish);
    for (; c < cols; ++c) ContractTile<1, 1>(r, c, depth, a, b, finish);
  }
}

}  // namespace vime
