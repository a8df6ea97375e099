// Plain views of a Bayesian network and of its noise: what kernels read.
//
// Parameters are flat vectors, layer by layer; layer l is an (inputs + 1) x outputs matrix in
// row-major order whose last row is the bias. A bias is thus a weight whose input is always 1.
#pragma once

#include <cstdint>

#include "lib/core/rng.h"

namespace vime {

enum class Activation { kRelu, kTanh };

/// How the expectation over q(theta) in E_q[log p(y|x, theta)] is taken.
enum class Sampling {
  /// Local reparameterisation [K15]: every pre-activation is drawn from its own Gaussian.
  kLocal,
  /// Weights are drawn, theta = mu + sigma eps, once per sample for all rows [B15].
  kDirect,
  /// No samples: exact moments of one hidden relu layer.
  kMoments,
};

/// A network as numbers W: T, the same for every row, or a pack of rows, each with its own.
template <class T, class W = T>
struct NetworkView {
  const int* sizes;  ///< layer widths: inputs, hidden..., outputs (num_layers + 1 of them)
  int num_layers;
  Activation activation;  ///< of hidden layers; the output layer is linear
  int num_parameters;
  const W* mean;      ///< mu
  const W* stddev;    ///< sigma = softplus(rho)
  const W* variance;  ///< sigma^2
  const W* slope;     ///< d sigma / d rho = sigmoid(rho)
  const W* rho;
  /// sd of the Gaussian likelihood. With likelihood_stride 0, likelihood_stddev[o] of output o for
  /// all rows; otherwise likelihood_stddev[o likelihood_stride + b] of output o of row b.
  const T* likelihood_stddev;
  std::int64_t likelihood_stride = 0;
};

/// The standard normals eps of S samples. A sample has U of them: one per unit, layer by layer
/// (kLocal), or one per weight in flat order (kDirect); value k = s U + unit.
template <class T>
struct NoiseView {
  Sampling sampling = Sampling::kLocal;
  int num_samples = 1;
  /// Explicit values. With row_stride 0 value k is values[k] for all rows; otherwise value k of
  /// row b is values[k row_stride + b].
  const T* values = nullptr;
  std::int64_t row_stride = 0;
  /// Without explicit values, value k of row b is normal k of the sequence `key` with
  /// item = key.item + b (kLocal only).
  NoiseKey key;
};

}  // namespace vime
