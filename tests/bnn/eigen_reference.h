// An independent implementation of the information gain in plain Eigen, written from the formulas
// of [H16] and [K15] without the algebra of lib/bnn: every gradient is formed per weight.
#pragma once

#include <cmath>
#include <vector>

#include "lib/bnn/bayesian_network.h"

namespace vime::testing {

struct ReferenceGain {
  double taylor, exact;
};

/// eps holds one normal per unit and sample, sample by sample, as Noise::values does.
inline ReferenceGain ReferenceInformationGain(const NetworkShape& shape,
                                              const DiagonalGaussian<double>& q,
                                              const VectorXd& likelihood_stddev, const VectorXd& x,
                                              const VectorXd& y, const VectorXd& eps, int samples,
                                              double lambda) {
  const int layers = shape.num_layers();
  const auto layer = [&](const VectorXd& flat, int l, Index& offset) {
    const Index in = shape.sizes[l] + 1, out = shape.sizes[l + 1];
    const auto map = Eigen::Map<const Eigen::Matrix<double, -1, -1, Eigen::RowMajor>>(
        flat.data() + offset, in, out);
    offset += in * out;
    return MatrixXd(map);
  };
  const VectorXd sigma = q.rho.unaryExpr([](double r) { return std::log1p(std::exp(r)); });
  std::vector<MatrixXd> mu, variance, grad_mu, grad_variance;
  for (Index l = 0, a = 0, b = 0; l < layers; ++l) {
    mu.push_back(layer(q.mean, static_cast<int>(l), a));
    variance.push_back(layer(sigma, static_cast<int>(l), b).array().square());
    grad_mu.push_back(MatrixXd::Zero(mu.back().rows(), mu.back().cols()));
    grad_variance.push_back(grad_mu.back());
  }
  Index next = 0;
  for (int s = 0; s < samples; ++s) {
    std::vector<VectorXd> h, sd, noise;
    VectorXd a = x;
    for (int l = 0; l < layers; ++l) {
      if (l > 0) {
        a = shape.activation == Activation::kTanh ? VectorXd(a.array().tanh())
                                                  : VectorXd(a.cwiseMax(0.0));
      }
      VectorXd input(a.size() + 1);
      input << a, 1;
      h.push_back(input);
      sd.push_back((variance[l].transpose() * input.cwiseAbs2()).cwiseSqrt());
      noise.push_back(eps.segment(next, sd.back().size()));
      next += sd.back().size();
      a = mu[l].transpose() * input + sd.back().cwiseProduct(noise.back());
    }
    VectorXd delta = (a - y).cwiseQuotient(likelihood_stddev.cwiseAbs2()) / samples;
    for (int l = layers - 1; l >= 0; --l) {
      const VectorXd e = 0.5 * delta.cwiseProduct(noise[l]).cwiseQuotient(sd[l]);
      grad_mu[l] += h[l] * delta.transpose();
      grad_variance[l] += h[l].cwiseAbs2() * e.transpose();
      if (l == 0) break;
      const VectorXd dh =
          (mu[l] * delta + 2 * h[l].cwiseProduct(variance[l] * e)).head(h[l].size() - 1);
      const VectorXd below = h[l].head(dh.size());
      delta = shape.activation == Activation::kTanh
                  ? VectorXd(dh.array() * (1 - below.array().square()))
                  : VectorXd((below.array() > 0).select(dh.array(), 0.0));
    }
  }
  ReferenceGain gain{0, 0};
  Index p = 0;
  for (int l = 0; l < layers; ++l) {
    for (Index i = 0; i < mu[l].rows(); ++i) {
      for (Index j = 0; j < mu[l].cols(); ++j, ++p) {
        const double rho = q.rho[p], s2 = variance[l](i, j), slope = 1 / (1 + std::exp(-rho));
        const double g_rho = grad_variance[l](i, j) * 2 * std::sqrt(s2) * slope;
        const double d_mu = -lambda * s2 * grad_mu[l](i, j);
        const double d_rho = -lambda * s2 / (2 * slope * slope) * g_rho;
        gain.taylor += 0.5 * (d_mu * d_mu + 2 * slope * slope * d_rho * d_rho) / s2;
        const double u = std::log1p(slope * std::expm1(d_rho)) / std::sqrt(s2);  // sigma'/sigma - 1
        gain.exact += u + 0.5 * u * u - std::log1p(u) + 0.5 * d_mu * d_mu / s2;
      }
    }
  }
  return gain;
}

}  // namespace vime::testing
