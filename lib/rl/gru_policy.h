// A policy with memory: a diagonal Gaussian whose mean is a linear function of the state of a GRU
// that has seen every observation of the episode so far.
#pragma once

#include "lib/nn/gru.h"
#include "lib/rl/gaussian_policy.h"

namespace vime {

/// pi(.|s_1, ..., s_t) = N(mean_t, diag(std_t^2)): the GRU (lib/nn/gru.h) reads scaled observations
/// and has outputs mean_t, and with StddevKind::kState raw log standard deviations, as the MLP of
/// GaussianPolicy has. theta = (weights of the GRU, log standard deviations unless they depend on
/// the state). The memory of an episode is h_t.
///
/// Scores and Fisher products go through all steps of an episode: the trajectories of a batch must
/// be whole. The Fisher information is that of the actions given the observations,
///   F = (1/N) sum_t J_t^T diag(1/std_t^2, 2) J_t,  J_t = d (mean_t, log std_t) / d theta,
/// with J_t through h_1, ..., h_t. Computes in double precision.
class GruPolicy final : public Policy {
 public:
  /// options.hidden is one width. The initial weights are those of seed.
  GruPolicy(const EnvSpec& spec, const GaussianPolicyOptions& options, std::uint64_t seed);

  std::unique_ptr<Policy> Clone() const override { return std::make_unique<GruPolicy>(*this); }
  const VectorXd& parameters() const override { return theta_; }
  void SetParameters(const VectorXd& theta) override;
  Index memory_size() const override { return gru_.num_hidden(); }
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

  const GaussianPolicyOptions& options() const { return options_; }
  /// Inputs, hidden units, outputs.
  std::vector<int> sizes() const {
    return {gru_.num_inputs(), gru_.num_hidden(), gru_.num_outputs()};
  }
  const ObservationScaling<double>& scaling() const { return scaling_; }
  ObservationScaling<double>& scaling() { return scaling_; }
  /// Standard deviation per action dimension; empty where it depends on the state.
  const VectorXd& stddev() const { return stddev_; }

 private:
  /// Standard deviation of action k for outputs y of the GRU, and, where it depends on the state,
  /// d log std / d raw output.
  struct Spread {
    double log_stddev, inverse, slope;
  };
  Spread SpreadOf(std::span<const double> y, Index k) const;
  bool StateDependentStddev() const { return options_.stddev == StddevKind::kState; }
  /// Scaled observations of a trajectory, one column per step.
  MatrixXd Inputs(const Batch& batch, const Trajectory& trajectory) const;

  GaussianPolicyOptions options_;
  Index num_actions_;
  Gru gru_;
  VectorXd theta_;
  VectorXd weights_;  // of the GRU
  VectorXd stddev_;   // exp of the log standard deviations
  ObservationScaling<double> scaling_;
};

}  // namespace vime
