// Gaussians with a full covariance matrix, for small dimensions: the reference that the diagonal
// beliefs are measured against.
//
// Everything goes through the Cholesky factor, covariance = L L^T, in plain loops, so that the
// result has the same bits on every machine; no inverse is formed. Densities and divergences are
// in nats.
#pragma once

#include "lib/bnn/diagonal_gaussian.h"
#include "lib/core/rng.h"
#include "lib/core/types.h"

namespace vime {

/// N(mean, covariance) in n dimensions.
class FullGaussian {
 public:
  /// mean has length n, covariance is n x n. Throws NumericalError when the covariance is not
  /// symmetric, not positive definite or not finite.
  FullGaussian(VectorXd mean, MatrixXd covariance);
  /// The same distribution with covariance diag(sigma^2).
  explicit FullGaussian(const DiagonalGaussian<double>& q);

  Index size() const { return mean_.size(); }
  const VectorXd& mean() const { return mean_; }
  const MatrixXd& covariance() const { return covariance_; }
  /// The lower triangular L with L L^T = covariance, n x n.
  const MatrixXd& cholesky() const { return cholesky_; }

  /// L^-1 v by forward substitution, length n.
  VectorXd Whiten(const VectorXd& v) const;
  /// log det(covariance)/2 = sum_i log L_ii.
  double HalfLogDeterminant() const;

 private:
  VectorXd mean_;
  MatrixXd covariance_;
  MatrixXd cholesky_;
};

/// log q(x) = -n/2 log(2 pi) - 1/2 log det S - 1/2 (x - m)^T S^-1 (x - m), in nats.
double LogDensity(const FullGaussian& q, const VectorXd& x);

/// m + L eps with eps ~ N(0, I); eps_i is the i-th normal drawn from rng.
VectorXd Sample(const FullGaussian& q, Rng& rng);

/// KL[q || p] = 1/2 [log(det S_p/det S_q) - n + tr(S_p^-1 S_q) + d^T S_p^-1 d], d = m_q - m_p, in
/// nats. With M = L_p^-1 L_q this is
///   1/2 [sum_i (M_ii^2 - 1 - log M_ii^2) + sum_{i > j} M_ij^2 + |L_p^-1 d|^2],
/// a sum of nonnegative terms, evaluated from M - I = L_p^-1 (L_q - L_p): it is zero exactly when
/// q and p are identical and does not cancel when they nearly are.
double KlDivergence(const FullGaussian& q, const FullGaussian& p);

/// H[q] = n/2 log(2 pi e) + 1/2 log det S, in nats.
double Entropy(const FullGaussian& q);

}  // namespace vime
