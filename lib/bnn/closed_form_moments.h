// Forward and backward without samples: the exact moments of one hidden relu layer.
//
// With z = m / sqrt v, Phi and phi the standard normal distribution and density, and hidden unit
// h = max(a, 0), a ~ N(m, v):
//   E h = m Phi + sqrt(v) phi,  E h^2 = (m^2 + v) Phi + m sqrt(v) phi,  Var h = E h^2 - (E h)^2
// and for an output with weights (w, u = sigma^2), since the units are independent,
//   M = sum w E h,  V = sum (w^2 Var h + u E h^2),  E_q[(f - y)^2] = (M - y)^2 + V.
#pragma once

#include "lib/bnn/network_pack.h"
#include "lib/math/normal_distribution.h"

namespace vime {

template <class F, class W = ScalarOf<F>>
class MomentsPack : public NetworkPack<F, Relu, W> {
  using T = ScalarOf<F>;
  using Base = NetworkPack<F, Relu, W>;
  using Base::inputs_, Base::net_, Base::offset_, Base::precision_, Base::prediction_, Base::width_;

 public:
  /// `scratch` holds ScratchNumbers() numbers F, aligned for F. `noise` is not used.
  VIME_INLINE MomentsPack(const NetworkView<T, W>& net, const NoiseView<T>& /*noise*/, F* scratch)
      : Base(net, 1, scratch) {
    cdf_ = this->Take(width_);
    half_density_ = this->Take(width_);
    square_h_ = this->Take(width_);
    output_variance_ = this->Take(width_);
    first_variance_ = this->Take(width_);
    first_delta_ = this->Take(width_);
    first_variance_delta_ = this->Take(width_);
  }

  VIME_INLINE void Forward() {
    const int in = net_.sizes[0] + 1;
    const int hidden = net_.sizes[1];
    const int out = net_.sizes[2];
    const F* x = inputs_[0];
    F* mean_h = inputs_[1];
    Contract<1, 4>(
        1, hidden, in,
        [=](int, int i) VIME_INLINE_LAMBDA {
          return Pair<F>{x[i], x[i] * x[i]};
        },
        [&](int i, int j) VIME_INLINE_LAMBDA {
          return Pair<F>{F(net_.mean[i * hidden + j]), F(net_.variance[i * hidden + j])};
        },
        [&](int, int j, const Pair<F>& moments) VIME_INLINE_LAMBDA {
          const F m = moments.first;
          const F v = moments.second;
          const F sd = Sqrt(v);
          const F z = m / sd;
          const F density = NormalPdf(z);
          const F sd_density = sd * density;
          first_variance_[j] = v;
          cdf_[j] = NormalCdf(z);
          half_density_[j] = F(T(0.5)) * density / sd;
          mean_h[j] = MulAdd(m, cdf_[j], sd_density);
          square_h_[j] = MulAdd(MulAdd(m, m, v), cdf_[j], m * sd_density);
        });
    mean_h[hidden] = F(T(1));
    square_h_[hidden] = F(T(1));
    const std::int64_t offset = offset_[1];
    for (int o = 0; o < out; ++o) {
      F mean = F(T(0));
      F variance = F(T(0));
      for (int i = 0; i <= hidden; ++i) {
        const W w = net_.mean[offset + i * out + o];
        const F variance_h = VarianceOfHidden(i, hidden);
        mean = MulAdd(mean_h[i], F(w), mean);
        variance = MulAdd(variance_h, F(w * w), variance);
        variance = MulAdd(square_h_[i], F(net_.variance[offset + i * out + o]), variance);
      }
      prediction_[o] = mean;
      output_variance_[o] = variance;
    }
  }

  VIME_INLINE F NegativeLogLikelihood(const F* y, F* squared_residual) const {
    return Base::NegativeLogLikelihood(y, output_variance_, squared_residual);
  }

  /// Back-propagates mask * L and hands the gradient to `consumer` (see network_pack.h). With
  /// e = (M - y)/s^2 and k = 1/(2 s^2):
  ///   dL/dw_i = e E h_i + 2 k w_i Var h_i,     dL/du_i = k E h_i^2
  ///   dL/dE h = sum_o (e w - 2 k w^2 E h),     dL/dE h^2 = sum_o k (w^2 + u)
  ///   dL/dm = dL/dE h Phi + dL/dE h^2 2 E h,   dL/dv = dL/dE h phi/(2 sqrt v) + dL/dE h^2 Phi
  template <class Consumer>
  VIME_INLINE void Backward(const F* y, const F& mask, Consumer& consumer) {
    const int in = net_.sizes[0] + 1;
    const int hidden = net_.sizes[1];
    const int out = net_.sizes[2];
    const F* mean_h = inputs_[1];
    const std::int64_t offset = offset_[1];
    for (int i = 0; i <= hidden; ++i) {
      const F variance_h = VarianceOfHidden(i, hidden);
      F d_mean = F(T(0));
      F d_square = F(T(0));
      for (int o = 0; o < out; ++o) {
        const std::int64_t p = offset + i * out + o;
        const F k = mask * (F(T(0.5)) * precision_[o]);
        const F two_k = k + k;
        const F e = (prediction_[o] - y[o]) * two_k;
        const F w = F(net_.mean[p]);
        consumer.Weight(p, MulAdd(e, mean_h[i], two_k * w * variance_h), k * square_h_[i]);
        d_mean = d_mean + MulAdd(e, w, -(two_k * w * w * mean_h[i]));
        d_square = MulAdd(k, MulAdd(w, w, F(net_.variance[p])), d_square);
      }
      if (i == hidden) break;
      first_delta_[i] = MulAdd(d_mean, cdf_[i], d_square * (mean_h[i] + mean_h[i]));
      first_variance_delta_[i] = MulAdd(d_mean, half_density_[i], d_square * cdf_[i]);
    }
    consumer.FirstLayer(inputs_[0], first_delta_, first_variance_delta_, first_variance_, in,
                        hidden);
  }

 private:
  // Var h, never below 0; 0 for the bias.
  VIME_INLINE F VarianceOfHidden(int i, int hidden) const {
    if (i == hidden) return F(T(0));
    const F mean_h = inputs_[1][i];
    return Max(square_h_[i] - mean_h * mean_h, F(T(0)));
  }

  F* cdf_;              // Phi: [hidden]
  F* half_density_;     // phi / (2 sqrt v): [hidden]
  F* square_h_;         // E h^2: [hidden + 1]
  F* output_variance_;  // V: [out]
  F* first_variance_;   // v, dL/dm and dL/dv of the hidden layer: [hidden]
  F* first_delta_;
  F* first_variance_delta_;
};

}  // namespace vime
