// A multilayer perceptron with tanh hidden layers and a linear output, for one pack of rows, and
// the two derivative products that policy gradients need. Flat parameters as in
// lib/bnn/network_view.h: layer l is an (inputs + 1) x outputs row-major matrix, bias last.
#pragma once

#include "lib/math/contract.h"
#include "lib/math/elementary.h"

namespace vime {

inline constexpr int kMaxMlpLayers = 16;

template <class T>
struct MlpView {
  const int* sizes;  ///< inputs, hidden..., outputs
  int num_layers;
  const T* weights;
};

/// Upper bound on the numbers F that a PackMlp carves from its scratch memory.
VIME_INLINE std::int64_t MlpScratchNumbers(const int* sizes, int num_layers) {
  std::int64_t total = 0;
  std::int64_t width = 0;
  for (int l = 0; l <= num_layers; ++l) {
    total += sizes[l] + 1;
    if (sizes[l] + 1 > width) width = sizes[l] + 1;
  }
  return 2 * total + 2 * width;
}

template <class F>
class PackMlp {
  using T = ScalarOf<F>;

 public:
  VIME_INLINE PackMlp(const MlpView<T>& mlp, F* scratch) : mlp_(mlp) {
    int width = 0;
    std::int64_t offset = 0;
    for (int l = 0; l <= mlp.num_layers; ++l) {
      const int n = mlp.sizes[l] + 1;
      h_[l] = scratch;
      tangent_[l] = scratch + n;
      scratch += 2 * n;
      if (n > width) width = n;
      if (l == mlp.num_layers) break;
      offset_[l] = offset;
      offset += std::int64_t{n} * mlp.sizes[l + 1];
    }
    delta_ = scratch;
    delta_below_ = scratch + width;
  }

  int num_inputs() const { return mlp_.sizes[0]; }
  int num_outputs() const { return mlp_.sizes[mlp_.num_layers]; }

  /// Where the caller writes the inputs, and where Forward() leaves the outputs.
  F* inputs() { return h_[0]; }
  const F* outputs() const { return h_[mlp_.num_layers]; }

  /// h_{l+1} = tanh(W_l h_l + b_l); the last layer without tanh.
  VIME_INLINE void Forward() {
    for (int l = 0; l < mlp_.num_layers; ++l) {
      const int in = mlp_.sizes[l];
      const int out = mlp_.sizes[l + 1];
      const bool hidden = l + 1 < mlp_.num_layers;
      F* h = h_[l];
      F* next = h_[l + 1];
      h[in] = F(T(1));
      Contract<1, kColumns>(
          1, out, in + 1, [=](int, int i) VIME_INLINE_LAMBDA { return h[i]; },
          [&](int i, int j)
              VIME_INLINE_LAMBDA { return F(mlp_.weights[offset_[l] + i * out + j]); },
          [&](int, int j, const F& a) VIME_INLINE_LAMBDA { next[j] = a; });
      if (hidden) {
        for (int j = 0; j < out; ++j) next[j] = Tanh(next[j]);
      }
    }
  }

  /// Directional derivative of the outputs along a change `direction` of the weights, after
  /// Forward(): Jacobian-vector product, left in tangent().
  VIME_INLINE void Jvp(const T* direction) {
    for (int i = 0; i <= num_inputs(); ++i) tangent_[0][i] = F(T(0));
    for (int l = 0; l < mlp_.num_layers; ++l) {
      const int in = mlp_.sizes[l];
      const int out = mlp_.sizes[l + 1];
      const bool hidden = l + 1 < mlp_.num_layers;
      const F* h = h_[l];
      F* t = tangent_[l];
      t[in] = F(T(0));
      Contract<1, 4>(
          1, out, in + 1,
          [=](int, int i) VIME_INLINE_LAMBDA {
            return Pair<F>{h[i], t[i]};
          },
          [&](int i, int j) VIME_INLINE_LAMBDA {
            const std::int64_t p = offset_[l] + i * out + j;
            return Pair<F>{F(direction[p]), F(mlp_.weights[p])};
          },
          [&](int, int j, const Pair<F>& sum) VIME_INLINE_LAMBDA {
            const F da = sum.first + sum.second;
            const F value = h_[l + 1][j];
            tangent_[l + 1][j] = hidden ? da * (F(T(1)) - value * value) : da;
          });
    }
  }
  const F* tangent() const { return tangent_[mlp_.num_layers]; }

  /// The gradient of sum_o cotangent_o output_o with respect to the weights, after Forward(), one
  /// weight at a time: consumer(p, g) for weight p. Vector-Jacobian product.
  template <class Consumer>
  VIME_INLINE void Vjp(const F* cotangent, const Consumer& consumer) {
    for (int o = 0; o < num_outputs(); ++o) delta_[o] = cotangent[o];
    for (int l = mlp_.num_layers - 1; l >= 0; --l) {
      const int in = mlp_.sizes[l];
      const int out = mlp_.sizes[l + 1];
      const F* h = h_[l];
      const F* delta = delta_;
      F* below = delta_below_;
      for (int i = 0; i <= in; ++i) {
        for (int j = 0; j < out; ++j) consumer(offset_[l] + i * out + j, h[i] * delta[j]);
      }
      if (l == 0) break;
      Contract<1, 4>(
          1, in, out, [=](int, int j) VIME_INLINE_LAMBDA { return delta[j]; },
          [&](int j, int i)
              VIME_INLINE_LAMBDA { return F(mlp_.weights[offset_[l] + i * out + j]); },
          [&](int, int i, const F& dh)
              VIME_INLINE_LAMBDA { below[i] = dh * (F(T(1)) - h[i] * h[i]); });
      delta_below_ = delta_;
      delta_ = below;
    }
  }

 private:
  const MlpView<T>& mlp_;
  std::int64_t offset_[kMaxMlpLayers];
  F* h_[kMaxMlpLayers + 1];
  F* tangent_[kMaxMlpLayers + 1];
  F* delta_;
  F* delta_below_;
};

}  // namespace vime
