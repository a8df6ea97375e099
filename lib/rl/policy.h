// The policy interface. Parameters are one flat vector in double precision; actions are in
// normalised units, which the rollout scales to those of the environment.
#pragma once

#include <memory>
#include <vector>

#include "lib/core/archive.h"
#include "lib/rl/action_distribution.h"
#include "lib/rl/batch.h"
#include "lib/rl/env.h"

namespace vime {

/// Rows that a function writes.
template <class T>
using FeaturesOut = Eigen::Ref<Features<T>, 0, Eigen::OuterStride<>>;

/// What the environment gets for a sampled action: squashed if so, scaled to the axis and clipped
/// to it, as a float holds it.
inline float ExecutedAction(float sampled, ActionSquash squash, const Axis& axis) {
  return static_cast<float>(ExecutedAction(Squashed(static_cast<double>(sampled), squash), axis));
}

class Policy {
 public:
  virtual ~Policy() = default;

  virtual std::unique_ptr<Policy> Clone() const = 0;

  Index num_parameters() const { return parameters().size(); }
  virtual const VectorXd& parameters() const = 0;
  /// Sets theta; a policy may project it onto its allowed range (standard deviations).
  virtual void SetParameters(const VectorXd& theta) = 0;

  /// How many numbers the policy remembers from one step of an episode to the next.
  virtual Index memory_size() const { return 0; }

  /// a = sample for standard normal noise: observations N x observation_dim, noise and actions
  /// N x action_dim. Zero noise gives the deterministic policy. Every row is an episode of its own
  /// that brings its memory, N x memory_size: zeros in the first step, afterwards what the step
  /// before left there.
  virtual void Act(const FeaturesRef<float>& observations, const FeaturesRef<float>& noise,
                   FeaturesOut<double> memory, FeaturesOut<float> actions) const = 0;

  /// What becomes of a sample on its way to the environment.
  virtual ActionSquash squash() const { return ActionSquash::kNone; }

  /// pi(.|s_t) at every step of the batch. With memory, pi(.|s_1, ..., s_t): the trajectories must
  /// be whole episodes. The same holds for everything below that takes a batch.
  virtual ActionDistributions Distributions(const Batch& batch) const = 0;

  /// log pi(a_t | s_t) of every sampled action, nats.
  VectorXd LogProb(const Batch& batch) const {
    return vime::LogProb(Distributions(batch), batch.sampled_actions);
  }

  /// For each channel c, the matrix over trajectories i and parameters k of
  ///   sum_{t in i} weights(t, c) d log pi(a_t|s_t) / d theta_k.
  /// weights is N x channels.
  virtual std::vector<MatrixXd> TrajectoryScores(const Batch& batch, const MatrixXd& weights,
                                                 int num_threads = 1) const = 0;

  /// sum_t weights_t d log pi(a_t|s_t) / d theta.
  VectorXd WeightedScore(const Batch& batch, const VectorXd& weights, int num_threads = 1) const;

  /// F v for the Fisher information F = (1/N) sum_t E_{a ~ pi(.|s_t)}[score score^T].
  virtual VectorXd FisherVectorProduct(const Batch& batch, const VectorXd& v,
                                       int num_threads = 1) const = 0;

  /// Lets observation normalisation follow the data; called once per iteration, after the update.
  virtual void ObserveBatch(const Batch& /*batch*/) {}

  /// The mean standard deviation over action dimensions and the steps of a batch, normalised units.
  virtual double MeanStddev(const Batch& batch) const = 0;

  virtual void Serialize(Archive& archive) = 0;
};

}  // namespace vime
