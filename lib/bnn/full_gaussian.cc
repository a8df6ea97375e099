#include "lib/bnn/full_gaussian.h"

#include <limits>
#include <string>
#include <utility>

#include "lib/core/check.h"
#include "lib/math/cholesky.h"
#include "lib/math/elementary.h"

namespace vime {
namespace {

void CheckSymmetric(const MatrixXd& s) {
  for (Index i = 0; i < s.rows(); ++i) {
    for (Index j = 0; j < i; ++j) {
      const double tolerance = 1e-10 * Max(Abs(s(i, i)), Abs(s(j, j)));
      if (!(Abs(s(i, j) - s(j, i)) <= tolerance)) {
        throw NumericalError("the covariance matrix of a Gaussian is not symmetric (entry " +
                             std::to_string(i) + ", " + std::to_string(j) + ")");
      }
    }
  }
}

MatrixXd CheckedCholesky(const MatrixXd& s) {
  const double epsilon = static_cast<double>(s.rows()) * std::numeric_limits<double>::epsilon();
  MatrixXd l = CholeskyFactor(s);
  for (Index j = 0; j < s.rows(); ++j) {
    const double pivot = l(j, j) * l(j, j);
    // Written so that a NaN fails too; a pivot within rounding of zero is no pivot.
    if (!(pivot > epsilon * s(j, j) && pivot <= std::numeric_limits<double>::max())) {
      throw NumericalError("the covariance matrix of a Gaussian is not positive definite (pivot " +
                           std::to_string(j) + " of " + std::to_string(s.rows()) + ")");
    }
  }
  return l;
}

double SquaredNorm(const VectorXd& v) {
  double sum = 0;
  for (Index i = 0; i < v.size(); ++i) sum += v[i] * v[i];
  return sum;
}

MatrixXd DiagonalCovariance(const VectorXd& sigma) {
  MatrixXd s = MatrixXd::Zero(sigma.size(), sigma.size());
  for (Index i = 0; i < sigma.size(); ++i) s(i, i) = sigma[i] * sigma[i];
  return s;
}

}  // namespace

FullGaussian::FullGaussian(VectorXd mean, MatrixXd covariance)
    : mean_(std::move(mean)), covariance_(std::move(covariance)) {
  VIME_CHECK(covariance_.rows() == mean_.size() && covariance_.cols() == mean_.size());
  CheckSymmetric(covariance_);
  cholesky_ = CheckedCholesky(covariance_);
}

FullGaussian::FullGaussian(const DiagonalGaussian<double>& q)
    : FullGaussian(q.mean, DiagonalCovariance(q.StandardDeviation())) {}

VectorXd FullGaussian::Whiten(const VectorXd& v) const {
  VIME_CHECK(v.size() == size());
  VectorXd z = v;
  SolveLower(cholesky_, z);
  return z;
}

double FullGaussian::HalfLogDeterminant() const {
  double sum = 0;
  for (Index i = 0; i < size(); ++i) sum += Log(cholesky_(i, i));
  return sum;
}

double LogDensity(const FullGaussian& q, const VectorXd& x) {
  VIME_CHECK(x.size() == q.size());
  const double n = static_cast<double>(q.size());
  return -n * kHalfLog2Pi - q.HalfLogDeterminant() - 0.5 * SquaredNorm(q.Whiten(x - q.mean()));
}

VectorXd Sample(const FullGaussian& q, Rng& rng) {
  VectorXd eps(q.size());
  for (Index i = 0; i < eps.size(); ++i) eps[i] = rng.Normal();
  VectorXd x(q.size());
  for (Index i = 0; i < x.size(); ++i) {
    double sum = 0;
    for (Index k = 0; k <= i; ++k) sum += q.cholesky()(i, k) * eps[k];
    x[i] = q.mean()[i] + sum;
  }
  return x;
}

double KlDivergence(const FullGaussian& q, const FullGaussian& p) {
  VIME_CHECK(q.size() == p.size());
  double twice = SquaredNorm(p.Whiten(q.mean() - p.mean()));
  for (Index j = 0; j < p.size(); ++j) {
    const VectorXd e = p.Whiten(q.cholesky().col(j) - p.cholesky().col(j));  // of M - I
    const double u = e[j];
    const double log_m = Abs(u) < 0.5 ? Log1p(u) : Log(q.cholesky()(j, j) / p.cholesky()(j, j));
    twice += ExpExcess(2 * log_m);
    for (Index i = j + 1; i < p.size(); ++i) twice += e[i] * e[i];
  }
  return 0.5 * twice;
}

double Entropy(const FullGaussian& q) {
  return static_cast<double>(q.size()) * (kHalfLog2Pi + 0.5) + q.HalfLogDeterminant();
}

}  // namespace vime
