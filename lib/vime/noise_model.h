// Heteroscedastic dynamics: how unpredictable a transition is, depending on where it starts.
#pragma once

#include "lib/core/archive.h"
#include "lib/nn/adam.h"
#include "lib/rl/regression_network.h"

namespace vime {

inline constexpr double kLargestStddev = 10;  ///< of NoiseModel, standardised units

/// The standard deviations s_o(x) of the likelihood N(y_o; f_o(x), s_o(x)^2) in standardised units,
/// x = (s, a): log s = g(x), a tanh network with 32 hidden units that is a point estimate, not a
/// belief. Where the noise is known, a noisy transition says little about the mean, and the
/// information gain of it is small.
class NoiseModel {
 public:
  /// s = 1 at first, up to small random weights; never below `floor`, never above kLargestStddev,
  /// and floor <= kLargestStddev. `key` names the random numbers of the weights.
  NoiseModel(int inputs, int outputs, double floor, double learning_rate, const NoiseKey& key);

  /// s(x), N x outputs.
  Features<float> Stddev(const FeaturesRef<float>& x) const;

  /// One Adam step on the mean over rows of sum_o (log s_o + r_o^2 / (2 s_o^2)), r^2 the expected
  /// squared residuals E_q[(f_o - y_o)^2], N x outputs. Its derivative with respect to log s_o,
  /// 1 - r_o^2/s_o^2, is cut at -10, so that a residual beyond 3.3 s_o counts as one of 3.3 s_o.
  void Update(const Features<float>& x, const Features<float>& squared_residual);

  void Serialize(Archive& archive);

 private:
  RegressionNetwork log_stddev_;
  Adam<double> adam_;
  float low_, high_;  // bounds of log s
};

}  // namespace vime
