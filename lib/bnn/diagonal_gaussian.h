// Diagonal Gaussian beliefs in the parametrisation of Bayes by Backprop,
//   q(theta) = prod_i N(theta_i; mean_i, sigma_i^2),   sigma_i = softplus(rho_i) = log(1 + e^rho_i)
// and their entropy and divergences in closed form. Divergences and log densities are in nats and
// summed in double. Everything is finite and accurate wherever the true value is a finite number,
// for |rho| <= 700 (double) or 80 (float), although sigma^2 underflows there.
//
// Sources: [H16] Houthooft et al., "VIME: Variational Information Maximizing Exploration", 2016.
//          [B15] Blundell et al., "Weight Uncertainty in Neural Networks", 2015.
#pragma once

#include "lib/bnn/gaussian_change.h"
#include "lib/core/rng.h"
#include "lib/core/types.h"

namespace vime {

/// prod_i N(mean_i, softplus(rho_i)^2); mean and rho have the same length n.
template <class T>
struct DiagonalGaussian {
  Vector<T> mean;
  Vector<T> rho;

  /// The Gaussian with these standard deviations (all positive): rho = log(e^stddev - 1).
  static DiagonalGaussian FromStandardDeviation(const Vector<T>& mean, const Vector<T>& stddev);

  Index size() const { return mean.size(); }
  /// sigma = softplus(rho), length n.
  Vector<T> StandardDeviation() const;
};

/// log q(x) = sum_i -1/2 log(2 pi) - log sigma_i - 1/2 ((x_i - mean_i)/sigma_i)^2, in nats.
template <class T>
double LogDensity(const DiagonalGaussian<T>& q, const Vector<T>& x);

/// mean + sigma eps with eps ~ N(0, I), the reparameterisation of [B15, section 3.2]; eps_i is the
/// i-th normal drawn from rng.
template <class T>
Vector<T> Sample(const DiagonalGaussian<T>& q, Rng& rng);

/// KL[q || p] = 1/2 sum_i (s_i/s'_i)^2 - 1 - 2 log(s_i/s'_i) + ((m_i - m'_i)/s'_i)^2, in nats, with
/// (m, s) of q and (m', s') of p [H16, equation 21]. Zero exactly when q and p are identical.
template <class T>
double KlDivergence(const DiagonalGaussian<T>& q, const DiagonalGaussian<T>& p);

/// H[q] = -E_q[log q] = sum_i 1/2 log(2 pi e) + log sigma_i, in nats.
template <class T>
double Entropy(const DiagonalGaussian<T>& q);

/// Diagonals of a Hessian with respect to (mean, rho), each of length n.
template <class T>
struct DiagonalHessian {
  Vector<T> mean;
  Vector<T> rho;
};

/// The Hessian of (mean', rho') -> KL[q' || q] at q' = q, which is diagonal and equals the Fisher
/// information of q [H16, section 2.5]:
///   d2/dmean^2 = 1/sigma^2,   d2/drho^2 = 2 sigmoid(rho)^2/sigma^2.
template <class T>
DiagonalHessian<T> KlHessian(const DiagonalGaussian<T>& q);

/// 1/2 delta^T H delta with H = KlHessian(q): the second-order expansion of KL[q' || q] for
/// q' = (mean + delta_mean, rho + delta_rho), in nats [H16, equation 23].
template <class T>
double TaylorKl(const DiagonalGaussian<T>& q, const Vector<T>& delta_mean,
                const Vector<T>& delta_rho);

}  // namespace vime
