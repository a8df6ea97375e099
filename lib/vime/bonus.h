// Exploration bonuses: what a transition is worth beyond its reward.
//
// Each iteration a trainer scores the fresh batch with the model as it was before the batch, then
// lets the bonus observe the batch and fit its model. Normalisation, clipping, shuffling and the
// weight eta are not part of a bonus: see lib/vime/bonus_shaping.h.
#pragma once

#include <memory>
#include <optional>

#include "lib/core/rng.h"
#include "lib/rl/batch.h"
#include "lib/vime/dynamics_model.h"

namespace vime {

class Bonus {
 public:
  virtual ~Bonus() = default;

  /// Whether there is anything to score with: a bonus that needs data says no before its first
  /// Observe().
  virtual bool ready() const = 0;

  /// One value per transition of the batch. Does not change the bonus. `key` names the noise: row
  /// b uses item key.item + b.
  virtual VectorXd Score(const Batch& batch, const NoiseKey& key, int num_threads) const = 0;

  /// Takes in the transitions of a batch.
  virtual void Observe(const Batch& batch) = 0;

  /// Trains the model behind the bonus on what was observed.
  virtual FitReport Fit(std::uint32_t iteration) = 0;

  /// How well a dynamics model behind the bonus predicts the batch, if there is one.
  virtual std::optional<PredictionErrors> Errors(const Batch& /*batch*/) const { return {}; }
};

/// The bonus of [H16]: the information gain of the dynamics model.
class VimeBonus : public Bonus {
 public:
  VimeBonus(const EnvSpec& spec, const DynamicsModelOptions& model,
            const InformationGainOptions& gain, std::uint64_t seed)
      : model_(spec, model, seed), gain_(gain) {}

  bool ready() const override { return model_.ready(); }
  VectorXd Score(const Batch& batch, const NoiseKey& key, int num_threads) const override {
    return model_.Gain(batch, gain_, key, num_threads);
  }
  void Observe(const Batch& batch) override { model_.Observe(batch); }
  FitReport Fit(std::uint32_t iteration) override { return model_.Fit(iteration); }
  std::optional<PredictionErrors> Errors(const Batch& batch) const override {
    return model_.Errors(batch);
  }

 private:
  DynamicsModel model_;
  InformationGainOptions gain_;
};

}  // namespace vime
