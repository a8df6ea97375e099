#include "lib/vime/linear_belief.h"

#include <algorithm>

#include "lib/core/check.h"
#include "lib/math/cholesky.h"
#include "lib/math/elementary.h"

namespace vime {
namespace {

constexpr double kAlpha = 1;          // of the prior, in units of the noise
constexpr double kNoiseFloor = 0.03;  // least s_o, standardised targets
constexpr Index kPoolRows = 5000;     // of the pool, spread evenly; each stands for its share

struct EvenRows {
  Index n, of;
  std::size_t size() const { return static_cast<std::size_t>(n); }
  Index operator[](std::size_t i) const { return static_cast<Index>(i) * of / n; }
};

}  // namespace

MatrixXd LearnedFeatures(const BayesianNetwork<float>& network, const Features<float>& x) {
  const NetworkShape& shape = network.shape();
  MatrixXd h = x.cast<double>();
  const float* weights = network.phi().data();  // mu, layer by layer: inputs + bias, x outputs
  for (int l = 0; l + 1 < shape.num_layers(); ++l) {
    const int in = shape.sizes[static_cast<std::size_t>(l)];
    const int out = shape.sizes[static_cast<std::size_t>(l) + 1];
    MatrixXd next(h.rows(), out);
    for (int j = 0; j < out; ++j) {
      next.col(j).setConstant(static_cast<double>(weights[in * out + j]));
      for (int i = 0; i < in; ++i) {
        const double w = static_cast<double>(weights[i * out + j]);
        for (Index b = 0; b < h.rows(); ++b) next(b, j) += w * h(b, i);
      }
      for (double& a : next.col(j)) {
        a = shape.activation == Activation::kRelu ? std::max(a, 0.0) : Tanh(a);
      }
    }
    h = std::move(next);
    weights += (in + 1) * out;
  }
  h.conservativeResize(Eigen::NoChange, h.cols() + 1);
  h.rightCols<1>().setOnes();
  return h;
}

LinearBelief::LinearBelief(const MatrixXd& features, const Features<float>& targets, double weight,
                           double alpha, double floor) {
  VIME_CHECK(features.rows() == targets.rows());
  const Index n = features.cols();
  // Summed in order so that the result is the same on every machine.
  MatrixXd a = alpha * MatrixXd::Identity(n, n);
  for (Index i = 0; i < n; ++i) {
    for (Index j = 0; j <= i; ++j) {
      a(i, j) += weight * Dot(features.col(i), features.col(j));
      a(j, i) = a(i, j);
    }
  }
  factor = CholeskyFactor(a);
  weights.resize(n, targets.cols());
  noise_variance.resize(targets.cols());
  for (Index o = 0; o < targets.cols(); ++o) {
    const VectorXd y = targets.col(o).cast<double>();
    VectorXd moment(n);
    for (Index i = 0; i < n; ++i) moment[i] = weight * Dot(features.col(i), y);
    SolveLower(factor, moment);
    SolveLowerTransposed(factor, moment);
    weights.col(o) = moment;
    VectorXd residual = y;
    for (Index i = 0; i < n; ++i) residual -= weights(i, o) * features.col(i);
    noise_variance[o] =
        std::max(floor * floor, Dot(residual, residual) / static_cast<double>(residual.size()));
  }
}

VectorXd LinearBelief::Gain(const MatrixXd& features, const Features<float>& targets) const {
  VectorXd gain = VectorXd::Zero(features.rows());
  const Index n = features.cols();
  VectorXd solved(n);
  for (Index b = 0; b < features.rows(); ++b) {
    solved = features.row(b);
    SolveLower(factor, solved);
    const double leverage = Dot(solved, solved);
    for (Index o = 0; o < targets.cols(); ++o) {
      double e = static_cast<double>(targets(b, o));
      for (Index i = 0; i < n; ++i) e -= weights(i, o) * features(b, i);
      const double share = leverage / (1 + leverage);
      gain[b] +=
          0.5 * (Log1p(leverage) - share + e * e / noise_variance[o] * share / (1 + leverage));
    }
  }
  return gain;
}

LinearBelief LinearBeliefOf(const DynamicsModel& model) {
  const ReplayPool& pool = model.pool();
  const EvenRows rows{std::min(kPoolRows, pool.size()), pool.size()};
  StandardizedTransitions data;
  model.belief().scaler().Apply(pool.observations(), pool.actions(), pool.next_observations(), rows,
                                data);
  return LinearBelief(LearnedFeatures(model.belief().network(), data.x), data.y,
                      static_cast<double>(rows.of) / static_cast<double>(rows.n), kAlpha,
                      kNoiseFloor);
}

}  // namespace vime
