// The expected log-likelihood of a Bayesian network and its gradient, for one pack of rows.
//
// A pack is as many rows (transitions) as F has lanes: one for double, sixteen for FloatLanes. All
// arithmetic is lane by lane; weights are broadcast. Notation as in [H16], [B15] and [K15]:
//   q(theta; phi) = prod_i N(theta_i; mu_i, sigma_i^2)      the belief
//   h             the inputs of a layer, with a last entry of 1 for the bias
//   m_j = sum_i h_i mu_ij,  v_j = sum_i h_i^2 sigma_ij^2    moments of pre-activation j
//   a_j = m_j + sqrt(v_j) eps_j                             local reparameterisation
//   L   = E_q[-log N(y; a, s^2 I)]                          averaged over the S samples
//   D_j = dL/da_j = dL/dm_j,  E_j = dL/dv_j = D_j eps_j / (2 sqrt v_j)
//   dL/dmu_ij = sum_s h_i D_j,  dL/dsigma_ij^2 = sum_s h_i^2 E_j
// Source: [K15] Kingma, Salimans, Welling, "Variational dropout and the local
// reparameterization trick", 2015.
#pragma once

#include "lib/bnn/network_view.h"
#include "lib/math/contract.h"
#include "lib/math/normal_distribution.h"
#include "lib/math/normals.h"

namespace vime {

inline constexpr int kMaxLayers = 16;

/// Widths summed over the layers: how many pre-activations one sample has.
VIME_INLINE int UnitsPerSample(const int* sizes, int num_layers) {
  int units = 0;
  for (int l = 0; l < num_layers; ++l) units += sizes[l + 1];
  return units;
}

/// Upper bound on the numbers F that a PackNetwork carves from its scratch memory.
VIME_INLINE std::int64_t ScratchNumbers(const int* sizes, int num_layers, int num_samples) {
  std::int64_t width = 0;
  std::int64_t total = 0;
  for (int l = 0; l <= num_layers; ++l) {
    if (sizes[l] + 1 > width) width = sizes[l] + 1;
    total += sizes[l] + 1;
  }
  const std::int64_t samples = num_samples > 0 ? num_samples : 1;
  return 3 * samples * total + 3 * samples * width + 9 * width + 16;
}

template <class F>
class PackNetwork {
  using T = ScalarOf<F>;

 public:
  /// `scratch` holds ScratchNumbers() numbers F, aligned for F.
  VIME_INLINE PackNetwork(const NetworkView<T>& net, const NoiseView<T>& noise, F* scratch)
      : net_(net), noise_(noise), samples_(noise.num_samples) {
    if (noise.sampling == Sampling::kMoments) samples_ = 1;
    F* next = scratch;
    int width = 0;
    std::int64_t parameters = 0;
    for (int l = 0; l < net.num_layers; ++l) {
      const int inputs = net.sizes[l] + 1;
      offset_[l] = parameters;
      parameters += static_cast<std::int64_t>(inputs) * net.sizes[l + 1];
      inputs_[l] = next;
      next += (l == 0 ? 1 : samples_) * inputs;
      ratio_[l] = next;
      next += samples_ * net.sizes[l + 1];
      if (inputs > width) width = inputs;
      if (net.sizes[l + 1] + 1 > width) width = net.sizes[l + 1] + 1;
    }
    prediction_ = next;
    next += samples_ * num_outputs();
    delta_ = next;
    next += samples_ * width;
    delta_below_ = next;
    next += samples_ * width;
    variance_delta_ = next;
    next += samples_ * width;
    first_variance_ = next;
    next += width;
    first_delta_ = next;
    next += width;
    first_variance_delta_ = next;
    next += width;
    moments_ = next;
    next += 4 * width;
    noise_values_ = next;
    next += samples_ * UnitsPerSample(net.sizes, net.num_layers) + 4;
    scratch_end_ = next;
    width_ = width;
  }

  int num_inputs() const { return net_.sizes[0]; }
  int num_outputs() const { return net_.sizes[net_.num_layers]; }
  int num_samples() const { return samples_; }

  /// The rest of the scratch memory: at least 2 num_outputs() numbers.
  F* ScratchEnd() const { return scratch_end_; }

  /// The pre-activations of sample s of the output layer, after Forward().
  VIME_INLINE F Prediction(int s, int o) const { return prediction_[s * num_outputs() + o]; }

  /// Loads rows [row, row + count) of x (feature i of row b is x[i stride + b]), draws or loads
  /// their noise, and computes the predictions.
  VIME_INLINE void Forward(const T* x, std::int64_t stride, std::int64_t row, std::int64_t count) {
    F* input = inputs_[0];
    for (int i = 0; i < num_inputs(); ++i) input[i] = LoadSome<F>(x + i * stride + row, count);
    input[num_inputs()] = F(T(1));
    if (noise_.sampling == Sampling::kLocal) {
      if (noise_.values == nullptr) {
        DrawNoise(row);
        ForwardLocal([this](int k) { return noise_values_[k]; });
      } else if (noise_.row_stride == 0) {
        ForwardLocal([this](int k) { return F(noise_.values[k]); });
      } else {
        ForwardLocal([this, row, count](int k) {
          return LoadSome<F>(noise_.values + k * noise_.row_stride + row, count);
        });
      }
    } else if (noise_.sampling == Sampling::kDirect) {
      ForwardDirect();
    } else {
      ForwardMoments();
    }
  }

  /// -E_q[log N(y; f_theta(x), s^2 I)] of every row, and E_q[(f_o - y_o)^2] per output.
  VIME_INLINE F NegativeLogLikelihood(const F* y, F* squared_residual) const {
    const T kHalfLog2Pi = T(0.91893853320467274);
    F loss = F(T(0));
    for (int o = 0; o < num_outputs(); ++o) {
      F square = F(T(0));
      for (int s = 0; s < samples_; ++s) {
        const F residual = Prediction(s, o) - y[o];
        square = MulAdd(residual, residual, square);
      }
      square = square * F(T(1) / static_cast<T>(samples_));
      if (noise_.sampling == Sampling::kMoments) square = square + moments_[3 * width_ + o];
      squared_residual[o] = square;
      const T sd = net_.likelihood_stddev[o];
      loss = loss + MulAdd(square, F(T(0.5) / (sd * sd)), F(Log(sd) + kHalfLog2Pi));
    }
    return loss;
  }

  /// Back-propagates mask * L and hands the gradient to `consumer`:
  ///   consumer.Weight(p, g_mu, g_var)           for weight p: dL/dmu_p and dL/dsigma_p^2
  ///   consumer.FirstLayer(x, D, E, v, in, out)  for the first layer as a whole (kLocal, kMoments):
  ///                                             g_mu = x_i D_j, g_var = x_i^2 E_j
  template <class Consumer>
  VIME_INLINE void Backward(const F* y, const F& mask, Consumer& consumer) {
    if (noise_.sampling == Sampling::kMoments) return BackwardMoments(y, mask, consumer);
    const F share = mask * F(T(1) / static_cast<T>(samples_));
    for (int o = 0; o < num_outputs(); ++o) {
      const T sd = net_.likelihood_stddev[o];
      const F factor = share * F(T(1) / (sd * sd));
      for (int s = 0; s < samples_; ++s) {
        delta_[s * num_outputs() + o] = (Prediction(s, o) - y[o]) * factor;
      }
    }
    for (int l = net_.num_layers - 1; l >= 0; --l) {
      if (noise_.sampling == Sampling::kDirect) {
        BackwardDirectLayer(l, consumer);
      } else {
        BackwardLocalLayer(l, consumer);
      }
    }
  }

 private:
  // Noise keyed by transition: value k of lane i is normal k of the sequence with item row + i.
  VIME_INLINE void DrawNoise(std::int64_t row) {
    using W = typename WordsOf<F>::Type;
    const int count = samples_ * UnitsPerSample(net_.sizes, net_.num_layers);
    const W item = ConsecutiveWords<F>(noise_.key.item + static_cast<std::uint32_t>(row));
    for (int k = 0; k < count; k += 4) {
      F z[4];
      NormalBlock<F>(W(static_cast<std::uint32_t>(k / 4)), item, noise_.key.iteration,
                     static_cast<std::uint32_t>(noise_.key.stream), noise_.key.seed, z);
      for (int j = 0; j < 4; ++j) noise_values_[k + j] = z[j];
    }
  }

  VIME_INLINE F Activate(const F& a) const {
    return net_.activation == Activation::kRelu ? Max(a, F(T(0))) : Tanh(a);
  }

  // dL/da from dL/dh and h = activation(a). relu'(0) = 0.
  VIME_INLINE F ThroughActivation(const F& dh, const F& h) const {
    if (net_.activation == Activation::kRelu) return Select(h > F(T(0)), dh, F(T(0)));
    return dh * (F(T(1)) - h * h);
  }

  // Stores activation(a) as input j of the next layer, or a as a prediction.
  VIME_INLINE void Emit(int l, int s, int j, const F& a) {
    if (l + 1 == net_.num_layers) {
      prediction_[s * num_outputs() + j] = a;
    } else {
      inputs_[l + 1][s * (net_.sizes[l + 1] + 1) + j] = Activate(a);
    }
  }

  VIME_INLINE void AppendOnes(int l) {
    if (l + 1 == net_.num_layers) return;
    const int width = net_.sizes[l + 1];
    for (int s = 0; s < samples_; ++s) inputs_[l + 1][s * (width + 1) + width] = F(T(1));
  }

  template <class Noise>
  VIME_INLINE void ForwardLocal(const Noise& eps) {
    const int units = UnitsPerSample(net_.sizes, net_.num_layers);
    int first_unit = 0;
    for (int l = 0; l < net_.num_layers; ++l) {
      const int in = net_.sizes[l] + 1;
      const int out = net_.sizes[l + 1];
      const F* h = inputs_[l];
      const T* mu = net_.mean + offset_[l];
      const T* variance = net_.variance + offset_[l];
      F* ratio = ratio_[l];
      const auto inputs = [=](int r, int i) {
        const F value = h[r * in + i];
        return Pair<F>{value, value * value};
      };
      const auto weights = [=](int i, int j) {
        return Pair<F>{F(mu[i * out + j]), F(variance[i * out + j])};
      };
      if (l == 0) {  // the same moments for every sample
        Contract<1, 4>(1, out, in, inputs, weights, [&](int, int j, const Pair<F>& moments) {
          first_variance_[j] = moments.second;
          const F sd = Sqrt(moments.second);
          const F half_inverse = F(T(0.5)) / sd;
          for (int s = 0; s < samples_; ++s) {
            const F noise = eps(s * units + j);
            ratio[s * out + j] = noise * half_inverse;
            Emit(0, s, j, MulAdd(sd, noise, moments.first));
          }
        });
      } else {
        Contract<5, 2>(samples_, out, in, inputs, weights,
                       [&](int s, int j, const Pair<F>& moments) {
                         const F sd = Sqrt(moments.second);
                         const F noise = eps(s * units + first_unit + j);
                         ratio[s * out + j] = noise * (F(T(0.5)) / sd);
                         Emit(l, s, j, MulAdd(sd, noise, moments.first));
                       });
      }
      AppendOnes(l);
      first_unit += out;
    }
  }

  template <class Consumer>
  VIME_INLINE void BackwardLocalLayer(int l, Consumer& consumer) {
    const int in = net_.sizes[l] + 1;
    const int out = net_.sizes[l + 1];
    const F* h = inputs_[l];
    const F* delta = delta_;
    F* variance_delta = variance_delta_;
    for (int k = 0; k < samples_ * out; ++k) variance_delta[k] = delta[k] * ratio_[l][k];
    if (l == 0) {
      for (int j = 0; j < out; ++j) {
        F d = delta[j];
        F e = variance_delta[j];
        for (int s = 1; s < samples_; ++s) {
          d = d + delta[s * out + j];
          e = e + variance_delta[s * out + j];
        }
        first_delta_[j] = d;
        first_variance_delta_[j] = e;
      }
      consumer.FirstLayer(h, first_delta_, first_variance_delta_, first_variance_, in, out);
      return;
    }
    const std::int64_t offset = offset_[l];
    Contract<4, 2>(
        in, out, samples_,
        [=](int i, int s) {
          const F value = h[s * in + i];
          return Pair<F>{value, value * value};
        },
        [=](int s, int j) {
          return Pair<F>{delta[s * out + j], variance_delta[s * out + j]};
        },
        [&](int i, int j, const Pair<F>& g) {
          consumer.Weight(offset + i * out + j, g.first, g.second);
        });
    // dL/dh_i = sum_j D_j mu_ij + 2 h_i sum_j E_j sigma_ij^2
    const T* mu = net_.mean + offset;
    const T* variance = net_.variance + offset;
    F* below = delta_below_;
    Contract<5, 2>(
        samples_, in - 1, out,
        [=](int s, int j) {
          return Pair<F>{delta[s * out + j], variance_delta[s * out + j]};
        },
        [=](int j, int i) {
          return Pair<F>{F(mu[i * out + j]), F(variance[i * out + j])};
        },
        [&](int s, int i, const Pair<F>& g) {
          const F value = h[s * in + i];
          const F dh = MulAdd(value + value, g.second, g.first);
          below[s * (in - 1) + i] = ThroughActivation(dh, value);
        });
    delta_below_ = delta_;
    delta_ = below;
  }

  // Direct sampling: theta_s = mu + sigma eps_s, the same for all rows.
  VIME_INLINE T Weight(int s, std::int64_t p) const {
    return MulAdd(net_.stddev[p], noise_.values[s * std::int64_t{net_.num_parameters} + p],
                  net_.mean[p]);
  }

  VIME_INLINE void ForwardDirect() {
    for (int l = 0; l < net_.num_layers; ++l) {
      const int in = net_.sizes[l] + 1;
      const int out = net_.sizes[l + 1];
      for (int s = 0; s < samples_; ++s) {
        const F* h = inputs_[l] + (l == 0 ? 0 : s * in);
        Contract<1, 4>(
            1, out, in, [=](int, int i) { return h[i]; },
            [&](int i, int j) { return F(Weight(s, offset_[l] + i * out + j)); },
            [&](int, int j, const F& a) { Emit(l, s, j, a); });
      }
      AppendOnes(l);
    }
  }

  // With theta = mu + sigma eps: dL/dmu = dL/dtheta, dL/dsigma^2 = dL/dtheta eps / (2 sigma).
  template <class Consumer>
  VIME_INLINE void BackwardDirectLayer(int l, Consumer& consumer) {
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
          g_sigma = MulAdd(g, F(noise_.values[s * std::int64_t{net_.num_parameters} + p]), g_sigma);
        }
        consumer.Weight(p, g_mu, g_sigma * F(T(0.5) / net_.stddev[p]));
      }
    }
    if (l == 0) return;
    F* below = delta_below_;
    for (int s = 0; s < samples_; ++s) {
      Contract<1, 4>(
          1, in - 1, out, [&](int, int j) { return delta_[s * out + j]; },
          [&](int j, int i) { return F(Weight(s, offset_[l] + i * out + j)); },
          [&](int, int i, const F& dh) {
            below[s * (in - 1) + i] = ThroughActivation(dh, inputs_[l][s * in + i]);
          });
    }
    delta_below_ = delta_;
    delta_ = below;
  }

  // Closed-form moments of one hidden relu layer. With z = m / sqrt v, Phi and phi the standard
  // normal distribution and density, and hidden unit h = max(a, 0), a ~ N(m, v):
  //   E h = m Phi + sqrt(v) phi,  E h^2 = (m^2 + v) Phi + m sqrt(v) phi,  Var h = E h^2 - (E h)^2
  // and for an output with weights (w, u = sigma^2), since the units are independent,
  //   M = sum w E h,  V = sum (w^2 Var h + u E h^2),  E_q[(f - y)^2] = (M - y)^2 + V.
  // inputs_[1] holds E h; moments_ holds Phi, phi / (2 sqrt v), E h^2, and V per output.
  VIME_INLINE void ForwardMoments() {
    const int in = net_.sizes[0] + 1;
    const int hidden = net_.sizes[1];
    const int out = net_.sizes[2];
    const F* x = inputs_[0];
    F* mean_h = inputs_[1];
    F* cdf = moments_;
    F* half_density = moments_ + width_;
    F* square_h = moments_ + 2 * width_;
    F* output_variance = moments_ + 3 * width_;
    Contract<1, 4>(
        1, hidden, in,
        [=](int, int i) {
          return Pair<F>{x[i], x[i] * x[i]};
        },
        [&](int i, int j) {
          return Pair<F>{F(net_.mean[i * hidden + j]), F(net_.variance[i * hidden + j])};
        },
        [&](int, int j, const Pair<F>& moments) {
          const F m = moments.first;
          const F v = moments.second;
          const F sd = Sqrt(v);
          const F z = m / sd;
          const F density = NormalPdf(z);
          const F sd_density = sd * density;
          first_variance_[j] = v;
          cdf[j] = NormalCdf(z);
          half_density[j] = F(T(0.5)) * density / sd;
          mean_h[j] = MulAdd(m, cdf[j], sd_density);
          square_h[j] = MulAdd(MulAdd(m, m, v), cdf[j], m * sd_density);
        });
    mean_h[hidden] = F(T(1));
    square_h[hidden] = F(T(1));
    const std::int64_t offset = offset_[1];
    for (int o = 0; o < out; ++o) {
      F mean = F(T(0));
      F variance = F(T(0));
      for (int i = 0; i <= hidden; ++i) {
        const T w = net_.mean[offset + i * out + o];
        const F variance_h = VarianceOfHidden(i, hidden);
        mean = MulAdd(mean_h[i], F(w), mean);
        variance = MulAdd(variance_h, F(w * w), variance);
        variance = MulAdd(square_h[i], F(net_.variance[offset + i * out + o]), variance);
      }
      prediction_[o] = mean;
      output_variance[o] = variance;
    }
  }

  // Var h, never below 0; 0 for the bias.
  VIME_INLINE F VarianceOfHidden(int i, int hidden) const {
    if (i == hidden) return F(T(0));
    const F mean_h = inputs_[1][i];
    return Max(moments_[2 * width_ + i] - mean_h * mean_h, F(T(0)));
  }

  // With e = (M - y)/s^2 and k = 1/(2 s^2):
  //   dL/dw_i = e E h_i + 2 k w_i Var h_i,     dL/du_i = k E h_i^2
  //   dL/dE h = sum_o (e w - 2 k w^2 E h),     dL/dE h^2 = sum_o k (w^2 + u)
  //   dL/dm = dL/dE h Phi + dL/dE h^2 2 E h,   dL/dv = dL/dE h phi/(2 sqrt v) + dL/dE h^2 Phi
  template <class Consumer>
  VIME_INLINE void BackwardMoments(const F* y, const F& mask, Consumer& consumer) {
    const int in = net_.sizes[0] + 1;
    const int hidden = net_.sizes[1];
    const int out = net_.sizes[2];
    const F* mean_h = inputs_[1];
    const F* square_h = moments_ + 2 * width_;
    const std::int64_t offset = offset_[1];
    for (int i = 0; i <= hidden; ++i) {
      const F variance_h = VarianceOfHidden(i, hidden);
      F d_mean = F(T(0));
      F d_square = F(T(0));
      for (int o = 0; o < out; ++o) {
        const std::int64_t p = offset + i * out + o;
        const T sd = net_.likelihood_stddev[o];
        const F k = mask * F(T(0.5) / (sd * sd));
        const F two_k = k + k;
        const F e = (prediction_[o] - y[o]) * two_k;
        const F w = F(net_.mean[p]);
        consumer.Weight(p, MulAdd(e, mean_h[i], two_k * w * variance_h), k * square_h[i]);
        d_mean = d_mean + MulAdd(e, w, -(two_k * w * w * mean_h[i]));
        d_square = MulAdd(k, MulAdd(w, w, F(net_.variance[p])), d_square);
      }
      if (i == hidden) break;
      const F cdf = moments_[i];
      first_delta_[i] = MulAdd(d_mean, cdf, d_square * (mean_h[i] + mean_h[i]));
      first_variance_delta_[i] = MulAdd(d_mean, moments_[width_ + i], d_square * cdf);
    }
    consumer.FirstLayer(inputs_[0], first_delta_, first_variance_delta_, first_variance_, in,
                        hidden);
  }

  const NetworkView<T>& net_;
  const NoiseView<T>& noise_;
  int samples_;
  int width_;
  std::int64_t offset_[kMaxLayers];  // of layer l in the flat parameter vector
  F* inputs_[kMaxLayers];            // of layer l: [samples, or 1 for l = 0][in + 1]
  F* ratio_[kMaxLayers];             // eps / (2 sqrt v) of layer l: [samples][out]
  F* prediction_;                    // [samples][outputs]
  F* delta_;                         // D of the current layer: [samples][out]
  F* delta_below_;
  F* variance_delta_;  // E of the current layer: [samples][out]
  F* first_variance_;  // v, D and E of the first layer, summed over samples: [out]
  F* first_delta_;
  F* first_variance_delta_;
  F* moments_;       // kMoments: Phi, phi / (2 sqrt v), E h^2, V: [4][width]
  F* noise_values_;  // keyed noise: [samples][units]
  F* scratch_end_;
};

}  // namespace vime
