// The Cholesky factor of a matrix and solves with it, one term after the other: the same bits on
// every machine, which Eigen's blocked and vectorised versions do not give.
#pragma once

#include "lib/core/types.h"
#include "lib/math/elementary.h"

namespace vime {

/// The lower triangular L with A = L L^T for a symmetric A, n x n, of which the lower triangle is
/// read. A pivot that is not positive leaves 0 or NaN on the diagonal.
inline MatrixXd CholeskyFactor(const MatrixXd& a) {
  const Index n = a.rows();
  MatrixXd l = MatrixXd::Zero(n, n);
  for (Index j = 0; j < n; ++j) {
    for (Index i = j; i < n; ++i) {
      double sum = a(i, j);
      for (Index k = 0; k < j; ++k) sum -= l(i, k) * l(j, k);
      l(i, j) = i == j ? Sqrt(sum) : sum / l(j, j);
    }
  }
  return l;
}

/// b := L^{-1} b.
inline void SolveLower(const MatrixXd& l, VectorXd& b) {
  for (Index i = 0; i < b.size(); ++i) {
    double sum = b[i];
    for (Index k = 0; k < i; ++k) sum -= l(i, k) * b[k];
    b[i] = sum / l(i, i);
  }
}

/// b := L^{-T} b.
inline void SolveLowerTransposed(const MatrixXd& l, VectorXd& b) {
  for (Index i = b.size() - 1; i >= 0; --i) {
    double sum = b[i];
    for (Index k = i + 1; k < b.size(); ++k) sum -= l(k, i) * b[k];
    b[i] = sum / l(i, i);
  }
}

}  // namespace vime
