// The agent's model of the dynamics: a Bayesian network over standardised transitions, its replay
// pool and its training.
#pragma once

#include <optional>
#include <vector>

#include "lib/bnn/bayesian_network.h"
#include "lib/core/archive.h"
#include "lib/nn/adam.h"
#include "lib/rl/env.h"
#include "lib/rl/replay_pool.h"
#include "lib/vime/bonus.h"
#include "lib/vime/noise_model.h"
#include "lib/vime/transition_scaler.h"

namespace vime {

/// The weight w of KL[q || prior] in the loss of one minibatch, w KL - sum_b E_q[log p].
enum class KlSchedule {
  kConstant,  ///< w = kl_weight
  kData,      ///< w = kl_weight minibatch / pool size: the ELBO of the whole pool, scaled
};

/// The random numbers of local reparameterisation in training.
enum class TrainingNoise {
  kShared,      ///< one draw per unit and sample, shared by the rows of the minibatch
  kPerExample,  ///< one draw per unit, sample and row
};

/// The standard deviation s_o of the Gaussian likelihood of output o.
enum class Likelihood {
  kFixed,            ///< likelihood_stddev
  kLearned,          ///< per output: s_o^2 is a moving average of E_q[(f_o - y_o)^2]
  kHeteroscedastic,  ///< per output, depending on the state and the action; see NoiseModel
};

enum class PriorScale {
  kConstant,  ///< prior sd = prior_stddev
  kFanIn,     ///< prior sd = prior_stddev / sqrt(inputs + 1) of the layer
};

/// By default a model that learns (experiments/README.md). The preset vime-published has options
/// close to those of [H16], with which the network collapses to its prior.
struct DynamicsModelOptions {
  std::vector<std::int64_t> hidden = {32};    ///< widths of the hidden layers
  Activation activation = Activation::kRelu;  ///< of the hidden layers
  Target target = Target::kDelta;             ///< what is predicted, standardised
  double prior_stddev = 0.5;                  ///< see PriorScale; also the initial sigma
  PriorScale prior_scale = PriorScale::kFanIn;
  Likelihood likelihood = Likelihood::kLearned;
  double likelihood_stddev = 5.0;          ///< kFixed: s_o, in units of standardised targets
  double likelihood_rate = 0.01;           ///< kLearned: rate of the moving average
  double likelihood_floor = 0.03;          ///< least s_o, unless kFixed
  Sampling sampling = Sampling::kMoments;  ///< how E_q is taken
  std::int64_t num_samples = 10;           ///< of E_q, unless kMoments
  TrainingNoise training_noise = TrainingNoise::kShared;  ///< kLocal sampling
  KlSchedule kl_schedule = KlSchedule::kData;
  double kl_weight = 1.0;               ///< see KlSchedule
  double learning_rate = 3e-3;          ///< of Adam
  std::int64_t updates = 500;           ///< minibatches per Fit()
  std::int64_t minibatch = 10;          ///< transitions
  std::int64_t pool_capacity = 100000;  ///< transitions
};

/// What the agent believes about the dynamics at one moment: the network, the noise around its
/// predictions, and how transitions are standardised for it. A copy is a snapshot that stays as it
/// is while the model learns on.
class DynamicsBelief {
 public:
  DynamicsBelief(const EnvSpec& spec, const DynamicsModelOptions& options, std::uint64_t seed);

  /// The information gain of every transition of the batch, nats; `key` names the noise.
  VectorXd Gain(const Batch& batch, const InformationGainOptions& options, const NoiseKey& key,
                int num_threads) const;

  /// The same with a belief that learns along every trajectory; see ChainedInformationGain.
  VectorXd ChainedGain(const Batch& batch, const InformationGainOptions& options,
                       const NoiseKey& key, int num_threads) const;

  PredictionErrors Errors(const Batch& batch) const;

  /// The sd of the likelihood, N x outputs, for standardised inputs x.
  Features<float> LikelihoodStddev(const Features<float>& x) const;

  const BayesianNetwork<float>& network() const { return network_; }
  BayesianNetwork<float>& network() { return network_; }

  /// Null unless the likelihood is heteroscedastic.
  NoiseModel* noise_model() { return noise_model_ ? &*noise_model_ : nullptr; }

  const TransitionScaler& scaler() const { return scaler_; }
  TransitionScaler& scaler() { return scaler_; }

  /// Noise of the network's way of sampling, named by `key`.
  Noise<float> MakeNoise(const NoiseKey& key) const {
    return vime::MakeNoise<float>(network_.shape(), sampling_, num_samples_, key);
  }

 private:
  Sampling sampling_;
  int num_samples_;
  TransitionScaler scaler_;
  BayesianNetwork<float> network_;
  std::optional<NoiseModel> noise_model_;
};

class DynamicsModel {
 public:
  DynamicsModel(const EnvSpec& spec, const DynamicsModelOptions& options, std::uint64_t seed);

  /// Whether there is data to standardise by: false before the first Observe().
  bool ready() const { return belief_.scaler().ready(); }

  /// Adds transitions to the pool and to the statistics that standardise.
  void Observe(const Batch& batch);

  /// Takes options.updates steps of Adam on minibatches B of the pool D, down the gradient of
  ///   w KL[q(phi) || p(theta)] - sum_(x, y) in B  E_q[log p(y | x, theta)],
  /// with w = kl_weight |B|/|D| (kl_schedule data) or kl_weight. A learned likelihood follows the
  /// squared residuals by a running mean. Random numbers are named by (seed, iteration).
  /// Throws NumericalError when the network leaves the finite numbers.
  FitReport Fit(std::uint32_t iteration);

  void Serialize(Archive& archive);

  const DynamicsBelief& belief() const { return belief_; }
  const ReplayPool& pool() const { return pool_; }

 private:
  DynamicsModelOptions options_;
  int observation_dim_;
  std::uint64_t seed_;
  ReplayPool pool_;
  DynamicsBelief belief_;
  Vector<float> likelihood_variance_;
  Adam<float> adam_;
};

}  // namespace vime
