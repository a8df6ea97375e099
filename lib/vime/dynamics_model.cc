#include "lib/vime/dynamics_model.h"

#include <algorithm>
#include <cmath>

#include "lib/bnn/belief_updates.h"
#include "lib/core/check.h"
#include "lib/kernels/kernels.h"

namespace vime {
namespace {

NetworkShape ShapeOf(const EnvSpec& spec, const DynamicsModelOptions& options) {
  NetworkShape shape{{spec.observation_dim() + spec.action_dim()}, options.activation};
  for (const std::int64_t width : options.hidden) shape.sizes.push_back(static_cast<int>(width));
  shape.sizes.push_back(spec.observation_dim());
  return shape;
}

// Prior N(0, prior_sd^2); the belief starts with sigma = prior sd and mu drawn from the prior.
BayesianNetwork<float> InitialNetwork(const EnvSpec& spec, const DynamicsModelOptions& options,
                                      std::uint64_t seed) {
  const NetworkShape shape = ShapeOf(spec, options);
  Vector<float> prior_stddev(shape.num_parameters());
  Vector<float> mean(shape.num_parameters());
  const std::vector<int> fan_in = shape.FanIn();
  Rng rng({seed, Stream::kNetworkInit, 0, 0});
  for (Index p = 0; p < prior_stddev.size(); ++p) {
    const double scale = options.prior_scale == PriorScale::kFanIn
                             ? 1 / std::sqrt(static_cast<double>(fan_in[p]))
                             : 1.0;
    prior_stddev[p] = static_cast<float>(options.prior_stddev * scale);
    mean[p] = static_cast<float>(options.prior_stddev * scale * rng.Normal());
  }
  const double likelihood =
      options.likelihood == Likelihood::kFixed ? options.likelihood_stddev : 1.0;
  return BayesianNetwork<float>(
      shape, DiagonalGaussian<float>::FromStandardDeviation(mean, prior_stddev), prior_stddev,
      Vector<float>::Constant(spec.observation_dim(), static_cast<float>(likelihood)));
}

}  // namespace

DynamicsBelief::DynamicsBelief(const EnvSpec& spec, const DynamicsModelOptions& options,
                               std::uint64_t seed)
    : sampling_(options.sampling),
      num_samples_(static_cast<int>(options.num_samples)),
      scaler_(spec.observation_dim(), spec.action_dim(), options.target),
      network_(InitialNetwork(spec, options, seed)) {
  if (options.likelihood == Likelihood::kHeteroscedastic) {
    noise_model_.emplace(spec.observation_dim() + spec.action_dim(), spec.observation_dim(),
                         options.likelihood_floor, options.learning_rate,
                         NoiseKey{seed, Stream::kNoiseModelInit, 0, 0});
  }
}

Features<float> DynamicsBelief::LikelihoodStddev(const Features<float>& x) const {
  return noise_model_ ? noise_model_->Stddev(x)
                      : network_.likelihood_stddev().transpose().replicate(x.rows(), 1);
}

VectorXd DynamicsBelief::Gain(const Batch& batch, const InformationGainOptions& options,
                              const NoiseKey& key, int num_threads) const {
  const StandardizedTransitions data = scaler_.Apply(batch);
  Features<float> stddev;
  if (noise_model_) stddev = noise_model_->Stddev(data.x);
  return InformationGain<float>(network_, data.x, data.y, options, MakeNoise(key), num_threads,
                                noise_model_ ? &stddev : nullptr)
      .cast<double>();
}

VectorXd DynamicsBelief::ChainedGain(const Batch& batch, const InformationGainOptions& options,
                                     const NoiseKey& key, int num_threads) const {
  const StandardizedTransitions data = scaler_.Apply(batch);
  Features<float> stddev;
  if (noise_model_) stddev = noise_model_->Stddev(data.x);
  std::vector<RowRange> sequences;
  for (const Trajectory& trajectory : batch.trajectories) {
    sequences.push_back({trajectory.begin, trajectory.length});
  }
  return ChainedInformationGain<float>(network_, data.x, data.y, sequences, options, MakeNoise(key),
                                       num_threads, noise_model_ ? &stddev : nullptr)
      .cast<double>();
}

PredictionErrors DynamicsBelief::Errors(const Batch& batch) const {
  const StandardizedTransitions data = scaler_.Apply(batch);
  const Features<float> prediction = PredictAtMean<float>(network_, data.x);
  PredictionErrors errors;
  const int outputs = network_.shape().num_outputs();
  for (int i = 0; i < outputs; ++i) {
    for (Index b = 0; b < batch.size(); ++b) {
      const double y = static_cast<double>(data.y(b, i));
      const double error = static_cast<double>(prediction(b, i)) - y;
      const float s = batch.observations(b, i);
      const double identity = static_cast<double>(scaler_.ScaledTarget(s, s, i)) - y;
      errors.mean_prediction += error * error;
      errors.predict_zero += y * y;
      errors.identity += identity * identity;
    }
  }
  const double count = static_cast<double>(batch.size() * outputs);
  errors.mean_prediction /= count;
  errors.predict_zero /= count;
  errors.identity /= count;
  return errors;
}

DynamicsModel::DynamicsModel(const EnvSpec& spec, const DynamicsModelOptions& options,
                             std::uint64_t seed)
    : options_(options),
      observation_dim_(spec.observation_dim()),
      seed_(seed),
      pool_(options.pool_capacity, spec.observation_dim(), spec.action_dim()),
      belief_(spec, options, seed),
      likelihood_variance_(belief_.network().likelihood_stddev().array().square()),
      adam_(belief_.network().phi().size(), {.learning_rate = options.learning_rate}) {}

void DynamicsModel::Observe(const Batch& batch) {
  pool_.Add(batch);
  belief_.scaler().Observe(batch);
}

FitReport DynamicsModel::Fit(std::uint32_t iteration) {
  VIME_CHECK(ready());
  BayesianNetwork<float>& network = belief_.network();
  const NetworkShape& shape = network.shape();
  const Index minibatch = options_.minibatch;
  const int samples = static_cast<int>(options_.num_samples);
  const double kl_weight =
      options_.kl_schedule == KlSchedule::kData
          ? options_.kl_weight * static_cast<double>(minibatch) / static_cast<double>(pool_.size())
          : options_.kl_weight;

  std::vector<Index> rows(static_cast<std::size_t>(minibatch));
  StandardizedTransitions data;
  ElboGradient<float> elbo;
  NoiseModel* noise_model = belief_.noise_model();
  Features<float> row_stddev;
  Noise<float> noise{options_.sampling, samples, {}, 0, {}};
  const Index shared_normals =
      options_.sampling == Sampling::kDirect ? samples * shape.num_parameters()
      : options_.sampling == Sampling::kLocal && options_.training_noise == TrainingNoise::kShared
          ? samples * shape.num_units()
          : 0;
  noise.values.resize((shared_normals + 3) / 4 * 4);
  double total_log_likelihood = 0;
  for (std::uint32_t update = 0; update < options_.updates; ++update) {
    Rng rng({seed_, Stream::kMinibatch, iteration, update});
    pool_.Sample(rng, rows);
    belief_.scaler().Apply(pool_.observations(), pool_.actions(), pool_.next_observations(), rows,
                           data);

    noise.key = {seed_, Stream::kTrainingNoise, iteration, update};
    if (shared_normals > 0) {
      GetKernels<float>().fill_normals(noise.key, 0, noise.values.size() / 4, noise.values.data());
    } else {
      noise.key.item = update * static_cast<std::uint32_t>(minibatch);
    }
    if (noise_model != nullptr) row_stddev = noise_model->Stddev(data.x);
    ComputeElboGradient<float>(network, data.x, data.y, kl_weight, noise,
                               noise_model != nullptr ? &row_stddev : nullptr, elbo);
    adam_.Step(network.phi(), elbo.gradient);
    network.Refresh();
    for (const float value : elbo.log_likelihood)
      total_log_likelihood += static_cast<double>(value);

    if (noise_model != nullptr) noise_model->Update(data.x, elbo.squared_residual);
    if (options_.likelihood == Likelihood::kLearned) {
      const float rate = static_cast<float>(options_.likelihood_rate);
      Vector<float> stddev(observation_dim_);
      for (int o = 0; o < observation_dim_; ++o) {
        float mean = 0;
        for (Index b = 0; b < minibatch; ++b) mean += elbo.squared_residual(b, o);
        mean /= static_cast<float>(minibatch);
        likelihood_variance_[o] += rate * (mean - likelihood_variance_[o]);
        stddev[o] = std::max(std::sqrt(likelihood_variance_[o]),
                             static_cast<float>(options_.likelihood_floor));
      }
      network.SetLikelihoodStddev(stddev);
    }
  }

  for (const float value : network.phi()) {
    if (!std::isfinite(value)) throw NumericalError("the dynamics model's weights are not finite");
  }
  const double m = static_cast<double>(minibatch);
  return {.elbo = total_log_likelihood / (m * static_cast<double>(options_.updates)) -
                  kl_weight / m * network.KlToPrior()};
}

void DynamicsModel::Serialize(Archive& archive) {
  pool_.Serialize(archive);
  belief_.scaler().Serialize(archive);
  BayesianNetwork<float>& network = belief_.network();
  archive.Visit("network phi", network.phi());
  Vector<float> likelihood_stddev = network.likelihood_stddev();
  archive.Visit("likelihood stddev", likelihood_stddev);
  archive.Visit("likelihood variance", likelihood_variance_);
  adam_.Serialize(archive);
  if (belief_.noise_model() != nullptr) belief_.noise_model()->Serialize(archive);
  network.SetLikelihoodStddev(likelihood_stddev);
  network.Refresh();
}

}  // namespace vime
