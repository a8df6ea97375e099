#include "lib/vime/regression_bonus.h"

#include <cmath>

#include "lib/core/check.h"

namespace vime {
namespace {

constexpr int kEnsembleSize = 5;
constexpr int kDistilledOutputs = 16;
constexpr float kInputClip = 5;

std::vector<int> Widths(int inputs, const std::vector<std::int64_t>& hidden, int outputs) {
  std::vector<int> sizes{inputs};
  for (const std::int64_t width : hidden) sizes.push_back(static_cast<int>(width));
  sizes.push_back(outputs);
  return sizes;
}

}  // namespace

Features<float> RegressionBonus::Predictors::Inputs(const StandardizedTransitions& data) const {
  const Features<float>& raw = measure == RegressionMeasure::kDistillation ? data.y : data.x;
  return raw.cwiseMax(-kInputClip).cwiseMin(kInputClip);
}

Features<float> RegressionBonus::Predictors::Targets(const StandardizedTransitions& data,
                                                     const Features<float>& inputs) const {
  return measure == RegressionMeasure::kDistillation ? targets.front().Predict(inputs) : data.y;
}

class RegressionBonus::RegressionScorer final : public BonusScorer {
 public:
  explicit RegressionScorer(const Predictors& predictors) : predictors_(predictors) {}

  VectorXd Score(const Batch& batch, const NoiseKey& /*key*/, int /*num_threads*/) const override {
    const StandardizedTransitions data = predictors_.scaler.Apply(batch);
    const Features<float> inputs = predictors_.Inputs(data);
    std::vector<Features<float>> predictions;
    for (const RegressionNetwork& network : predictors_.networks) {
      predictions.push_back(network.Predict(inputs));
    }
    // Squared distances from the random network, or from the mean of the ensemble.
    Features<float> centre;
    if (predictors_.measure == RegressionMeasure::kDistillation) {
      centre = predictors_.targets.front().Predict(inputs);
    } else {
      centre = predictions.front();
      for (std::size_t k = 1; k < predictions.size(); ++k) centre += predictions[k];
      centre /= static_cast<float>(predictions.size());
    }
    VectorXd bonus = VectorXd::Zero(batch.size());
    for (const Features<float>& prediction : predictions) {
      for (Index o = 0; o < prediction.cols(); ++o) {
        for (Index b = 0; b < batch.size(); ++b) {
          const double distance =
              static_cast<double>(prediction(b, o)) - static_cast<double>(centre(b, o));
          bonus[b] += distance * distance;
        }
      }
    }
    return bonus / static_cast<double>(centre.cols() * static_cast<Index>(predictions.size()));
  }

 private:
  Predictors predictors_;
};

RegressionBonus::RegressionBonus(const EnvSpec& spec, const RegressionBonusOptions& options,
                                 std::uint64_t seed)
    : options_(options),
      seed_(seed),
      pool_(options.pool_capacity, spec.observation_dim(), spec.action_dim()),
      predictors_{.measure = options.measure,
                  .scaler = TransitionScaler(spec.observation_dim(), spec.action_dim(),
                                             options.measure == RegressionMeasure::kDistillation
                                                 ? Target::kNextObservation
                                                 : options.target),
                  .networks = {},
                  .targets = {}} {
  const bool distillation = options.measure == RegressionMeasure::kDistillation;
  const int inputs = spec.observation_dim() + (distillation ? 0 : spec.action_dim());
  const int outputs = distillation ? kDistilledOutputs : spec.observation_dim();
  const std::vector<int> sizes = Widths(inputs, options.hidden, outputs);
  const double output_stddev = 1 / std::sqrt(static_cast<double>(sizes[sizes.size() - 2]));
  for (int k = 0; k < (distillation ? 1 : kEnsembleSize); ++k) {
    predictors_.networks.emplace_back(
        sizes, output_stddev, NoiseKey{seed, Stream::kBonusInit, 0, static_cast<std::uint32_t>(k)});
    adam_.emplace_back(predictors_.networks.back().num_parameters(),
                       AdamOptions{.learning_rate = options.learning_rate});
  }
  if (distillation) {
    predictors_.targets.emplace_back(sizes, output_stddev,
                                     NoiseKey{seed, Stream::kBonusInit, 1, 0});
  }
}

std::unique_ptr<const BonusScorer> RegressionBonus::Scorer() const {
  if (!predictors_.scaler.ready()) return nullptr;
  return std::make_unique<RegressionScorer>(predictors_);
}

void RegressionBonus::Observe(const Batch& batch) {
  pool_.Add(batch);
  predictors_.scaler.Observe(batch);
}

FitReport RegressionBonus::Fit(std::uint32_t iteration) {
  std::vector<Index> rows(static_cast<std::size_t>(options_.minibatch));
  StandardizedTransitions data;
  const auto members = static_cast<std::uint32_t>(predictors_.networks.size());
  for (std::uint32_t update = 0; update < options_.updates; ++update) {
    for (std::uint32_t k = 0; k < members; ++k) {
      Rng rng({seed_, Stream::kMinibatch, iteration, update * members + k});
      pool_.Sample(rng, rows);
      predictors_.scaler.Apply(pool_.observations(), pool_.actions(), pool_.next_observations(),
                               rows, data);
      const Features<float> inputs = predictors_.Inputs(data);
      RegressionNetwork& network = predictors_.networks[k];
      VectorXd theta = network.parameters();
      adam_[k].Step(theta, network.Gradient(inputs, predictors_.Targets(data, inputs)));
      network.SetParameters(theta);
    }
  }
  for (const RegressionNetwork& network : predictors_.networks) {
    if (!network.parameters().allFinite()) {
      throw NumericalError("the weights of a predictor of the bonus are not finite");
    }
  }
  return {};
}

void RegressionBonus::Serialize(Archive& archive) {
  pool_.Serialize(archive);
  predictors_.scaler.Serialize(archive);
  for (std::size_t k = 0; k < adam_.size(); ++k) {
    predictors_.networks[k].Serialize(archive);
    adam_[k].Serialize(archive);
  }
}

}  // namespace vime
