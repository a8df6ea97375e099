#include "lib/rl/regression_network.h"

#include "lib/core/check.h"
#include "lib/kernels/kernels.h"
#include "lib/nn/initial_weights.h"
#include "lib/rl/policy_kernels.h"

namespace vime {

RegressionNetwork::RegressionNetwork(std::vector<int> sizes, double output_stddev,
                                     const NoiseKey& key)
    : sizes_(std::move(sizes)),
      offset_(Vector<float>::Zero(sizes_.front())),
      scale_(Vector<float>::Ones(sizes_.front())),
      stddev_(Vector<float>::Ones(sizes_.back())) {
  VIME_CHECK(sizes_.size() >= 2 && sizes_.size() <= kMaxMlpLayers + 1);
  Rng rng(key);
  const std::vector<double> theta = InitialMlpWeights(sizes_, output_stddev, rng);
  SetParameters(Eigen::Map<const VectorXd>(theta.data(), static_cast<Index>(theta.size())));
}

void RegressionNetwork::SetParameters(const VectorXd& theta) {
  theta_ = theta;
  weights_ = theta.cast<float>();
}

PolicyView<float> RegressionNetwork::View() const {
  return {.mlp = {sizes_.data(), static_cast<int>(sizes_.size()) - 1, weights_.data()},
          .num_actions = sizes_.back(),
          .num_weights = static_cast<int>(weights_.size()),
          .offset = offset_.data(),
          .scale = scale_.data(),
          .stddev = stddev_.data(),
          .bounds = {}};
}

Features<float> RegressionNetwork::Predict(const FeaturesRef<float>& x) const {
  VIME_CHECK(x.cols() == sizes_.front());
  Features<float> f(x.rows(), sizes_.back());
  const int layers = static_cast<int>(sizes_.size()) - 1;
  GetKernels<float>().policy_outputs(
      View(), {x.data(), x.outerStride()}, x.rows(), f.data(), f.outerStride(),
      KernelScratch<float>(MlpScratchNumbers(sizes_.data(), layers)));
  return f;
}

VectorXd RegressionNetwork::Gradient(const Features<float>& x, const Features<float>& y) const {
  VIME_CHECK(x.rows() == y.rows() && x.cols() == sizes_.front() && y.cols() == sizes_.back());
  const int layers = static_cast<int>(sizes_.size()) - 1;
  const Vector<float> ones = Vector<float>::Ones(x.rows());
  const Index outputs = sizes_.back();
  VectorXd score = VectorXd::Zero(num_parameters() + outputs);  // the log sds come last
  GetKernels<float>().policy_scores(View(), {x.data(), x.outerStride()},
                                    {y.data(), y.outerStride()}, x.rows(),
                                    {ones.data(), ones.size()}, 1, score.data(),
                                    KernelScratch<float>(MlpScratchNumbers(sizes_.data(), layers) +
                                                         outputs + 1 + num_parameters() + outputs));
  return -score.head(num_parameters()) / static_cast<double>(x.rows());
}

void RegressionNetwork::Serialize(Archive& archive) {
  archive.Visit("network parameters", theta_);
  SetParameters(VectorXd(theta_));
}

}  // namespace vime
