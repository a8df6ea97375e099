#include "lib/rl/value_function.h"

#include <Eigen/Cholesky>
#include <algorithm>
#include <cmath>
#include <limits>

#include "lib/core/check.h"
#include "lib/core/statistics.h"
#include "lib/nn/lbfgs.h"

namespace vime {
namespace {

constexpr double kRidge = 1e-5;           // of LinearValue, per row
constexpr int kMlpIterations = 20;        // of L-BFGS per fit
constexpr double kMlpWeightDecay = 1e-4;  // of MlpValue: keeps weights from running away

// Features of LinearValue, N x (2 observation_dim + 4).
MatrixXd LinearFeatures(const FeaturesRef<float>& observations, const VectorXd& steps) {
  const Index dim = observations.cols();
  MatrixXd features(observations.rows(), 2 * dim + 4);
  for (Index d = 0; d < dim; ++d) {
    for (Index row = 0; row < features.rows(); ++row) {
      const double s = std::clamp(static_cast<double>(observations(row, d)), -10.0, 10.0);
      features(row, d) = s;
      features(row, dim + d) = s * s;
    }
  }
  for (Index row = 0; row < features.rows(); ++row) {
    const double t = steps[row] / 100;
    features(row, 2 * dim) = t;
    features(row, 2 * dim + 1) = t * t;
    features(row, 2 * dim + 2) = t * t * t;
    features(row, 2 * dim + 3) = 1;
  }
  return features;
}

}  // namespace

VectorXd StepsOf(const Batch& batch) {
  VectorXd steps(batch.size());
  for (const Trajectory& trajectory : batch.trajectories) {
    for (Index t = 0; t < trajectory.length; ++t) {
      steps[trajectory.begin + t] = static_cast<double>(t);
    }
  }
  return steps;
}

VectorXd NoValue::Predict(const FeaturesRef<float>& observations, const VectorXd& /*steps*/) const {
  return VectorXd::Zero(observations.rows());
}

VectorXd LinearValue::Predict(const FeaturesRef<float>& observations, const VectorXd& steps) const {
  VectorXd prediction = VectorXd::Zero(observations.rows());
  if (coefficients_.size() == 0) return prediction;
  const MatrixXd features = LinearFeatures(observations, steps);
  VIME_CHECK(coefficients_.size() == features.cols());
  for (Index j = 0; j < features.cols(); ++j) {
    for (Index i = 0; i < features.rows(); ++i) prediction[i] += features(i, j) * coefficients_[j];
  }
  return prediction;
}

void LinearValue::Fit(const FeaturesRef<float>& observations, const VectorXd& steps,
                      const VectorXd& targets) {
  const MatrixXd features = LinearFeatures(observations, steps);
  const Index n = features.cols();
  // Normal equations, summed in order so that the result is the same on every machine; for Eigen's
  // factorisation see the flags in CMakeLists.txt.
  MatrixXd gram = MatrixXd::Zero(n, n);
  VectorXd moment = VectorXd::Zero(n);
  for (Index a = 0; a < n; ++a) {
    for (Index t = 0; t < features.rows(); ++t) moment[a] += features(t, a) * targets[t];
    for (Index b = 0; b <= a; ++b) {
      double sum = 0;
      for (Index t = 0; t < features.rows(); ++t) sum += features(t, a) * features(t, b);
      gram(a, b) = sum;
      gram(b, a) = sum;
    }
    gram(a, a) += kRidge * static_cast<double>(features.rows());
  }
  coefficients_ = gram.ldlt().solve(moment);
}

void LinearValue::Serialize(Archive& archive) {
  std::vector<double> coefficients(coefficients_.begin(), coefficients_.end());
  archive.Numbers("value coefficients", coefficients);
  coefficients_ =
      Eigen::Map<const VectorXd>(coefficients.data(), static_cast<Index>(coefficients.size()));
}

MlpValue::MlpValue(const EnvSpec& spec, int horizon, std::uint64_t seed)
    : centre_(spec.observation_dim() + 1),
      inverse_half_width_(spec.observation_dim() + 1),
      network_({spec.observation_dim() + 1, 32, 1}, 0.01, {seed, Stream::kValueInit, 0, 0}) {
  const auto scale = [this](Index i, double low, double high) {
    centre_[i] = static_cast<float>(0.5 * (low + high));
    inverse_half_width_[i] = static_cast<float>(2 / (high - low));
  };
  for (int i = 0; i < spec.observation_dim(); ++i) {
    const Axis& axis = spec.observation[static_cast<std::size_t>(i)];
    scale(i, axis.low, axis.high);
  }
  scale(spec.observation_dim(), 0, horizon);
}

Features<float> MlpValue::Inputs(const FeaturesRef<float>& observations,
                                 const VectorXd& steps) const {
  Features<float> inputs(observations.rows(), observations.cols() + 1);
  inputs.leftCols(observations.cols()) = observations;
  inputs.rightCols<1>() = steps.cast<float>();
  for (Index i = 0; i < inputs.cols(); ++i) {
    for (float& value : inputs.col(i)) value = (value - centre_[i]) * inverse_half_width_[i];
  }
  return inputs;
}

VectorXd MlpValue::Predict(const FeaturesRef<float>& observations, const VectorXd& steps) const {
  const VectorXd f = network_.Predict(Inputs(observations, steps)).col(0).cast<double>();
  return mean_ + stddev_ * f.array();
}

void MlpValue::Fit(const FeaturesRef<float>& observations, const VectorXd& steps,
                   const VectorXd& targets) {
  mean_ = Mean(AsSpan(targets));
  stddev_ = Spread(AsSpan(targets));
  if (!std::isfinite(stddev_)) throw NumericalError("the targets of the value function");
  if (stddev_ == 0) return;
  const Features<float> x = Inputs(observations, steps);
  const Features<float> y = ((targets.array() - mean_) / stddev_).cast<float>();
  // 1/(2N) sum_i (f(x_i) - y_i)^2 + decay/2 |w|^2
  const Objective loss = [&](const VectorXd& w, VectorXd& gradient) {
    network_.SetParameters(w);
    gradient = network_.Gradient(x, y) + kMlpWeightDecay * w;
    const VectorXd residual = (network_.Predict(x).col(0) - y.col(0)).cast<double>();
    return Dot(residual, residual) / (2 * static_cast<double>(y.rows())) +
           0.5 * kMlpWeightDecay * Dot(w, w);
  };
  VectorXd weights = network_.parameters();
  MinimizeLbfgs(loss, kMlpIterations, weights);
  network_.SetParameters(weights);
}

void MlpValue::Serialize(Archive& archive) {
  network_.Serialize(archive);
  archive.Visit("value mean", mean_);
  archive.Visit("value stddev", stddev_);
}

std::unique_ptr<ValueFunction> MakeValueFunction(ValueKind kind, const EnvSpec& spec, int horizon,
                                                 std::uint64_t seed) {
  switch (kind) {
    case ValueKind::kLinear:
      return std::make_unique<LinearValue>();
    case ValueKind::kMlp:
      return std::make_unique<MlpValue>(spec, horizon, seed);
    case ValueKind::kNone:
      break;
  }
  return std::make_unique<NoValue>();
}

double ExplainedVariance(const VectorXd& predictions, const VectorXd& targets) {
  const VectorXd residuals = targets - predictions;
  const double spread = Spread(AsSpan(targets));
  if (!(spread > 0)) return std::numeric_limits<double>::quiet_NaN();
  const double ratio = StandardDeviation(AsSpan(residuals)) / spread;
  return 1 - ratio * ratio;
}

}  // namespace vime
