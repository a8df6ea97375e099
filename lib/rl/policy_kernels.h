// Kernels of the diagonal Gaussian policy pi(a|s) = N(a; mean(s), diag(std^2)) whose mean is a
// tanh MLP of the scaled observation and whose log standard deviation does not depend on s.
#pragma once

#include "lib/math/rows_view.h"
#include "lib/nn/mlp_kernel.h"

namespace vime {

template <class T>
struct PolicyView {
  MlpView<T> mlp;
  int num_weights;  ///< of the MLP; the log standard deviations follow in the score
  const T* offset;  ///< inputs are (observation - offset) scale
  const T* scale;
  const T* stddev;  ///< per action
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

/// means[k stride + b] = mean of action k in row b.
template <class F>
void PolicyMeanKernel(const PolicyView<ScalarOf<F>>& policy, RowsView<ScalarOf<F>> observations,
                      std::int64_t rows, ScalarOf<F>* means, std::int64_t stride, void* scratch) {
  PackMlp<F> mlp(policy.mlp, static_cast<F*>(scratch));
  for (std::int64_t row = 0; row < rows; row += kLanes<F>) {
    const std::int64_t count = rows - row;
    LoadPolicyInputs(policy, observations, row, count, mlp);
    mlp.Forward();
    for (int k = 0; k < mlp.num_outputs(); ++k) {
      StoreSome(means + k * stride + row, mlp.outputs()[k], count);
    }
  }
}

/// scores[c P + p] += sum_b w_bc d log pi(a_b|s_b) / d theta_p for channels c of the weights
/// (w_bc = weights.data[c stride + b]), P parameters: MLP weights, then log standard deviations.
///   d log pi / d mean_k    = (a_k - mean_k) / std_k^2
///   d log pi / d log std_k = (a_k - mean_k)^2 / std_k^2 - 1
template <class F>
void PolicyScoresKernel(const PolicyView<ScalarOf<F>>& policy, RowsView<ScalarOf<F>> observations,
                        RowsView<ScalarOf<F>> actions, std::int64_t rows,
                        RowsView<ScalarOf<F>> weights, int channels, double* scores,
                        void* scratch) {
  using T = ScalarOf<F>;
  F* memory = static_cast<F*>(scratch);
  PackMlp<F> mlp(policy.mlp, memory);
  memory += MlpScratchNumbers(policy.mlp.sizes, policy.mlp.num_layers);
  const int outputs = mlp.num_outputs();
  const int parameters = policy.num_weights + outputs;
  F* cotangent = memory;
  F* weight = memory + outputs;
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
    for (int k = 0; k < outputs; ++k) {
      const F inverse = F(T(1) / policy.stddev[k]);
      const F z = (LoadSome<F>(actions.data + k * actions.stride + row, count) - mlp.outputs()[k]) *
                  inverse;
      cotangent[k] = z * inverse;
      for (int c = 0; c < channels; ++c) {
        F& s = sum[c * parameters + policy.num_weights + k];
        s = MulAdd(weight[c], MulAdd(z, z, F(T(-1))), s);
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

/// product[p] += sum_b (F_b direction)_p, F_b = J^T diag(1/std^2) J for the mean, 2 I for the log
/// standard deviations: the Fisher information of the Gaussian, J = d mean / d theta.
template <class F>
void PolicyFisherKernel(const PolicyView<ScalarOf<F>>& policy, RowsView<ScalarOf<F>> observations,
                        std::int64_t rows, const ScalarOf<F>* direction, double* product,
                        void* scratch) {
  using T = ScalarOf<F>;
  F* memory = static_cast<F*>(scratch);
  PackMlp<F> mlp(policy.mlp, memory);
  memory += MlpScratchNumbers(policy.mlp.sizes, policy.mlp.num_layers);
  const int outputs = mlp.num_outputs();
  F* cotangent = memory;
  F* sum = memory + outputs;
  for (int i = 0; i < policy.num_weights; ++i) sum[i] = F(T(0));
  for (std::int64_t row = 0; row < rows; row += kLanes<F>) {
    const std::int64_t count = rows - row;
    LoadPolicyInputs(policy, observations, row, count, mlp);
    mlp.Forward();
    mlp.Jvp(direction);
    const F mask = LiveLanes<F>(count);
    for (int k = 0; k < outputs; ++k) {
      const T sd = policy.stddev[k];
      cotangent[k] = mlp.tangent()[k] * F(T(1) / (sd * sd)) * mask;
    }
    mlp.Vjp(cotangent, [&](std::int64_t p, const F& g) VIME_INLINE_LAMBDA { sum[p] = sum[p] + g; });
  }
  for (int p = 0; p < policy.num_weights; ++p) product[p] += static_cast<double>(LaneSum(sum[p]));
  for (int k = 0; k < outputs; ++k) {
    const int p = policy.num_weights + k;
    product[p] += 2.0 * static_cast<double>(direction[p]) * static_cast<double>(rows);
  }
}

}  // namespace vime
