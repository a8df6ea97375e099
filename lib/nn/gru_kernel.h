// The loops of a GRU (lib/nn/gru.h), compiled once per instruction set. They compute in double
// precision and run over independent hidden units, so the compiler may use vectors of any width
// without changing a bit. F, the lanes of the table, only gives every instruction set functions of
// its own.
#pragma once

#include <cstdint>

#include "lib/math/elementary.h"

namespace vime {

/// Weights as lib/nn/gru.h lays them out.
struct GruView {
  int inputs, hidden, outputs;
  const double* weights;
};

/// The matrices of a GruTrace, a column of numbers per step.
struct GruTraceView {
  std::int64_t steps;
  const double* inputs;
  double *reset, *update, *candidate;
  double* hidden;  ///< steps + 1 columns
  double* outputs;
};

/// Weights of one gate.
VIME_INLINE std::int64_t GruGateWeights(const GruView& gru) {
  return std::int64_t{gru.inputs + gru.hidden + 1} * gru.hidden;
}

/// Upper bound on the numbers that a kernel carves from its scratch memory.
VIME_INLINE std::int64_t GruScratchNumbers(const GruView& gru) {
  return std::int64_t{3 * gru.hidden + gru.outputs + 8} * gru.hidden;
}

/// sum_j += sum_i in_i w_ij, i < rows, j < n.
template <class F>
VIME_INLINE void AddProduct(const double* w, const double* in, int rows, int n,
                            double* __restrict sum) {
  for (int i = 0; i < rows; ++i) {
    const double value = in[i];
    for (int j = 0; j < n; ++j) sum[j] += value * w[i * n + j];
  }
}

/// out = W x + U h + b, n numbers; w holds the rows of W, those of U, and b.
template <class F>
VIME_INLINE void Affine(const double* w, const double* x, int num_x, const double* h, int num_h,
                        int n, double* __restrict out) {
  const double* bias = w + (num_x + num_h) * n;
  for (int j = 0; j < n; ++j) out[j] = bias[j];
  AddProduct<F>(w, x, num_x, n, out);
  AddProduct<F>(w + num_x * n, h, num_h, n, out);
}

/// Given the gradient `delta` of something with respect to out of Affine, adds those with respect
/// to the weights and to h. `ut` is the transpose of U; `sum` has room for num_h numbers.
template <class F>
VIME_INLINE void AffineVjp(const double* ut, const double* x, int num_x, const double* h, int num_h,
                           int n, const double* delta, double* __restrict weight_gradient,
                           double* __restrict h_gradient, double* __restrict sum) {
  for (int i = 0; i < num_x + num_h; ++i) {
    const double value = i < num_x ? x[i] : h[i - num_x];
    for (int j = 0; j < n; ++j) weight_gradient[i * n + j] += value * delta[j];
  }
  double* bias_gradient = weight_gradient + (num_x + num_h) * n;
  for (int j = 0; j < n; ++j) bias_gradient[j] += delta[j];
  for (int i = 0; i < num_h; ++i) sum[i] = 0;
  AddProduct<F>(ut, delta, n, num_h, sum);
  for (int i = 0; i < num_h; ++i) h_gradient[i] += sum[i];
}

template <class F>
VIME_INLINE void ApplySigmoid(int n, double* __restrict a) {
  for (int j = 0; j < n; ++j) a[j] = Sigmoid(a[j]);
}
template <class F>
VIME_INLINE void ApplyTanh(int n, double* __restrict a) {
  for (int j = 0; j < n; ++j) a[j] = Tanh(a[j]);
}

/// out(column, row) = in(row, column), rows x columns numbers in row-major order.
template <class F>
VIME_INLINE void TransposeInto(const double* in, int rows, int columns, double* __restrict out) {
  for (int i = 0; i < rows; ++i) {
    for (int j = 0; j < columns; ++j) out[j * rows + i] = in[i * columns + j];
  }
}

/// All steps from the first column of trace.hidden; fills the other columns and matrices.
template <class F>
void GruForwardKernel(const GruView& gru, const GruTraceView& trace, double* scratch) {
  const int n = gru.hidden;
  const std::int64_t gate = GruGateWeights(gru);
  double* gated = scratch;
  for (std::int64_t t = 0; t < trace.steps; ++t) {
    const double* x = trace.inputs + t * gru.inputs;
    const double* before = trace.hidden + t * n;
    double* r = trace.reset + t * n;
    double* z = trace.update + t * n;
    double* c = trace.candidate + t * n;
    double* after = trace.hidden + (t + 1) * n;
    Affine<F>(gru.weights, x, gru.inputs, before, n, n, r);
    Affine<F>(gru.weights + gate, x, gru.inputs, before, n, n, z);
    ApplySigmoid<F>(n, r);
    ApplySigmoid<F>(n, z);
    for (int j = 0; j < n; ++j) gated[j] = r[j] * before[j];
    Affine<F>(gru.weights + 2 * gate, x, gru.inputs, gated, n, n, c);
    ApplyTanh<F>(n, c);
    for (int j = 0; j < n; ++j) after[j] = z[j] * before[j] + (1 - z[j]) * c[j];
    Affine<F>(gru.weights + 3 * gate, x, 0, after, n, gru.outputs, trace.outputs + t * gru.outputs);
  }
}

/// changes = the change of every y_t along a change `direction` of the weights, one column per
/// step.
template <class F>
void GruJvpKernel(const GruView& gru, const GruTraceView& trace, const double* direction,
                  double* changes, double* scratch) {
  const int n = gru.hidden;
  const std::int64_t gate = GruGateWeights(gru);
  const double* w = gru.weights;
  const std::int64_t recurrent = std::int64_t{gru.inputs} * n;  // where U begins
  double* dh = scratch;
  double* dr = dh + n;
  double* dz = dr + n;
  double* dc = dz + n;
  double* gated = dc + n;
  double* dgated = gated + n;
  for (int j = 0; j < n; ++j) dh[j] = 0;
  for (std::int64_t t = 0; t < trace.steps; ++t) {
    const double* x = trace.inputs + t * gru.inputs;
    const double* before = trace.hidden + t * n;
    const double* r = trace.reset + t * n;
    const double* z = trace.update + t * n;
    const double* c = trace.candidate + t * n;
    // d(W x + U h + b) = dW x + dU h + db + U dh
    Affine<F>(direction, x, gru.inputs, before, n, n, dr);
    AddProduct<F>(w + recurrent, dh, n, n, dr);
    Affine<F>(direction + gate, x, gru.inputs, before, n, n, dz);
    AddProduct<F>(w + gate + recurrent, dh, n, n, dz);
    for (int j = 0; j < n; ++j) {
      dr[j] *= r[j] * (1 - r[j]);
      dz[j] *= z[j] * (1 - z[j]);
      gated[j] = r[j] * before[j];
      dgated[j] = dr[j] * before[j] + r[j] * dh[j];
    }
    Affine<F>(direction + 2 * gate, x, gru.inputs, gated, n, n, dc);
    AddProduct<F>(w + 2 * gate + recurrent, dgated, n, n, dc);
    for (int j = 0; j < n; ++j) {
      dc[j] *= 1 - c[j] * c[j];
      dh[j] = dz[j] * (before[j] - c[j]) + z[j] * dh[j] + (1 - z[j]) * dc[j];
    }
    double* dy = changes + t * gru.outputs;
    Affine<F>(direction + 3 * gate, x, 0, trace.hidden + (t + 1) * n, n, gru.outputs, dy);
    AddProduct<F>(w + 3 * gate, dh, n, gru.outputs, dy);
  }
}

/// Adds the gradient of sum_t cotangents_t . y_t with respect to the weights to `gradient`.
template <class F>
void GruVjpKernel(const GruView& gru, const GruTraceView& trace, const double* cotangents,
                  double* gradient, double* scratch) {
  const int n = gru.hidden;
  const std::int64_t gate = GruGateWeights(gru);
  const std::int64_t recurrent = std::int64_t{gru.inputs} * n;
  // Gradients with respect to h_t, to h_{t-1}, to what enters r, z and h~, and to r . h_{t-1}.
  double* dh = scratch;
  double* dbefore = dh + n;
  double* dr = dbefore + n;
  double* dz = dr + n;
  double* dc = dz + n;
  double* gated = dc + n;
  double* dgated = gated + n;
  double* sum = dgated + n;
  double* ut = sum + n;  // of the three gates, then of V
  for (int g = 0; g < 3; ++g) {
    TransposeInto<F>(gru.weights + g * gate + recurrent, n, n, ut + g * n * n);
  }
  TransposeInto<F>(gru.weights + 3 * gate, n, gru.outputs, ut + 3 * n * n);
  for (int j = 0; j < n; ++j) dh[j] = 0;
  for (std::int64_t t = trace.steps - 1; t >= 0; --t) {
    const double* x = trace.inputs + t * gru.inputs;
    const double* before = trace.hidden + t * n;
    const double* r = trace.reset + t * n;
    const double* z = trace.update + t * n;
    const double* c = trace.candidate + t * n;
    AffineVjp<F>(ut + 3 * n * n, x, 0, trace.hidden + (t + 1) * n, n, gru.outputs,
                 cotangents + t * gru.outputs, gradient + 3 * gate, dh, sum);
    for (int j = 0; j < n; ++j) {
      dz[j] = dh[j] * (before[j] - c[j]) * z[j] * (1 - z[j]);
      dc[j] = dh[j] * (1 - z[j]) * (1 - c[j] * c[j]);
      dbefore[j] = dh[j] * z[j];
      gated[j] = r[j] * before[j];
      dgated[j] = 0;
    }
    AffineVjp<F>(ut + 2 * n * n, x, gru.inputs, gated, n, n, dc, gradient + 2 * gate, dgated, sum);
    for (int j = 0; j < n; ++j) {
      dr[j] = dgated[j] * before[j] * r[j] * (1 - r[j]);
      dbefore[j] += dgated[j] * r[j];
    }
    AffineVjp<F>(ut, x, gru.inputs, before, n, n, dr, gradient, dbefore, sum);
    AffineVjp<F>(ut + n * n, x, gru.inputs, before, n, n, dz, gradient + gate, dbefore, sum);
    double* const next = dh;
    dh = dbefore;
    dbefore = next;
  }
}

}  // namespace vime
