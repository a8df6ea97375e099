#include "lib/bnn/elbo.h"

#include "lib/core/check.h"
#include "lib/math/elementary.h"

namespace vime {
namespace {

void CheckModel(const LinearRegression& model) {
  VIME_CHECK(model.x.rows() == model.y.size());
  VIME_CHECK(model.noise_sd > 0 && model.prior_sd > 0);
}

DiagonalGaussian<double> Prior(const LinearRegression& model) {
  const Index n = model.x.cols();
  return DiagonalGaussian<double>::FromStandardDeviation(VectorXd::Zero(n),
                                                         VectorXd::Constant(n, model.prior_sd));
}

// tr(X S X^T) = |X R|^2 for S = R R^T.
double ExpectedLogLikelihood(const LinearRegression& model, const VectorXd& mean, double trace) {
  return LogLikelihood(model, mean) - trace / (2 * model.noise_sd * model.noise_sd);
}

template <class Q>
MonteCarloEstimate Estimate(const Q& q, const std::function<double(const VectorXd&)>& log_joint,
                            int samples, Rng& rng) {
  VIME_CHECK(samples >= 2);
  // Welford's running mean and sum of squared deviations.
  double mean = 0;
  double squares = 0;
  for (int s = 0; s < samples; ++s) {
    const VectorXd w = Sample(q, rng);
    const double value = log_joint(w) - LogDensity(q, w);
    const double deviation = value - mean;
    mean += deviation / (s + 1);
    squares += deviation * (value - mean);
  }
  const double n = samples;
  return {mean, Sqrt(squares / (n - 1) / n)};
}

}  // namespace

double LogLikelihood(const LinearRegression& model, const VectorXd& w) {
  CheckModel(model);
  VIME_CHECK(w.size() == model.x.cols());
  double sum = 0;
  for (Index b = 0; b < model.y.size(); ++b) {
    double residual = model.y[b];
    for (Index i = 0; i < w.size(); ++i) residual -= model.x(b, i) * w[i];
    const double z = residual / model.noise_sd;
    sum -= kHalfLog2Pi + Log(model.noise_sd) + 0.5 * z * z;
  }
  return sum;
}

double LogJoint(const LinearRegression& model, const VectorXd& w) {
  return LogLikelihood(model, w) + LogDensity(Prior(model), w);
}

double Elbo(const LinearRegression& model, const DiagonalGaussian<double>& q) {
  CheckModel(model);
  const VectorXd sigma = q.StandardDeviation();
  double trace = 0;
  for (Index b = 0; b < model.x.rows(); ++b) {
    for (Index i = 0; i < q.size(); ++i) {
      const double term = model.x(b, i) * sigma[i];
      trace += term * term;
    }
  }
  return ExpectedLogLikelihood(model, q.mean, trace) - KlDivergence(q, Prior(model));
}

double Elbo(const LinearRegression& model, const FullGaussian& q) {
  CheckModel(model);
  double trace = 0;
  for (Index b = 0; b < model.x.rows(); ++b) {
    for (Index j = 0; j < q.size(); ++j) {
      double term = 0;
      for (Index i = j; i < q.size(); ++i) term += model.x(b, i) * q.cholesky()(i, j);
      trace += term * term;
    }
  }
  return ExpectedLogLikelihood(model, q.mean(), trace) -
         KlDivergence(q, FullGaussian(Prior(model)));
}

FullGaussian ExactPosterior(const LinearRegression& model) {
  CheckModel(model);
  const Index n = model.x.cols();
  const double noise_precision = 1 / (model.noise_sd * model.noise_sd);
  MatrixXd precision = MatrixXd::Zero(n, n);
  VectorXd shift = VectorXd::Zero(n);
  for (Index i = 0; i < n; ++i) {
    for (Index b = 0; b < model.x.rows(); ++b) shift[i] += model.x(b, i) * model.y[b];
    shift[i] *= noise_precision;
    for (Index j = 0; j <= i; ++j) {
      double sum = 0;
      for (Index b = 0; b < model.x.rows(); ++b) sum += model.x(b, i) * model.x(b, j);
      precision(i, j) = precision(j, i) = sum * noise_precision;
    }
    precision(i, i) += 1 / (model.prior_sd * model.prior_sd);
  }
  // With precision = R R^T and A = R^-1, the covariance is A^T A.
  const FullGaussian factor(VectorXd::Zero(n), precision);
  MatrixXd a(n, n);
  for (Index j = 0; j < n; ++j) a.col(j) = factor.Whiten(VectorXd::Unit(n, j));
  MatrixXd covariance(n, n);
  VectorXd mean(n);
  const VectorXd whitened = factor.Whiten(shift);
  for (Index i = 0; i < n; ++i) {
    for (Index j = 0; j <= i; ++j) {
      double sum = 0;
      for (Index k = i; k < n; ++k) sum += a(k, i) * a(k, j);
      covariance(i, j) = covariance(j, i) = sum;
    }
    mean[i] = 0;
    for (Index k = i; k < n; ++k) mean[i] += a(k, i) * whitened[k];
  }
  return FullGaussian(mean, covariance);
}

double LogEvidence(const LinearRegression& model) {
  CheckModel(model);
  const Index rows = model.x.rows();
  MatrixXd covariance(rows, rows);
  for (Index b = 0; b < rows; ++b) {
    for (Index c = 0; c <= b; ++c) {
      double sum = 0;
      for (Index i = 0; i < model.x.cols(); ++i) sum += model.x(b, i) * model.x(c, i);
      covariance(b, c) = covariance(c, b) = sum * model.prior_sd * model.prior_sd;
    }
    covariance(b, b) += model.noise_sd * model.noise_sd;
  }
  return LogDensity(FullGaussian(VectorXd::Zero(rows), covariance), model.y);
}

MonteCarloEstimate MonteCarloElbo(const DiagonalGaussian<double>& q,
                                  const std::function<double(const VectorXd&)>& log_joint,
                                  int samples, Rng& rng) {
  return Estimate(q, log_joint, samples, rng);
}

MonteCarloEstimate MonteCarloElbo(const FullGaussian& q,
                                  const std::function<double(const VectorXd&)>& log_joint,
                                  int samples, Rng& rng) {
  return Estimate(q, log_joint, samples, rng);
}

}  // namespace vime
