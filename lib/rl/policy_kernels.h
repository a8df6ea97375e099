// Kernels of the diagonal Gaussian policy pi(a|s) = N(a; mean(s), diag(std^2)) whose mean is a
// tanh MLP of the scaled observation. Its log standard deviation either does not depend on s, or
// comes from further outputs of the MLP.
#pragma once

#include "lib/math/lane_sum.h"
#include "lib/math/rows_view.h"
#include "lib/nn/mlp_kernel.h"

namespace vime {

/// Maps a raw output r, any real number, to a log standard deviation between two bounds:
///   log std = centre + half_width tanh(r / half_width).
/// In the middle of the bounds a change of r is one of log std; towards them the slope falls to 0
/// without a jump, so that derivatives are exact everywhere and point back inside.
template <class T>
struct LogStddevBounds {
  T centre, half_width;
};

/// log std of a raw output, and d log std / d raw = 1 - tanh(r / half_width)^2.
template <class F>
struct LogStddevResult {
  F value, slope;
};

template <class F>
VIME_INLINE LogStddevResult<F> BoundedLogStddev(const LogStddevBounds<ScalarOf<F>>& bounds,
                                                const F& raw) {
  using T = ScalarOf<F>;
  const F t = Tanh(raw * F(T(1) / bounds.half_width));
  return {MulAdd(F(bounds.half_width), t, F(bounds.centre)), F(T(1)) - t * t};
}

/// d log N(a; mean, std^2) / d mean = (a - mean) / std^2 and
/// d log N / d log std = (a - mean)^2 / std^2 - 1, of one component.
template <class F>
struct GaussianScore {
  F mean, log_stddev;
};

template <class F>
VIME_INLINE GaussianScore<F> ScoreGaussian(const F& deviation, const F& inverse_stddev) {
  using T = ScalarOf<F>;
  const F z = deviation * inverse_stddev;
  return {z * inverse_stddev, MulAdd(z, z, F(T(-1)))};
}

template <class T>
struct PolicyView {
  MlpView<T> mlp;
  int num_actions;
  int num_weights;  ///< of the MLP
  const T* offset;  ///< inputs are (observation - offset) scale
  const T* scale;
  /// Per action, when it does not depend on the state: the log standard deviations follow the
  /// weights in the score. Otherwise null: raw outputs follow the means among those of the MLP.
  const T* stddev;
  LogStddevBounds<T> bounds;  ///< of raw outputs
};

template <class F>
VIME_INLINE void LoadPolicyInputs(const PolicyView<ScalarOf<F>>& policy,
                                  const RowsView<ScalarOf<F>>& observations, std::int64_t row,
                                  std::int64_t count, PackMlp<F>& mlp) {
  for (int i = 0; i < mlp.num_inputs(); ++i) {
    const F raw = LoadSome<F>(observations.data + i * observations.stride + row, count);
    mlp.inputs()[i] = (raw - F(policy.offset[i])) * F(policy.scale[i]);
  }
}

/// outputs[k stride + b] = mean of action k in row b; where the standard deviation depends on the
/// state, outputs[(num_actions + k) stride + b] = its logarithm.
template <class F>
void PolicyOutputsKernel(const PolicyView<ScalarOf<F>>& policy, RowsView<ScalarOf<F>> observations,
                         std::int64_t rows, ScalarOf<F>* outputs, std::int64_t stride,
                         void* scratch) {
  PackMlp<F> mlp(policy.mlp, static_cast<F*>(scratch));
  for (std::int64_t row = 0; row < rows; row += kLanes<F>) {
    const std::int64_t count = rows - row;
    LoadPolicyInputs(policy, observations, row, count, mlp);
    mlp.Forward();
    for (int k = 0; k < policy.num_actions; ++k) {
      StoreSome(outputs + k * stride + row, mlp.outputs()[k], count);
    }
    for (int k = policy.num_actions; k < mlp.num_outputs(); ++k) {
      const F log_stddev = BoundedLogStddev(policy.bounds, mlp.outputs()[k]).value;
      StoreSome(outputs + k * stride + row, log_stddev, count);
    }
  }
}

/// scores[c P + p] += sum_b w_bc d log pi(a_b|s_b) / d theta_p for channels c of the weights
/// (w_bc = weights.data[c stride + b]), P parameters: MLP weights, then log standard deviations.
/// A raw output of the MLP has the score of its log std times d log std / d raw.
template <class F>
void PolicyScoresKernel(const PolicyView<ScalarOf<F>>& policy, RowsView<ScalarOf<F>> observations,
                        RowsView<ScalarOf<F>> samples, std::int64_t rows,
                        RowsView<ScalarOf<F>> weights, int channels, double* scores,
                        void* scratch) {
  using T = ScalarOf<F>;
  F* memory = static_cast<F*>(scratch);
  PackMlp<F> mlp(policy.mlp, memory);
  memory += MlpScratchNumbers(policy.mlp.sizes, policy.mlp.num_layers);
  const int actions = policy.num_actions;
  const bool state_dependent = policy.stddev == nullptr;
  const int parameters = policy.num_weights + (state_dependent ? 0 : actions);
  F* cotangent = memory;
  F* weight = memory + mlp.num_outputs();
  F* sum = weight + channels;
  for (int i = 0; i < channels * parameters; ++i) sum[i] = F(T(0));
  for (std::int64_t row = 0; row < rows; row += kLanes<F>) {
    const std::int64_t count = rows - row;
    LoadPolicyInputs(policy, observations, row, count, mlp);
    mlp.Forward();
    const F mask = LiveLanes<F>(count);
    for (int c = 0; c < channels; ++c) {
      weight[c] = mask * LoadSome<F>(weights.data + c * weights.stride + row, count);
    }
    for (int k = 0; k < actions; ++k) {
      const F deviation =
          LoadSome<F>(samples.data + k * samples.stride + row, count) - mlp.outputs()[k];
      if (state_dependent) {
        const auto log_stddev = BoundedLogStddev(policy.bounds, mlp.outputs()[actions + k]);
        const auto score = ScoreGaussian(deviation, Exp(-log_stddev.value));
        cotangent[k] = score.mean;
        cotangent[actions + k] = score.log_stddev * log_stddev.slope;
        continue;
      }
      const auto score = ScoreGaussian(deviation, F(T(1) / policy.stddev[k]));
      cotangent[k] = score.mean;
      for (int c = 0; c < channels; ++c) {
        F& s = sum[c * parameters + policy.num_weights + k];
        s = MulAdd(weight[c], score.log_stddev, s);
      }
    }
    mlp.Vjp(cotangent, [&](std::int64_t p, const F& g) VIME_INLINE_LAMBDA {
      for (int c = 0; c < channels; ++c) {
        F& s = sum[c * parameters + p];
        s = MulAdd(weight[c], g, s);
      }
    });
  }
  for (int i = 0; i < channels * parameters; ++i) scores[i] += static_cast<double>(LaneSum(sum[i]));
}

/// product[p] += sum_b (F_b direction)_p, where the Fisher information of the Gaussian,
/// diag(1/std^2, 2) for (mean, log std), gives
///   F_b = J^T diag(1/std^2, 2) J,  J = d (mean, log std) / d theta;
/// log standard deviations that are themselves parameters have J = I.
template <class F>
void PolicyFisherKernel(const PolicyView<ScalarOf<F>>& policy, RowsView<ScalarOf<F>> observations,
                        std::int64_t rows, const ScalarOf<F>* direction, double* product,
                        void* scratch) {
  using T = ScalarOf<F>;
  F* memory = static_cast<F*>(scratch);
  PackMlp<F> mlp(policy.mlp, memory);
  memory += MlpScratchNumbers(policy.mlp.sizes, policy.mlp.num_layers);
  const int actions = policy.num_actions;
  const bool state_dependent = policy.stddev == nullptr;
  F* cotangent = memory;
  F* sum = memory + mlp.num_outputs();
  for (int i = 0; i < policy.num_weights; ++i) sum[i] = F(T(0));
  for (std::int64_t row = 0; row < rows; row += kLanes<F>) {
    const std::int64_t count = rows - row;
    LoadPolicyInputs(policy, observations, row, count, mlp);
    mlp.Forward();
    mlp.Jvp(direction);
    const F mask = LiveLanes<F>(count);
    for (int k = 0; k < actions; ++k) {
      if (state_dependent) {
        const auto log_stddev = BoundedLogStddev(policy.bounds, mlp.outputs()[actions + k]);
        const F inverse = Exp(-log_stddev.value);
        cotangent[k] = mlp.tangent()[k] * (inverse * inverse) * mask;
        cotangent[actions + k] =
            mlp.tangent()[actions + k] * (F(T(2)) * log_stddev.slope * log_stddev.slope) * mask;
        continue;
      }
      const T sd = policy.stddev[k];
      cotangent[k] = mlp.tangent()[k] * F(T(1) / (sd * sd)) * mask;
    }
    mlp.Vjp(cotangent, [&](std::int64_t p, const F& g) VIME_INLINE_LAMBDA { sum[p] = sum[p] + g; });
  }
  for (int p = 0; p < policy.num_weights; ++p) product[p] += static_cast<double>(LaneSum(sum[p]));
  if (state_dependent) return;
  for (int k = 0; k < actions; ++k) {
    const int p = policy.num_weights + k;
    product[p] += 2.0 * static_cast<double>(direction[p]) * static_cast<double>(rows);
  }
}

}  // namespace vime
