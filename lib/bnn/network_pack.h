// What the three ways of taking E_q[log N(y; f_theta(x), s^2 I)] share, for one pack of rows.
//
// A pack is as many rows (transitions) as F has lanes: one for double, sixteen for FloatLanes. All
// arithmetic is lane by lane; weights are broadcast, or lanes too (NetworkView). Notation as in
// [H16], [B15] and [K15]:
//   q(theta; phi) = prod_i N(theta_i; mu_i, sigma_i^2)      the belief
//   h             the inputs of a layer, with a last entry of 1 for the bias
//   a             pre-activations, sum_i h_i theta_ij
//   L   = E_q[-log N(y; f_theta(x), s^2 I)]                 averaged over the S samples
//   D_j = dL/da_j
// A way of sampling is a class with Load(), which takes rows and their noise, Forward(), which
// leaves predictions, and Backward(), which hands the gradient to a consumer:
//   consumer.Weight(p, g_mu, g_var)            for weight p: dL/dmu_p and dL/dsigma_p^2
//   consumer.FirstLayer(x, D, E, v, in, out)   for the first layer as a whole where
//                                              g_mu = x_i D_j and g_var = x_i^2 E_j
// Sources: [B15] Blundell et al., "Weight uncertainty in neural networks", 2015; [K15] Kingma,
// Salimans, Welling, "Variational dropout and the local reparameterization trick", 2015.
#pragma once

#include "lib/bnn/network_view.h"
#include "lib/math/contract.h"
#include "lib/math/elementary.h"
#include "lib/math/rows_view.h"

namespace vime {

inline constexpr int kMaxLayers = 16;

/// Widths summed over the layers: how many pre-activations one sample has.
VIME_INLINE int UnitsPerSample(const int* sizes, int num_layers) {
  int units = 0;
  for (int l = 0; l < num_layers; ++l) units += sizes[l + 1];
  return units;
}

/// Upper bound on the packs of `lanes` numbers that a kernel over a network carves from its scratch
/// memory.
VIME_INLINE std::int64_t ScratchNumbers(const int* sizes, int num_layers, int num_samples,
                                        int lanes) {
  std::int64_t width = 0;
  std::int64_t total = 0;
  std::int64_t parameters = 0;
  for (int l = 0; l <= num_layers; ++l) {
    if (sizes[l] + 1 > width) width = sizes[l] + 1;
    total += sizes[l] + 1;
    if (l > 0) parameters += std::int64_t{sizes[l - 1] + 1} * sizes[l];
  }
  const std::int64_t samples = num_samples > 0 ? num_samples : 1;
  return 3 * samples * total + 3 * samples * width + 11 * width + 2 * parameters / lanes + 32;
}

/// An activation h = f(a) of the hidden layers and its derivative, written as a function of h.
struct Relu {
  template <class F>
  VIME_INLINE static F Value(const F& a) {
    return Max(a, F(ScalarOf<F>(0)));
  }
  /// dL/da from dL/dh; the derivative at 0 is 0.
  template <class F>
  VIME_INLINE static F Through(const F& dh, const F& h) {
    return Select(h > F(ScalarOf<F>(0)), dh, F(ScalarOf<F>(0)));
  }
};
struct HyperbolicTangent {
  template <class F>
  VIME_INLINE static F Value(const F& a) {
    return Tanh(a);
  }
  template <class F>
  VIME_INLINE static F Through(const F& dh, const F& h) {
    return dh * (F(ScalarOf<F>(1)) - h * h);
  }
};

template <class F, class Activation, class W>
class NetworkPack {
  using T = ScalarOf<F>;

 public:
  int num_inputs() const { return net_.sizes[0]; }
  int num_outputs() const { return net_.sizes[net_.num_layers]; }
  int num_samples() const { return samples_; }

  /// The rest of the scratch memory: at least 2 num_outputs() numbers.
  F* ScratchEnd() const { return scratch_end_; }

  /// Takes rows [row, row + count) of x.
  VIME_INLINE void Load(const RowsView<T>& x, std::int64_t row, std::int64_t count) {
    F* input = inputs_[0];
    for (int i = 0; i < num_inputs(); ++i) {
      input[i] = LoadSome<F>(x.data + i * x.stride + row, count);
    }
    input[num_inputs()] = F(T(1));
    const F dead = F(T(1)) - LiveLanes<F>(count);  // lanes without a row get s = 1
    for (int o = 0; o < num_outputs(); ++o) {
      const T* sd = net_.likelihood_stddev;
      const std::int64_t stride = net_.likelihood_stride;
      stddev_[o] = stride == 0 ? F(sd[o]) : LoadSome<F>(sd + o * stride + row, count) + dead;
      precision_[o] = F(T(1)) / (stddev_[o] * stddev_[o]);
    }
  }

  /// Output o of sample s, after Forward().
  VIME_INLINE F Prediction(int s, int o) const { return prediction_[s * num_outputs() + o]; }

  /// L of every row, and E_q[(f_o - y_o)^2] per output; output_variance is what the predictions
  /// leave out of that expectation, or null.
  VIME_INLINE F NegativeLogLikelihood(const F* y, const F* output_variance,
                                      F* squared_residual) const {
    F loss = F(T(0));
    for (int o = 0; o < num_outputs(); ++o) {
      F square = F(T(0));
      for (int s = 0; s < samples_; ++s) {
        const F residual = Prediction(s, o) - y[o];
        square = MulAdd(residual, residual, square);
      }
      square = square * F(T(1) / static_cast<T>(samples_));
      if (output_variance != nullptr) square = square + output_variance[o];
      squared_residual[o] = square;
      loss = loss + MulAdd(square, F(T(0.5)) * precision_[o], Log(stddev_[o]) + F(T(kHalfLog2Pi)));
    }
    return loss;
  }

 protected:
  VIME_INLINE NetworkPack(const NetworkView<T, W>& net, int samples, F* scratch)
      : net_(net), samples_(samples) {
    std::int64_t parameters = 0;
    scratch_end_ = scratch;
    for (int l = 0; l < net.num_layers; ++l) {
      const int in = net.sizes[l] + 1;
      offset_[l] = parameters;
      parameters += static_cast<std::int64_t>(in) * net.sizes[l + 1];
      inputs_[l] = Take((l == 0 ? 1 : samples_) * in);
      if (in > width_) width_ = in;
    }
    if (num_outputs() > width_) width_ = num_outputs();
    stddev_ = Take(num_outputs());
    precision_ = Take(num_outputs());
    prediction_ = Take(samples_ * num_outputs());
    delta_ = Take(samples_ * width_);
    delta_below_ = Take(samples_ * width_);
  }

  /// The next `count` numbers of the scratch memory.
  VIME_INLINE F* Take(std::int64_t count) {
    F* memory = scratch_end_;
    scratch_end_ += count;
    return memory;
  }

  /// Stores f(a) as input j of the next layer, or a as a prediction.
  VIME_INLINE void Emit(int l, int s, int j, const F& a) {
    if (l + 1 == net_.num_layers) {
      prediction_[s * num_outputs() + j] = a;
    } else {
      inputs_[l + 1][s * (net_.sizes[l + 1] + 1) + j] = Activation::Value(a);
    }
  }

  VIME_INLINE void AppendOnes(int l) {
    if (l + 1 == net_.num_layers) return;
    const int width = net_.sizes[l + 1];
    for (int s = 0; s < samples_; ++s) inputs_[l + 1][s * (width + 1) + width] = F(T(1));
  }

  /// delta_ = D of the output layer of mask * L.
  VIME_INLINE void StartBackward(const F* y, const F& mask) {
    const F share = mask * F(T(1) / static_cast<T>(samples_));
    for (int o = 0; o < num_outputs(); ++o) {
      const F factor = share * precision_[o];
      for (int s = 0; s < samples_; ++s) {
        delta_[s * num_outputs() + o] = (Prediction(s, o) - y[o]) * factor;
      }
    }
  }

  VIME_INLINE void SwapDeltas() {
    F* below = delta_below_;
    delta_below_ = delta_;
    delta_ = below;
  }

  const NetworkView<T, W>& net_;
  int samples_;
  int width_ = 0;                    // of the widest layer, bias included
  std::int64_t offset_[kMaxLayers];  // of layer l in the flat parameter vector
  F* inputs_[kMaxLayers];            // of layer l: [samples, or 1 for l = 0][in + 1]
  F* stddev_;                        // s of the likelihood: [outputs]
  F* precision_;                     // 1/s^2: [outputs]
  F* prediction_;                    // [samples][outputs]
  F* delta_;                         // D of the current layer: [samples][out]
  F* delta_below_;                   // D of the layer below
  F* scratch_end_;
};

}  // namespace vime
