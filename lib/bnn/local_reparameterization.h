// Forward and backward by local reparameterisation [K15]: the noise enters where it acts, one
// number per pre-activation instead of one per weight.
//   m_j = sum_i h_i mu_ij,  v_j = sum_i h_i^2 sigma_ij^2    moments of pre-activation j
//   a_j = m_j + sqrt(v_j) eps_j
//   D_j = dL/da_j = dL/dm_j,  E_j = dL/dv_j = D_j eps_j / (2 sqrt v_j)
//   dL/dmu_ij = sum_s h_i D_j,  dL/dsigma_ij^2 = sum_s h_i^2 E_j
// The first layer has the same h, m and v in every sample: its gradient needs only D_j and E_j
// summed over the samples, and nothing of size samples x units is stored for it but h itself.
#pragma once

#include "lib/bnn/network_pack.h"
#include "lib/math/normals.h"

namespace vime {

template <class F, class Activation, class W = ScalarOf<F>>
class LocalPack : public NetworkPack<F, Activation, W> {
  using T = ScalarOf<F>;
  using Base = NetworkPack<F, Activation, W>;
  using Base::delta_, Base::delta_below_, Base::inputs_, Base::net_, Base::offset_, Base::samples_,
      Base::width_;

 public:
  /// `scratch` holds ScratchNumbers() numbers F, aligned for F.
  VIME_INLINE LocalPack(const NetworkView<T, W>& net, const NoiseView<T>& noise, F* scratch)
      : Base(net, noise.num_samples, scratch), noise_(noise) {
    units_ = UnitsPerSample(net.sizes, net.num_layers);
    for (int l = 1; l < net.num_layers; ++l) {
      ratio_[l] = this->Take(std::int64_t{samples_} * net.sizes[l + 1]);
    }
    variance_delta_ = this->Take(std::int64_t{samples_} * width_);
    first_variance_ = this->Take(width_);
    first_half_inverse_ = this->Take(width_);
    first_delta_ = this->Take(width_);
    first_variance_delta_ = this->Take(width_);
    eps_ = this->Take(std::int64_t{samples_} * units_ + 4 * kNoiseBlocks);
    if (noise.values != nullptr && noise.row_stride == 0) {
      for (int k = 0; k < samples_ * units_; ++k) eps_[k] = F(noise.values[k]);
    }
  }

  /// Takes rows [row, row + count) of x and draws or loads their noise.
  VIME_INLINE void Load(const RowsView<T>& x, std::int64_t row, std::int64_t count) {
    Base::Load(x, row, count);
    PrepareNoise(row, count);
  }

  VIME_INLINE void Forward() {
    ForwardFirstLayer();
    int first_unit = net_.sizes[1];
    for (int l = 1; l < net_.num_layers; ++l) {
      ForwardLayer(l, first_unit);
      first_unit += net_.sizes[l + 1];
    }
  }

  VIME_INLINE F NegativeLogLikelihood(const F* y, F* squared_residual) const {
    return Base::NegativeLogLikelihood(y, nullptr, squared_residual);
  }

  /// Back-propagates mask * L and hands the gradient to `consumer` (see network_pack.h).
  template <class Consumer>
  VIME_INLINE void Backward(const F* y, const F& mask, Consumer& consumer) {
    this->StartBackward(y, mask);
    for (int j = 0; j < net_.sizes[1]; ++j) {
      first_delta_[j] = F(T(0));
      first_variance_delta_[j] = F(T(0));
    }
    for (int l = net_.num_layers - 1; l >= 1; --l) BackwardLayer(l, consumer);
    if (net_.num_layers == 1) {
      for (int j = 0; j < net_.sizes[1]; ++j) {
        for (int s = 0; s < samples_; ++s) AddToFirstLayer(s, j, delta_[s * net_.sizes[1] + j]);
      }
    }
    for (int j = 0; j < net_.sizes[1]; ++j) {
      first_variance_delta_[j] = first_variance_delta_[j] * first_half_inverse_[j];
    }
    consumer.FirstLayer(inputs_[0], first_delta_, first_variance_delta_, first_variance_,
                        net_.sizes[0] + 1, net_.sizes[1]);
  }

 private:
  static constexpr int kNoiseBlocks = 4;  // drawn at a time

  // eps_[s units + unit]. Keyed noise: value k of lane i is normal k of the sequence with item
  // row + i. Noise shared by all rows was loaded once.
  VIME_PHASE void PrepareNoise(std::int64_t row, std::int64_t count) {
    const int num_values = samples_ * units_;
    if (noise_.values == nullptr) {
      const auto item = ConsecutiveWords<F>(noise_.key.item + static_cast<std::uint32_t>(row));
      for (int k = 0; k < num_values; k += 4 * kNoiseBlocks) {
        NormalBlocks<F, kNoiseBlocks>(
            static_cast<std::uint32_t>(k / 4), 1, item, noise_.key.iteration,
            static_cast<std::uint32_t>(noise_.key.stream), noise_.key.seed, eps_ + k);
      }
    } else if (noise_.row_stride > 0) {
      for (int k = 0; k < num_values; ++k) {
        eps_[k] = LoadSome<F>(noise_.values + k * noise_.row_stride + row, count);
      }
    }
  }

  VIME_PHASE void ForwardFirstLayer() {
    const int in = net_.sizes[0] + 1;
    const int out = net_.sizes[1];
    const F* h = inputs_[0];
    ContractTiles<1, kColumns / 2>(
        1, out, in,
        [=](int, int i) VIME_INLINE_LAMBDA {
          return Pair<F>{h[i], h[i] * h[i]};
        },
        Weights(0),
        [&]<int R, int C, class Value>(const Tile<R, C, Value>& moments) VIME_INLINE_LAMBDA {
          const int j = moments.c0;
          F sd[C];
#pragma GCC unroll 8
          for (int c = 0; c < C; ++c) {
            const F v = moments.sum[0][c].second;
            sd[c] = Sqrt(v);
            first_variance_[j + c] = v;
            first_half_inverse_[j + c] = F(T(0.5)) / sd[c];
          }
          for (int s = 0; s < samples_; ++s) {
            const F* eps = eps_ + s * units_ + j;
#pragma GCC unroll 8
            for (int c = 0; c < C; ++c) {
              this->Emit(0, s, j + c, MulAdd(sd[c], eps[c], moments.sum[0][c].first));
            }
          }
        });
    this->AppendOnes(0);
  }

  VIME_PHASE void ForwardLayer(int l, int first_unit) {
    const int in = net_.sizes[l] + 1;
    const int out = net_.sizes[l + 1];
    const F* eps = eps_ + first_unit;
    F* ratio = ratio_[l];
    Contract<kPairRows, 2>(samples_, out, in, Inputs(l), Weights(l),
                           [&](int s, int j, const Pair<F>& moments) VIME_INLINE_LAMBDA {
                             const F sd = Sqrt(moments.second);
                             const F noise = eps[s * units_ + j];
                             ratio[s * out + j] = noise * (F(T(0.5)) / sd);
                             this->Emit(l, s, j, MulAdd(sd, noise, moments.first));
                           });
    this->AppendOnes(l);
  }

  template <class Consumer>
  VIME_PHASE void BackwardLayer(int l, Consumer& consumer) {
    const int in = net_.sizes[l] + 1;
    const int out = net_.sizes[l + 1];
    const F* h = inputs_[l];
    const F* delta = delta_;
    F* variance_delta = variance_delta_;
    for (int k = 0; k < samples_ * out; ++k) variance_delta[k] = delta[k] * ratio_[l][k];
    const auto deltas = [=](int s, int j) VIME_INLINE_LAMBDA {
      return Pair<F>{delta[s * out + j], variance_delta[s * out + j]};
    };
    const auto inputs = Inputs(l);
    const std::int64_t offset = offset_[l];
    Contract<kPairRows, 2>(
        in, out, samples_, [=](int i, int s) VIME_INLINE_LAMBDA { return inputs(s, i); }, deltas,
        [&](int i, int j, const Pair<F>& g)
            VIME_INLINE_LAMBDA { consumer.Weight(offset + i * out + j, g.first, g.second); });
    // dL/dh_i = sum_j D_j mu_ij + 2 h_i sum_j E_j sigma_ij^2, and through the activation to D_i.
    const auto weights = Weights(l);
    const auto transposed = [=](int j, int i) VIME_INLINE_LAMBDA { return weights(i, j); };
    const auto delta_below = [&](int s, int i, const Pair<F>& g) VIME_INLINE_LAMBDA {
      const F value = h[s * in + i];
      return Activation::Through(MulAdd(value + value, g.second, g.first), value);
    };
    if (l == 1) {
      ContractTiles<kPairRows, 2>(
          samples_, in - 1, out, deltas, transposed,
          [&]<int R, int C, class Value>(const Tile<R, C, Value>& tile) VIME_INLINE_LAMBDA {
#pragma GCC unroll 8
            for (int c = 0; c < C; ++c) {
              const int i = tile.c0 + c;
              F sum = first_delta_[i];
              F variance_sum = first_variance_delta_[i];
#pragma GCC unroll 8
              for (int r = 0; r < R; ++r) {
                const int s = tile.r0 + r;
                const F d = delta_below(s, i, tile.sum[r][c]);
                sum = sum + d;
                variance_sum = MulAdd(d, eps_[s * units_ + i], variance_sum);
              }
              first_delta_[i] = sum;
              first_variance_delta_[i] = variance_sum;
            }
          });
    } else {
      F* below = delta_below_;
      Contract<kPairRows, 2>(samples_, in - 1, out, deltas, transposed,
                             [&](int s, int i, const Pair<F>& g) VIME_INLINE_LAMBDA {
                               below[s * (in - 1) + i] = delta_below(s, i, g);
                             });
      this->SwapDeltas();
    }
  }

  VIME_INLINE void AddToFirstLayer(int s, int j, const F& d) {
    first_delta_[j] = first_delta_[j] + d;
    first_variance_delta_[j] = MulAdd(d, eps_[s * units_ + j], first_variance_delta_[j]);
  }

  // (h, h^2) of layer l > 0 by sample and input.
  VIME_INLINE auto Inputs(int l) const {
    return [h = inputs_[l], in = net_.sizes[l] + 1](int s, int i) {
      const F value = h[s * in + i];
      return Pair<F>{value, value * value};
    };
  }

  // (mu, sigma^2) of layer l by input and output.
  VIME_INLINE auto Weights(int l) const {
    return [mu = net_.mean + offset_[l], variance = net_.variance + offset_[l],
            out = net_.sizes[l + 1]](int i, int j) {
      return Pair<F>{F(mu[i * out + j]), F(variance[i * out + j])};
    };
  }

  const NoiseView<T>& noise_;
  int units_;                // pre-activations per sample
  F* eps_;                   // [samples][units]
  F* ratio_[kMaxLayers];     // eps / (2 sqrt v) of layer l > 0: [samples][out]
  F* variance_delta_;        // E of the current layer: [samples][out]
  F* first_variance_;        // v of the first layer: [out]
  F* first_half_inverse_;    // 1 / (2 sqrt v) of the first layer: [out]
  F* first_delta_;           // D of the first layer, summed over the samples: [out]
  F* first_variance_delta_;  // E of the first layer, summed over the samples: [out]
};

}  // namespace vime
