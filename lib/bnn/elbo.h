// The evidence lower bound [B15, section 3],
//   ELBO(q) = E_q[log p(D | w)] - KL[q || p] <= log p(D),
// by sampling for any model, and in closed form for Bayesian linear regression, where the exact
// posterior and the evidence are known too: the touchstone of everything variational here.
// All values in nats.
//
// Source: [B15] Blundell et al., "Weight Uncertainty in Neural Networks", 2015.
#pragma once

#include <functional>

#include "lib/bnn/diagonal_gaussian.h"
#include "lib/bnn/full_gaussian.h"

namespace vime {

/// y = X w + noise with w ~ N(0, prior_sd^2 I) and noise ~ N(0, noise_sd^2 I).
struct LinearRegression {
  MatrixXd x;           ///< N x n
  VectorXd y;           ///< length N
  double noise_sd = 1;  ///< the standard deviation of the likelihood
  double prior_sd = 1;
};

/// log p(y | X, w) = -N/2 log(2 pi s^2) - |y - X w|^2/(2 s^2), s = noise_sd.
double LogLikelihood(const LinearRegression& model, const VectorXd& w);

/// log p(y | X, w) + log p(w).
double LogJoint(const LinearRegression& model, const VectorXd& w);

/// The ELBO in closed form, with E_q[log p(y | X, w)] = log p(y | X, m) - tr(X S X^T)/(2 s^2) for
/// q = N(m, S).
double Elbo(const LinearRegression& model, const DiagonalGaussian<double>& q);
double Elbo(const LinearRegression& model, const FullGaussian& q);

/// p(w | X, y) = N(S X^T y/s^2, S) with S^-1 = X^T X/s^2 + I/prior_sd^2.
FullGaussian ExactPosterior(const LinearRegression& model);

/// log p(y | X) = log N(y; 0, s^2 I + prior_sd^2 X X^T).
double LogEvidence(const LinearRegression& model);

/// A Monte Carlo estimate of an expectation.
struct MonteCarloEstimate {
  double mean = 0;
  double standard_error = 0;
};

/// The ELBO as the average of log p(D, w) - log q(w) over `samples` (at least 2) draws w ~ q
/// [B15, equation 2, with the opposite sign]. log_joint(w) = log p(D | w) + log p(w).
MonteCarloEstimate MonteCarloElbo(const DiagonalGaussian<double>& q,
                                  const std::function<double(const VectorXd&)>& log_joint,
                                  int samples, Rng& rng);
MonteCarloEstimate MonteCarloElbo(const FullGaussian& q,
                                  const std::function<double(const VectorXd&)>& log_joint,
                                  int samples, Rng& rng);

}  // namespace vime
