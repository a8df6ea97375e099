#include "lib/vime/noise_model.h"

#include <algorithm>

#include "lib/core/check.h"
#include "lib/math/elementary.h"

namespace vime {
namespace {

constexpr int kHidden = 32;
constexpr double kInitialOutputStddev = 0.01;
constexpr float kLeastDerivative = -10;

}  // namespace

NoiseModel::NoiseModel(int inputs, int outputs, double floor, double learning_rate,
                       const NoiseKey& key)
    : log_stddev_({inputs, kHidden, outputs}, kInitialOutputStddev, key),
      adam_(log_stddev_.num_parameters(), {.learning_rate = learning_rate}),
      low_(Log(static_cast<float>(floor))),
      high_(Log(static_cast<float>(kLargestStddev))) {
  VIME_CHECK(floor > 0 && floor <= kLargestStddev);
}

Features<float> NoiseModel::Stddev(const FeaturesRef<float>& x) const {
  Features<float> stddev = log_stddev_.Predict(x);
  for (float& value : stddev.reshaped()) value = Exp(std::clamp(value, low_, high_));
  return stddev;
}

void NoiseModel::Update(const Features<float>& x, const Features<float>& squared_residual) {
  // The gradient of the network's squared error |g - y|^2/2 is J^T (g - y): choose y = g - dL/dg.
  Features<float> target = log_stddev_.Predict(x);
  for (Index o = 0; o < target.cols(); ++o) {
    for (Index b = 0; b < target.rows(); ++b) {
      const float g = std::clamp(target(b, o), low_, high_);
      const float s = Exp(g);
      const float derivative = std::max(1 - squared_residual(b, o) / (s * s), kLeastDerivative);
      const bool outward = (g <= low_ && derivative > 0) || (g >= high_ && derivative < 0);
      if (!outward) target(b, o) -= derivative;
    }
  }
  VectorXd theta = log_stddev_.parameters();
  adam_.Step(theta, log_stddev_.Gradient(x, target));
  log_stddev_.SetParameters(theta);
}

void NoiseModel::Serialize(Archive& archive) {
  log_stddev_.Serialize(archive);
  adam_.Serialize(archive);
}

}  // namespace vime
