// Exploration bonuses: what a transition is worth beyond its reward.
//
// Each iteration a trainer scores the fresh batch with the model as it was before the batch, and
// lets the bonus observe the batch and fit its model. Normalisation, clipping, shuffling and the
// weight eta are not part of a bonus: see lib/vime/bonus_shaping.h.
#pragma once

#include <memory>
#include <optional>

#include "lib/core/archive.h"
#include "lib/core/rng.h"
#include "lib/rl/batch.h"
#include "lib/vime/dynamics_model.h"

namespace vime {

/// What a bonus knows at one moment. Scoring a batch with it may overlap with learning from the
/// same batch.
class BonusScorer {
 public:
  virtual ~BonusScorer() = default;

  /// One value per transition of the batch. `key` names the noise: row b uses item key.item + b.
  virtual VectorXd Score(const Batch& batch, const NoiseKey& key, int num_threads) const = 0;

  /// How well a dynamics model behind the bonus predicts the batch, if there is one.
  virtual std::optional<PredictionErrors> Errors(const Batch& /*batch*/) const { return {}; }
};

class Bonus {
 public:
  virtual ~Bonus() = default;

  /// A snapshot to score with; null when there is nothing to score with yet, as before the first
  /// Observe() of a bonus that needs data.
  virtual std::unique_ptr<const BonusScorer> Scorer() const = 0;

  /// Takes in the transitions of a batch.
  virtual void Observe(const Batch& batch) = 0;

  /// Trains the model behind the bonus on what was observed.
  virtual FitReport Fit(std::uint32_t iteration) = 0;

  virtual void Serialize(Archive& archive) = 0;
};

/// The bonus of [H16]: the information gain of the dynamics model.
class VimeBonus : public Bonus {
 public:
  VimeBonus(const EnvSpec& spec, const DynamicsModelOptions& model,
            const InformationGainOptions& gain, std::uint64_t seed)
      : model_(spec, model, seed), gain_(gain) {}

  std::unique_ptr<const BonusScorer> Scorer() const override {
    if (!model_.ready()) return nullptr;
    return std::make_unique<InformationGainScorer>(model_.belief(), gain_);
  }
  void Observe(const Batch& batch) override { model_.Observe(batch); }
  FitReport Fit(std::uint32_t iteration) override { return model_.Fit(iteration); }
  void Serialize(Archive& archive) override { model_.Serialize(archive); }

 private:
  class InformationGainScorer : public BonusScorer {
   public:
    InformationGainScorer(const DynamicsBelief& belief, const InformationGainOptions& gain)
        : belief_(belief), gain_(gain) {}

    VectorXd Score(const Batch& batch, const NoiseKey& key, int num_threads) const override {
      return belief_.Gain(batch, gain_, key, num_threads);
    }
    std::optional<PredictionErrors> Errors(const Batch& batch) const override {
      return belief_.Errors(batch);
    }

   private:
    DynamicsBelief belief_;
    InformationGainOptions gain_;
  };

  DynamicsModel model_;
  InformationGainOptions gain_;
};

}  // namespace vime
