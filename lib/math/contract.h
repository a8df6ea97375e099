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

/// A product is computed in blocks of rows, and a block in tiles whose sums stay in the machine's
/// registers: 32 vectors with AVX-512; else 16, of which a number F takes two or more.
inline constexpr int kBlockRows = 5;
inline namespace VIME_WIDTH_NAMESPACE {
/// Rows of a tile of Pairs, two columns wide.
inline constexpr int kPairRows = kWidth == 16 ? kBlockRows : 1;
/// Columns of a tile of plain numbers, one row high.
inline constexpr int kColumns = kWidth == 16 ? 8 : 4;
}  // namespace VIME_WIDTH_NAMESPACE

/// An R x C block of the result, in registers: sum[r][c] is C(r0 + r, c0 + c).
template <int R, int C, class Value>
struct Tile {
  int r0, c0;
  Value sum[R][C];
};

/// One tile of ContractTiles.
template <int R, int C, class A, class B, class Finish>
VIME_INLINE void ContractTile(int r0, int c0, int depth, const A& a, const B& b,
                              const Finish& finish) {
  Tile<R, C, decltype(a(0, 0) * b(0, 0))> tile;
  tile.r0 = r0;
  tile.c0 = c0;
#pragma GCC unroll 8
  for (int r = 0; r < R; ++r) {
#pragma GCC unroll 8
    for (int c = 0; c < C; ++c) tile.sum[r][c] = a(r0 + r, 0) * b(0, c0 + c);
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
      for (int r = 0; r < R; ++r) tile.sum[r][c] = MulAdd(left[r], right, tile.sum[r][c]);
    }
  }
  finish(tile);
}

/// C columns of a block of kBlockRows rows.
template <int R, int C, class A, class B, class Finish>
VIME_INLINE void ContractBlock(int r0, int c0, int depth, const A& a, const B& b,
                               const Finish& finish) {
  if constexpr (R == kBlockRows) {
    ContractTile<R, C>(r0, c0, depth, a, b, finish);
  } else {
    for (int r = 0; r < kBlockRows; ++r) ContractTile<1, C>(r0 + r, c0, depth, a, b, finish);
  }
}

/// Calls finish(Tile) for tiles that cover every r < rows and c < cols; tile.sum holds
/// sum_k a(r, k) b(k, c), k < depth. Elements come in blocks of kBlockRows rows, by C columns
/// within a block, by rows within those columns, and sums run in the order of k: R, which is 1 or
/// kBlockRows, changes speed and nothing else.
template <int R, int C, class A, class B, class Finish>
VIME_INLINE void ContractTiles(int rows, int cols, int depth, const A& a, const B& b,
                               const Finish& finish) {
  static_assert(R == 1 || R == kBlockRows);
  int r = 0;
  for (; r + kBlockRows <= rows; r += kBlockRows) {
    int c = 0;
    for (; c + C <= cols; c += C) ContractBlock<R, C>(r, c, depth, a, b, finish);
    for (; c < cols; ++c) ContractBlock<R, 1>(r, c, depth, a, b, finish);
  }
  for (; r < rows; ++r) {
    int c = 0;
    for (; c + C <= cols; c += C) ContractTile<1, C>(r, c, depth, a, b, finish);
    for (; c < cols; ++c) ContractTile<1, 1>(r, c, depth, a, b, finish);
  }
}

/// ContractTiles with finish(r, c, sum) for every element.
template <int R, int C, class A, class B, class Finish>
VIME_INLINE void Contract(int rows, int cols, int depth, const A& a, const B& b,
                          const Finish& finish) {
  ContractTiles<R, C>(rows, cols, depth, a, b,
                      [&]<int TR, int TC, class Value>(const Tile<TR, TC, Value>& tile)
                          VIME_INLINE_LAMBDA {
#pragma GCC unroll 8
                            for (int r = 0; r < TR; ++r) {
#pragma GCC unroll 8
                              for (int c = 0; c < TC; ++c) {
                                finish(tile.r0 + r, tile.c0 + c, tile.sum[r][c]);
                              }
                            }
                          });
}

}  // namespace vime
