// A Bayesian neural network: the belief q(theta; phi) over the weights of an MLP.
#pragma once

#include <vector>

#include "lib/bnn/diagonal_gaussian.h"
#include "lib/bnn/information_gain_options.h"
#include "lib/bnn/network_view.h"
#include "lib/core/types.h"

namespace vime {

/// The MLP f_theta: widths from inputs to outputs and the activation of the hidden layers.
struct NetworkShape {
  std::vector<int> sizes;
  Activation activation = Activation::kRelu;

  int num_layers() const { return static_cast<int>(sizes.size()) - 1; }
  int num_inputs() const { return sizes.front(); }
  int num_outputs() const { return sizes.back(); }
  /// Weights and biases, layer by layer.
  int num_parameters() const;
  /// Pre-activations per sample.
  int num_units() const;
  /// inputs + 1 (bias included) of the layer that each parameter belongs to.
  std::vector<int> FanIn() const;
};

/// The random numbers eps behind E_q (see NoiseView); either explicit or named by a key.
template <class T>
struct Noise {
  Sampling sampling = Sampling::kLocal;
  int num_samples = 1;
  Vector<T> values;
  Index row_stride = 0;
  NoiseKey key;

  NoiseView<T> View() const {
    return {sampling, num_samples, values.size() > 0 ? values.data() : nullptr, row_stride, key};
  }
};

/// The first `count` normals of a named sequence.
template <class T>
Vector<T> NormalSequence(const NoiseKey& key, Index count);

/// Noise named by `key`: per row for local sampling, drawn as weights for direct sampling, none
/// for closed-form moments.
template <class T>
Noise<T> MakeNoise(const NetworkShape& shape, Sampling sampling, int num_samples,
                   const NoiseKey& key);

template <class T>
class BayesianNetwork {
 public:
  /// The belief starts at `posterior`. Prior N(0, prior_stddev_p^2) on parameter p; Gaussian
  /// likelihood with standard deviation likelihood_stddev_o on output o.
  BayesianNetwork(NetworkShape shape, const DiagonalGaussian<T>& posterior, Vector<T> prior_stddev,
                  Vector<T> likelihood_stddev);

  const NetworkShape& shape() const { return shape_; }
  DiagonalGaussian<T> posterior() const;
  const Vector<T>& prior_stddev() const { return prior_stddev_; }
  const Vector<T>& likelihood_stddev() const { return likelihood_stddev_; }
  void SetLikelihoodStddev(const Vector<T>& stddev) { likelihood_stddev_ = stddev; }

  /// phi = (mu, rho), the variational parameters as one vector. After changing it, call Refresh().
  Vector<T>& phi() { return phi_; }
  const Vector<T>& phi() const { return phi_; }
  /// Recomputes sigma = softplus(rho) and what follows from it.
  void Refresh();

  /// KL[q || prior] in nats.
  double KlToPrior() const;

  /// Valid until the network changes. With `row_stddev` (N x outputs, not null) the likelihood of
  /// every row has its own standard deviations.
  NetworkView<T> View(const Features<T>* row_stddev = nullptr) const;
  const Vector<T>& prior_precision() const { return prior_precision_; }

 private:
  NetworkShape shape_;
  Vector<T> phi_;
  Vector<T> prior_stddev_, prior_precision_, likelihood_stddev_;
  Vector<T> stddev_, variance_, slope_;
};

/// Predictions of every row under every sample: result[s] is N x outputs. With kMoments there is
/// one, the mean.
template <class T>
std::vector<Features<T>> Predict(const BayesianNetwork<T>& network, const FeaturesRef<T>& x,
                                 const Noise<T>& noise);

/// f(x) at the mean weights, N x outputs.
template <class T>
Features<T> PredictAtMean(const BayesianNetwork<T>& network, const FeaturesRef<T>& x);

/// E_q[log p(y_b | x_b, theta)] of every row, and the gradient of
/// w KL[q || prior] - sum_b E_q[log p(y_b | x_b, theta)].
template <class T>
struct ElboGradient {
  Vector<T> log_likelihood;      ///< per row, nats
  Features<T> squared_residual;  ///< E_q[(f_o - y_o)^2], N x outputs
  Vector<T> gradient;            ///< d/d phi, phi = (mu, rho)
};

/// For rows x (N x inputs) and y (N x outputs), KL in closed form [H16 eq. 13], [B15]. `row_stddev`
/// as for BayesianNetwork::View(). The memory of `result` is used again.
template <class T>
void ComputeElboGradient(const BayesianNetwork<T>& network, const FeaturesRef<T>& x,
                         const FeaturesRef<T>& y, double kl_weight, const Noise<T>& noise,
                         const Features<T>* row_stddev, ElboGradient<T>& result);

/// The same with the value of the negative ELBO.
template <class T>
struct NegativeElbo : ElboGradient<T> {
  double loss = 0;  ///< w KL - sum of log_likelihood
  double kl = 0;    ///< KL[q || prior], nats
};
template <class T>
NegativeElbo<T> ComputeNegativeElbo(const BayesianNetwork<T>& network, const FeaturesRef<T>& x,
                                    const FeaturesRef<T>& y, double kl_weight,
                                    const Noise<T>& noise, const Features<T>* row_stddev = nullptr);

/// The Monte Carlo form of [B15], (1/S) sum_s w (log q(theta_s) - log p(theta_s)) -
/// log p(D | theta_s), on the weights of a direct-sampling noise. Equal in expectation to the loss
/// of ComputeNegativeElbo; it does not need a closed-form KL.
template <class T>
double MonteCarloNegativeElbo(const BayesianNetwork<T>& network, const FeaturesRef<T>& x,
                              const FeaturesRef<T>& y, double kl_weight, const Noise<T>& noise);

/// The information gain of every row: KL between the belief after one Newton step on that row
/// alone and the belief before it [H16 section 2.5]. A function of its arguments: the network does
/// not move, rows do not influence each other, and the thread count changes nothing. `row_stddev`
/// as for BayesianNetwork::View(). Nats.
template <class T>
Vector<T> InformationGain(const BayesianNetwork<T>& network, const FeaturesRef<T>& x,
                          const FeaturesRef<T>& y, const InformationGainOptions& options,
                          const Noise<T>& noise, int num_threads = 1,
                          const Features<T>* row_stddev = nullptr);

/// The belief after that Newton step on one row: phi' = phi - lambda H^-1 grad l, with H the
/// diagonal Hessian of KL[q(phi') || q(phi)] at phi' = phi, where that divergence has gradient
/// zero, and l = KL[q(phi') || q(phi)] - E_q[log p(y | x, theta)].
template <class T>
DiagonalGaussian<T> NewtonStep(const BayesianNetwork<T>& network, const FeaturesRef<T>& x,
                               const FeaturesRef<T>& y, double step_size, const Noise<T>& noise,
                               const Features<T>* row_stddev = nullptr);

}  // namespace vime
