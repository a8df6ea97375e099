// The kernel behind measures that follow the belief where one row alone would move it: every row
// has a belief of its own, so that its weights are lanes as its inputs are.
#pragma once

#include "lib/bnn/network_kernels.h"
#include "lib/bnn/row_belief_options.h"

namespace vime {

/// A belief per row of a pack, q' = q(phi + d), as weights and as the change d of (mu, rho), so
/// that the divergence of a small change does not cancel.
template <class F>
class RowBeliefs {
  using T = ScalarOf<F>;

 public:
  /// Numbers F of memory per parameter.
  static constexpr int kNumbers = 9;

  /// All rows at `net`. `memory` holds kNumbers numbers F per parameter.
  VIME_INLINE RowBeliefs(const NetworkView<T>& net, F* memory)
      : net_(net),
        view_{.sizes = net.sizes,
              .num_layers = net.num_layers,
              .activation = net.activation,
              .num_parameters = net.num_parameters,
              .mean = nullptr,
              .stddev = nullptr,
              .variance = nullptr,
              .slope = nullptr,
              .rho = nullptr,
              .likelihood_stddev = net.likelihood_stddev,
              .likelihood_stride = net.likelihood_stride} {
    F** arrays[] = {&mean_,      &stddev_,        &variance_,         &slope_, &rho_, &mean_delta_,
                    &rho_delta_, &mean_gradient_, &variance_gradient_};
    static_assert(sizeof arrays / sizeof *arrays == kNumbers);
    for (F** array : arrays) {
      *array = memory;
      memory += net.num_parameters;
    }
    view_.mean = mean_;
    view_.stddev = stddev_;
    view_.variance = variance_;
    view_.slope = slope_;
    view_.rho = rho_;
  }

  const NetworkView<T, F>& view() const { return view_; }

  /// Back to q.
  VIME_PHASE void Reset() {
    for (std::int64_t p = 0; p < net_.num_parameters; ++p) {
      mean_[p] = F(net_.mean[p]);
      stddev_[p] = F(net_.stddev[p]);
      variance_[p] = F(net_.variance[p]);
      slope_[p] = F(net_.slope[p]);
      rho_[p] = F(net_.rho[p]);
      mean_delta_[p] = rho_delta_[p] = F(T(0));
    }
  }

  /// The gradient of -E_q'[log p(y | x, theta)] arrives weight by weight (see network_pack.h).
  VIME_INLINE void Weight(std::int64_t p, const F& g_mu, const F& g_var) {
    mean_gradient_[p] = g_mu;
    variance_gradient_[p] = g_var;
  }
  VIME_INLINE void FirstLayer(const F* x, const F* delta, const F* variance_delta, const F*, int in,
                              int out) {
    EachWeightOfFirstLayer(*this, x, delta, variance_delta, in, out);
  }

  /// phi' <- phi' - lambda P grad l(phi'), l = KL[q' || q] - E_q'[log p(y | x, theta)]; P is the
  /// inverse Hessian of the KL at q' = q, diag(sigma^2, sigma^2 / (2 sigmoid(rho)^2)), or 1.
  ///   dl/dmu  = g_mu + dmu / sigma^2
  ///   dl/drho = (2 sigma' g_var + (sigma'^2 - sigma^2) / (sigma^2 sigma')) sigmoid(rho')
  VIME_PHASE void Step(StepRule rule, const F& lambda) {
    for (std::int64_t p = 0; p < net_.num_parameters; ++p) {
      const F sigma = F(net_.stddev[p]);
      const F precision = F(T(1) / net_.variance[p]);
      const F moved = stddev_[p];
      const F g_mu = MulAdd(mean_delta_[p], precision, mean_gradient_[p]);
      const F prior = (moved - sigma) * (moved + sigma) * precision / moved;
      const F g_rho = MulAdd(moved + moved, variance_gradient_[p], prior) * slope_[p];
      F mean_rate = lambda;
      F rho_rate = lambda;
      if (rule == StepRule::kNewton) {
        const T slope = net_.slope[p];
        mean_rate = lambda * F(net_.variance[p]);
        rho_rate = lambda * F(net_.variance[p] / (T(2) * slope * slope));
      }
      mean_delta_[p] = mean_delta_[p] - mean_rate * g_mu;
      rho_delta_[p] = rho_delta_[p] - rho_rate * g_rho;
      mean_[p] = F(net_.mean[p]) + mean_delta_[p];
      rho_[p] = F(net_.rho[p]) + rho_delta_[p];
      const SoftplusResult<F> softplus = SoftplusWithSlope(rho_[p]);
      stddev_[p] = softplus.value;
      variance_[p] = softplus.value * softplus.value;
      slope_[p] = softplus.slope;
    }
  }

  /// KL[q' || q].
  VIME_PHASE F Divergence() const {
    F sum = F(T(0));
    for (std::int64_t p = 0; p < net_.num_parameters; ++p) {
      sum = sum + KlOfChange(F(net_.rho[p]), mean_delta_[p], rho_delta_[p]);
    }
    return sum;
  }

 private:
  const NetworkView<T>& net_;
  NetworkView<T, F> view_;
  F *mean_, *stddev_, *variance_, *slope_, *rho_;
  F *mean_delta_, *rho_delta_;
  F *mean_gradient_, *variance_gradient_;
};

/// out[b] = what `options` measures of the steps that row b alone makes from the belief. The
/// network is not changed.
template <class F>
void RowBeliefKernel(const NetworkView<ScalarOf<F>>& net, const NoiseView<ScalarOf<F>>& noise,
                     RowsView<ScalarOf<F>> x, RowsView<ScalarOf<F>> y, std::int64_t rows,
                     const RowBeliefOptions& options, ScalarOf<F>* out, void* scratch) {
  using T = ScalarOf<F>;
  F* memory = static_cast<F*>(scratch);
  RowBeliefs<F> beliefs(net, memory);
  F* rest = memory + std::int64_t{RowBeliefs<F>::kNumbers} * net.num_parameters;
  WithPack<F>(beliefs.view(), noise, rest, [&](auto& pack) VIME_INLINE_LAMBDA {
    F* targets = pack.ScratchEnd();
    F* residual = targets + pack.num_outputs();
    for (std::int64_t row = 0; row < rows; row += kLanes<F>) {
      const std::int64_t count = rows - row;
      LoadTargets(y, row, count, pack.num_outputs(), targets);
      pack.Load(x, row, count);
      beliefs.Reset();
      pack.Forward();
      const F before = pack.NegativeLogLikelihood(targets, residual);
      for (int k = 0; k < options.steps; ++k) {
        pack.Backward(targets, F(T(1)), beliefs);
        beliefs.Step(options.rule, F(static_cast<T>(options.step_size)));
        pack.Forward();
      }
      const F measure = options.measure == RowMeasure::kDivergence
                            ? beliefs.Divergence()
                            : before - pack.NegativeLogLikelihood(targets, residual);
      StoreSome(out + row, measure, count);
    }
  });
}

}  // namespace vime
