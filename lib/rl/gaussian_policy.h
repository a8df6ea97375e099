// The policy of [H16]: a diagonal Gaussian whose mean is a tanh MLP of the scaled observation. Its
// standard deviation does not depend on the state unless asked for.
#pragma once

#include "lib/rl/env.h"
#include "lib/rl/observation_scaling.h"
#include "lib/rl/policy.h"

namespace vime {

template <class T>
struct PolicyView;

enum class StddevKind {
  kConstant,  ///< log standard deviations are parameters, kept within the bounds by projection
  kState,     ///< outputs of the MLP beside the mean, squeezed between the bounds
};

struct GaussianPolicyOptions {
  std::vector<std::int64_t> hidden = {32};
  StddevKind stddev = StddevKind::kConstant;
  /// kState: strictly between the bounds.
  double initial_stddev = 1.0;
  double min_stddev = 1e-3;
  double max_stddev = 10.0;
  /// Standard deviation of the initial output weights; hidden layers start at
  /// N(0, 2/(inputs + outputs)), biases at 0.
  double output_init_stddev = 0.01;
  ObservationNormalization observation_normalization = ObservationNormalization::kBounds;
  ActionSquash squash = ActionSquash::kNone;
};

/// theta = (MLP weights layer by layer, log standard deviations unless they depend on the state).
/// With StddevKind::kState the MLP has outputs (mean, r) and
///   log std = c + h tanh(r / h),  c, h = (log max_stddev +- log min_stddev) / 2.
/// Computes in T: float in runs, double in tests.
template <class T>
class GaussianPolicy : public Policy {
 public:
  GaussianPolicy(const EnvSpec& spec, const GaussianPolicyOptions& options, std::uint64_t seed);

  std::unique_ptr<Policy> Clone() const override;
  const VectorXd& parameters() const override { return theta_; }
  void SetParameters(const VectorXd& theta) override;
  ActionSquash squash() const override { return options_.squash; }
  void Act(const FeaturesRef<float>& observations, const FeaturesRef<float>& noise,
           FeaturesOut<double> memory, FeaturesOut<float> actions) const override;
  ActionDistributions Distributions(const Batch& batch) const override;
  std::vector<MatrixXd> TrajectoryScores(const Batch& batch, const MatrixXd& weights,
                                         int num_threads) const override;
  VectorXd FisherVectorProduct(const Batch& batch, const VectorXd& v,
                               int num_threads = 1) const override;
  void ObserveBatch(const Batch& batch) override { scaling_.Observe(batch); }
  double MeanStddev(const Batch& batch) const override;
  void Serialize(Archive& archive) override;

  const std::vector<int>& sizes() const { return sizes_; }
  const ObservationScaling<T>& scaling() const { return scaling_; }
  ObservationScaling<T>& scaling() { return scaling_; }
  const GaussianPolicyOptions& options() const { return options_; }
  /// Standard deviation per action dimension, normalised units; empty where it depends on the
  /// state.
  const Vector<T>& stddev() const { return stddev_; }
  /// mean(s), N x action_dim.
  Features<T> Mean(const FeaturesRef<float>& observations) const;

 private:
  bool StateDependentStddev() const { return options_.stddev == StddevKind::kState; }
  // (mean, log std) in every row; the mean only, where the other does not depend on the state.
  Features<T> Outputs(const FeaturesRef<float>& observations) const;
  PolicyView<T> View() const;
  void* Scratch(int channels) const;

  GaussianPolicyOptions options_;
  int num_actions_;
  std::vector<int> sizes_;
  VectorXd theta_;
  Vector<T> weights_;  // theta in the precision of the kernels
  Vector<T> stddev_;   // exp of the log standard deviations
  ObservationScaling<T> scaling_;
};

}  // namespace vime
