// Kernels over a Bayesian network: information gain, ELBO gradient and prediction for blocks of
// rows, and the elementwise update of the belief. Templates over a number F; the instantiations
// are listed in lib/kernels.
#pragma once

#include "lib/bnn/closed_form_moments.h"
#include "lib/bnn/direct_sampling.h"
#include "lib/bnn/gaussian_change.h"
#include "lib/bnn/information_gain_options.h"
#include "lib/bnn/local_reparameterization.h"
#include "lib/math/lane_sum.h"
#include "lib/math/rows_view.h"

namespace vime {

/// Calls body(pack) with the pack that samples as `noise` says and activates as `net` says.
template <class F, class W, class Body>
VIME_INLINE void WithPack(const NetworkView<ScalarOf<F>, W>& net,
                          const NoiseView<ScalarOf<F>>& noise, void* scratch, const Body& body) {
  const auto with = [&]<class Pack>() VIME_INLINE_LAMBDA {
    Pack pack(net, noise, static_cast<F*>(scratch));
    body(pack);
  };
  const bool relu = net.activation == Activation::kRelu;
  if (noise.sampling == Sampling::kMoments) {
    with.template operator()<MomentsPack<F, W>>();
  } else if (noise.sampling == Sampling::kLocal) {
    if (relu) {
      with.template operator()<LocalPack<F, Relu, W>>();
    } else {
      with.template operator()<LocalPack<F, HyperbolicTangent, W>>();
    }
  } else {
    if (relu) {
      with.template operator()<DirectPack<F, Relu, W>>();
    } else {
      with.template operator()<DirectPack<F, HyperbolicTangent, W>>();
    }
  }
}

/// Features [0, count) of the outputs, as a pack.
template <class F>
VIME_INLINE void LoadTargets(const RowsView<ScalarOf<F>>& y, std::int64_t row, std::int64_t count,
                             int num_outputs, F* targets) {
  for (int o = 0; o < num_outputs; ++o) {
    targets[o] = LoadSome<F>(y.data + o * y.stride + row, count);
  }
}

/// Calls body(i, count) for the packs of [0, n).
template <class F, class Body>
VIME_INLINE void ForEachPack(std::int64_t n, const Body& body) {
  for (std::int64_t i = 0; i < n; i += kLanes<F>) body(i, n - i);
}

// ---- Information gain --------------------------------------------------------------------------

/// Hands the first layer to consumer.Weight() weight by weight.
template <class F, class Consumer>
VIME_INLINE void EachWeightOfFirstLayer(Consumer& consumer, const F* x, const F* delta,
                                        const F* variance_delta, int in, int out) {
  for (int i = 0; i < in; ++i) {
    const F input = x[i];
    const F square = input * input;
    for (int j = 0; j < out; ++j) {
      consumer.Weight(i * out + j, input * delta[j], square * variance_delta[j]);
    }
  }
}

/// The Newton step of one transition has H = diag(1/sigma^2, 2 sigmoid(rho)^2/sigma^2), and
/// dL/drho = dL/dsigma^2 2 sigma sigmoid(rho): the sigmoids cancel and
///   grad^T H^-1 grad = sum_p (sigma_p dL/dmu_p)^2 + 2 (sigma_p^2 dL/dsigma_p^2)^2.
/// In the first layer dL/dmu_ij = x_i D_j and dL/dsigma_ij^2 = x_i^2 E_j, so that the sums over i
/// are D_j^2 v_j and 2 E_j^2 sum_i (x_i^2 sigma_ij^2)^2.
template <class F>
struct TaylorConsumer {
  using T = ScalarOf<F>;
  const NetworkView<T>& net;
  F mean_part = F(T(0));      // sum (sigma dL/dmu)^2
  F variance_part = F(T(0));  // sum (sigma^2 dL/dsigma^2)^2

  VIME_INLINE void Weight(std::int64_t p, const F& g_mu, const F& g_var) {
    const F a = g_mu * F(net.stddev[p]);
    const F b = g_var * F(net.variance[p]);
    mean_part = MulAdd(a, a, mean_part);
    variance_part = MulAdd(b, b, variance_part);
  }

  VIME_INLINE void FirstLayer(const F* x, const F* delta, const F* variance_delta,
                              const F* variance, int in, int out) {
    for (int j = 0; j < out; ++j) {
      F fourth = F(T(0));  // sum_i (x_i^2 sigma_ij^2)^2
      for (int i = 0; i < in; ++i) {
        const F term = x[i] * x[i] * F(net.variance[i * out + j]);
        fourth = MulAdd(term, term, fourth);
      }
      mean_part = MulAdd(delta[j] * delta[j], variance[j], mean_part);
      variance_part = MulAdd(variance_delta[j] * variance_delta[j], fourth, variance_part);
    }
  }

  VIME_INLINE F Gain(const F& lambda) const {
    return lambda * lambda * MulAdd(F(T(0.5)), mean_part, variance_part);
  }
};

/// The exact divergence between q(phi') and q(phi), phi' = phi - lambda H^-1 grad, per weight:
///   dmu = -lambda sigma^2 dL/dmu,   drho = -lambda sigma^3 / sigmoid(rho) dL/dsigma^2.
/// KL[old || new] is the KL of the change from phi' back to phi.
template <class F>
struct ExactConsumer {
  using T = ScalarOf<F>;
  const NetworkView<T>& net;
  F lambda;
  bool reversed;
  F divergence = F(T(0));

  VIME_INLINE void Weight(std::int64_t p, const F& g_mu, const F& g_var) {
    const T sigma = net.stddev[p];
    const T variance = net.variance[p];
    const F rho = F(net.rho[p]);
    const F d_mu = -(lambda * g_mu) * F(variance);
    const F d_rho = -(lambda * g_var) * F(variance * (sigma / net.slope[p]));
    const F kl = reversed ? KlOfChange(rho + d_rho, -d_mu, -d_rho) : KlOfChange(rho, d_mu, d_rho);
    divergence = divergence + kl;
  }

  VIME_INLINE void FirstLayer(const F* x, const F* delta, const F* variance_delta, const F*, int in,
                              int out) {
    EachWeightOfFirstLayer(*this, x, delta, variance_delta, in, out);
  }
};

/// The same where |drho| <= kSmallStretch in every weight, by series. KL[old || new] is that of the
/// way back, whose stretch is v = sigma/sigma' - 1 and whose shift is (1 + v) dmu/sigma.
template <class F, bool kReversed>
struct SmallStepConsumer {
  using T = ScalarOf<F>;
  const NetworkView<T>& net;
  const T* rho_step;       // -lambda sigma^3 / sigmoid(rho), per weight
  const T* inverse_sigma;  // 1 / sigma
  F mean_part = F(T(0));   // sum (shift / lambda)^2
  F sigma_part = F(T(0));  // what the changes of sigma contribute
  F largest = F(T(0));     // max |drho|

  VIME_INLINE void Weight(std::int64_t p, const F& g_mu, const F& g_var) {
    F shift = g_mu * F(net.stddev[p]);
    const F d_rho = g_var * F(rho_step[p]);
    F stretch = SmallStretch(F(net.slope[p]), F(inverse_sigma[p]), d_rho);
    if constexpr (kReversed) {
      stretch = -stretch / (F(T(1)) + stretch);
      shift = MulAdd(stretch, shift, shift);
    }
    mean_part = MulAdd(shift, shift, mean_part);
    sigma_part = sigma_part + KlOfSmallStretch(stretch);
    largest = Max(largest, Abs(d_rho));
  }

  VIME_INLINE void FirstLayer(const F* x, const F* delta, const F* variance_delta, const F*, int in,
                              int out) {
    EachWeightOfFirstLayer(*this, x, delta, variance_delta, in, out);
  }

  VIME_INLINE F Divergence(const F& lambda) const {
    return MulAdd(F(T(0.5)) * lambda * lambda, mean_part, sigma_part);
  }
};

/// Fills what SmallStepConsumer needs beside the network.
template <class F>
void PrepareSmallSteps(const NetworkView<ScalarOf<F>>& net, const F& lambda, ScalarOf<F>* rho_step,
                       ScalarOf<F>* inverse_sigma) {
  using T = ScalarOf<F>;
  ForEachPack<F>(net.num_parameters, [&](std::int64_t p, std::int64_t count) VIME_INLINE_LAMBDA {
    const F sigma = LoadSome<F>(net.stddev + p, count);
    const F slope = LoadSome<F>(net.slope + p, count);
    StoreSome(rho_step + p, -lambda * (sigma * sigma * (sigma / slope)), count);
    StoreSome(inverse_sigma + p, F(T(1)) / sigma, count);
  });
}

/// The exact divergence of the rows of a pack, after Forward(): by series where they suffice.
template <bool kReversed, class F, class Pack>
VIME_PHASE F ExactGain(Pack& pack, const F* targets, const NetworkView<ScalarOf<F>>& net,
                       const F& lambda, const ScalarOf<F>* rho_step,
                       const ScalarOf<F>* inverse_sigma) {
  SmallStepConsumer<F, kReversed> small{net, rho_step, inverse_sigma};
  pack.Backward(targets, F(ScalarOf<F>(1)), small);
  const auto large = small.largest > F(kSmallStretch<ScalarOf<F>>);
  if (!Any(large)) return small.Divergence(lambda);
  ExactConsumer<F> general{net, lambda, kReversed};
  pack.Backward(targets, F(ScalarOf<F>(1)), general);
  return Select(large, general.divergence, small.Divergence(lambda));
}

/// out[b] = the information gain of row b: how far one Newton step on that row alone moves the
/// belief [H16, section 2.5]. With l = -E_q[log p(y_b | x_b, theta)] and H the diagonal Hessian of
/// the divergence,
///   1/2 lambda^2 grad l^T H^-1 grad l   or   KL between q(phi - lambda H^-1 grad l) and q(phi).
/// The network is not changed.
template <class F>
void InformationGainKernel(const NetworkView<ScalarOf<F>>& net, const NoiseView<ScalarOf<F>>& noise,
                           RowsView<ScalarOf<F>> x, RowsView<ScalarOf<F>> y, std::int64_t rows,
                           const InformationGainOptions& options, ScalarOf<F>* out, void* scratch) {
  using T = ScalarOf<F>;
  const F lambda = F(static_cast<T>(options.step_size));
  WithPack<F>(net, noise, scratch, [&](auto& pack) VIME_INLINE_LAMBDA {
    F* targets = pack.ScratchEnd();
    T* rho_step = reinterpret_cast<T*>(targets + pack.num_outputs());
    T* inverse_sigma = rho_step + net.num_parameters;
    if (options.form != GainForm::kTaylor) PrepareSmallSteps(net, lambda, rho_step, inverse_sigma);
    for (std::int64_t row = 0; row < rows; row += kLanes<F>) {
      const std::int64_t count = rows - row;
      pack.Load(x, row, count);
      pack.Forward();
      LoadTargets(y, row, count, pack.num_outputs(), targets);
      F gain;
      if (options.form == GainForm::kTaylor) {
        TaylorConsumer<F> consumer{net};
        pack.Backward(targets, F(T(1)), consumer);
        gain = consumer.Gain(lambda);
      } else if (options.form == GainForm::kExact) {
        gain = ExactGain<false>(pack, targets, net, lambda, rho_step, inverse_sigma);
      } else {
        gain = ExactGain<true>(pack, targets, net, lambda, rho_step, inverse_sigma);
      }
      StoreSome(out + row, gain, count);
    }
  });
}

// ---- ELBO gradient -----------------------------------------------------------------------------

/// Adds the gradient summed over lanes to flat arrays. Dead lanes carry zeros.
template <class F>
struct GradientConsumer {
  using T = ScalarOf<F>;
  T* grad_mean;
  T* grad_variance;

  VIME_INLINE void Weight(std::int64_t p, const F& g_mu, const F& g_var) {
    grad_mean[p] += LaneSum(g_mu);
    grad_variance[p] += LaneSum(g_var);
  }

  VIME_INLINE void FirstLayer(const F* x, const F* delta, const F* variance_delta, const F*, int in,
                              int out) {
    for (int i = 0; i < in; ++i) {
      AddProducts(x[i], delta, out, grad_mean + i * out);
      AddProducts(x[i] * x[i], variance_delta, out, grad_variance + i * out);
    }
  }

  /// to[j] += the sum over lanes of factor * values[j].
  VIME_INLINE static void AddProducts(const F& factor, const F* values, int count, T* to) {
    ForEachPack<F>(count, [&](std::int64_t j, std::int64_t left) VIME_INLINE_LAMBDA {
      F products[kLanes<F>];
      for (int k = 0; k < kLanes<F>; ++k) {
        products[k] = k < left ? factor * values[j + k] : F(T(0));
      }
      StoreSome(to + j, LoadSome<F>(to + j, left) + LaneSums(products), left);
    });
  }
};

/// Adds the gradient of sum_b L_b, L_b = -E_q[log N(y_b; f_theta(x_b), s^2)], with respect to mu
/// and sigma^2 to grad_mean and grad_variance (each may be null for the values only). Writes
/// -L_b to log_likelihood[b] and E_q[(f_o - y_o)^2] to squared_residual[o rows + b], each when not
/// null.
template <class F>
void ElboGradientKernel(const NetworkView<ScalarOf<F>>& net, const NoiseView<ScalarOf<F>>& noise,
                        RowsView<ScalarOf<F>> x, RowsView<ScalarOf<F>> y, std::int64_t rows,
                        ScalarOf<F>* grad_mean, ScalarOf<F>* grad_variance,
                        ScalarOf<F>* log_likelihood, ScalarOf<F>* squared_residual, void* scratch) {
  WithPack<F>(net, noise, scratch, [&](auto& pack) VIME_INLINE_LAMBDA {
    F* targets = pack.ScratchEnd();
    F* residual = targets + pack.num_outputs();
    for (std::int64_t row = 0; row < rows; row += kLanes<F>) {
      const std::int64_t count = rows - row;
      pack.Load(x, row, count);
      pack.Forward();
      LoadTargets(y, row, count, pack.num_outputs(), targets);
      if (log_likelihood != nullptr || squared_residual != nullptr) {
        const F loss = pack.NegativeLogLikelihood(targets, residual);
        if (log_likelihood != nullptr) StoreSome(log_likelihood + row, -loss, count);
        for (int o = 0; squared_residual != nullptr && o < pack.num_outputs(); ++o) {
          StoreSome(squared_residual + o * rows + row, residual[o], count);
        }
      }
      if (grad_mean != nullptr) {
        GradientConsumer<F> consumer{grad_mean, grad_variance};
        pack.Backward(targets, LiveLanes<F>(count), consumer);
      }
    }
  });
}

/// predictions[(s outputs + o) rows + b] = output o of row b under sample s (kMoments: s = 0, the
/// mean).
template <class F>
void PredictKernel(const NetworkView<ScalarOf<F>>& net, const NoiseView<ScalarOf<F>>& noise,
                   RowsView<ScalarOf<F>> x, std::int64_t rows, ScalarOf<F>* predictions,
                   void* scratch) {
  WithPack<F>(net, noise, scratch, [&](auto& pack) VIME_INLINE_LAMBDA {
    for (std::int64_t row = 0; row < rows; row += kLanes<F>) {
      const std::int64_t count = rows - row;
      pack.Load(x, row, count);
      pack.Forward();
      for (int s = 0; s < pack.num_samples(); ++s) {
        for (int o = 0; o < pack.num_outputs(); ++o) {
          StoreSome(predictions + (s * pack.num_outputs() + o) * rows + row, pack.Prediction(s, o),
                    count);
        }
      }
    }
  });
}

// ---- Elementwise -------------------------------------------------------------------------------

/// sigma = softplus(rho), sigma^2, and d sigma / d rho = sigmoid(rho).
template <class F>
void RefreshPosteriorKernel(std::int64_t n, const ScalarOf<F>* rho, ScalarOf<F>* stddev,
                            ScalarOf<F>* variance, ScalarOf<F>* slope) {
  ForEachPack<F>(n, [=](std::int64_t i, std::int64_t count) VIME_INLINE_LAMBDA {
    const F r = LoadSome<F>(rho + i, count);
    const SoftplusResult<F> sigma = SoftplusWithSlope(r);
    StoreSome(stddev + i, sigma.value, count);
    StoreSome(variance + i, sigma.value * sigma.value, count);
    StoreSome(slope + i, sigma.slope, count);
  });
}

/// Turns the gradient of the negative log-likelihood with respect to (mu, sigma^2) into that of
/// the negative ELBO  w KL[q || N(0, prior_sd^2)] - E_q[log p(D | theta)]  with respect to
/// (mu, rho), in place:
///   d/dmu  = g_mu + w mu / prior_sd^2
///   d/drho = (2 sigma g_var + w (sigma / prior_sd^2 - 1 / sigma)) sigmoid(rho)
template <class F>
void AddPriorGradientKernel(std::int64_t n, const NetworkView<ScalarOf<F>>& net,
                            const ScalarOf<F>* prior_precision, ScalarOf<F> kl_weight,
                            ScalarOf<F>* grad_mean, ScalarOf<F>* grad_variance_to_rho) {
  using T = ScalarOf<F>;
  const F w = F(kl_weight);
  ForEachPack<F>(n, [&, w](std::int64_t i, std::int64_t count) VIME_INLINE_LAMBDA {
    const F precision = LoadSome<F>(prior_precision + i, count);
    const F sigma = LoadSome<F>(net.stddev + i, count);
    const F mu = LoadSome<F>(net.mean + i, count);
    const F slope = LoadSome<F>(net.slope + i, count);
    const F g_mu = LoadSome<F>(grad_mean + i, count);
    const F g_var = LoadSome<F>(grad_variance_to_rho + i, count);
    StoreSome(grad_mean + i, MulAdd(w * mu, precision, g_mu), count);
    const F prior = w * (sigma * precision - F(T(1)) / sigma);
    const F g_sigma = MulAdd(sigma + sigma, g_var, prior);
    StoreSome(grad_variance_to_rho + i, g_sigma * slope, count);
  });
}

}  // namespace vime
