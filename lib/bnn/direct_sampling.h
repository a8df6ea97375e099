// Forward and backward with drawn weights [B15]: theta_s = mu + sigma eps_s, the same for all rows.
//   dL/dmu = dL/dtheta,  dL/dsigma^2 = dL/dtheta eps / (2 sigma)
#pragma once

#include "lib/bnn/network_pack.h"

namespace vime {

template <class F, class Activation, class W = ScalarOf<F>>
class DirectPack : public NetworkPack<F, Activation, W> {
  using T = ScalarOf<F>;
  using Base = NetworkPack<F, Activation, W>;
  using Base::delta_, Base::delta_below_, Base::inputs_, Base::net_, Base::offset_, Base::samples_;

 public:
  /// `scratch` holds ScratchNumbers() numbers F, aligned for F.
  VIME_INLINE DirectPack(const NetworkView<T, W>& net, const NoiseView<T>& noise, F* scratch)
      : Base(net, noise.num_samples, scratch), noise_(noise) {}

  VIME_INLINE void Forward() {
    for (int l = 0; l < net_.num_layers; ++l) {
      const int in = net_.sizes[l] + 1;
      const int out = net_.sizes[l + 1];
      for (int s = 0; s < samples_; ++s) {
        const F* h = inputs_[l] + (l == 0 ? 0 : s * in);
        Contract<1, 4>(
            1, out, in, [=](int, int i) VIME_INLINE_LAMBDA { return h[i]; },
            [&](int i, int j) VIME_INLINE_LAMBDA { return F(Weight(s, offset_[l] + i * out + j)); },
            [&](int, int j, const F& a) VIME_INLINE_LAMBDA { this->Emit(l, s, j, a); });
      }
      this->AppendOnes(l);
    }
  }

  VIME_INLINE F NegativeLogLikelihood(const F* y, F* squared_residual) const {
    return Base::NegativeLogLikelihood(y, nullptr, squared_residual);
  }

  /// Back-propagates mask * L and hands the gradient to `consumer` (see network_pack.h).
  template <class Consumer>
  VIME_INLINE void Backward(const F* y, const F& mask, Consumer& consumer) {
    this->StartBackward(y, mask);
    for (int l = net_.num_layers - 1; l >= 0; --l) BackwardLayer(l, consumer);
  }

 private:
  VIME_INLINE T Eps(int s, std::int64_t p) const {
    return noise_.values[s * std::int64_t{net_.num_parameters} + p];
  }
  VIME_INLINE W Weight(int s, std::int64_t p) const {
    return MulAdd(net_.stddev[p], W(Eps(s, p)), net_.mean[p]);
  }

  template <class Consumer>
  VIME_INLINE void BackwardLayer(int l, Consumer& consumer) {
    const int in = net_.sizes[l] + 1;
    const int out = net_.sizes[l + 1];
    const int input_stride = l == 0 ? 0 : in;
    for (int i = 0; i < in; ++i) {
      for (int j = 0; j < out; ++j) {
        const std::int64_t p = offset_[l] + i * out + j;
        F g_mu = F(T(0));
        F g_sigma = F(T(0));
        for (int s = 0; s < samples_; ++s) {
          const F g = inputs_[l][s * input_stride + i] * delta_[s * out + j];
          g_mu = g_mu + g;
          g_sigma = MulAdd(g, F(Eps(s, p)), g_sigma);
        }
        consumer.Weight(p, g_mu, g_sigma * F(W(T(0.5)) / net_.stddev[p]));
      }
    }
    if (l == 0) return;
    F* below = delta_below_;
    for (int s = 0; s < samples_; ++s) {
      Contract<1, 4>(
          1, in - 1, out, [&](int, int j) VIME_INLINE_LAMBDA { return delta_[s * out + j]; },
          [&](int j, int i) VIME_INLINE_LAMBDA { return F(Weight(s, offset_[l] + i * out + j)); },
          [&](int, int i, const F& dh) VIME_INLINE_LAMBDA {
            below[s * (in - 1) + i] = Activation::Through(dh, inputs_[l][s * in + i]);
          });
    }
    this->SwapDeltas();
  }

  const NoiseView<T>& noise_;
};

}  // namespace vime
