// Least squares with a tanh network.
#pragma once

#include <vector>

#include "lib/core/archive.h"
#include "lib/core/rng.h"
#include "lib/core/types.h"

namespace vime {

template <class T>
struct PolicyView;

/// f: inputs -> outputs, a tanh MLP with linear outputs, in single precision.
///
/// f is the mean of the Gaussian policy of lib/rl/policy_kernels.h with unit variance, so that the
/// score of the targets is the gradient of the squared error and no kernel is needed but those of
/// policies.
class RegressionNetwork {
 public:
  /// `sizes` are the widths from inputs to outputs. Weights start at N(0, 2/(in + out)), those of
  /// the outputs at N(0, output_stddev^2), biases at 0, drawn from `key`.
  RegressionNetwork(std::vector<int> sizes, double output_stddev, const NoiseKey& key);

  Index num_parameters() const { return theta_.size(); }
  const VectorXd& parameters() const { return theta_; }
  void SetParameters(const VectorXd& theta);

  /// f(x), N x outputs, for x of N x inputs.
  Features<float> Predict(const FeaturesRef<float>& x) const;

  /// The gradient of 1/(2N) sum_b |f(x_b) - y_b|^2 with respect to the parameters.
  VectorXd Gradient(const Features<float>& x, const Features<float>& y) const;

  void Serialize(Archive& archive);

 private:
  PolicyView<float> View() const;

  std::vector<int> sizes_;
  VectorXd theta_;
  Vector<float> weights_;                  // theta in the precision of the kernels
  Vector<float> offset_, scale_, stddev_;  // 0, 1 and 1
};

}  // namespace vime
