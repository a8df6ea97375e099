// Bonuses without a model: what any claim about information gain has to beat.
#pragma once

#include "lib/rl/env.h"
#include "lib/vime/bonus.h"
#include "lib/vime/transition_scaler.h"

namespace vime {

enum class PlainMeasure {
  kStateNorm,  ///< |z|^2 of the standardised next observation z: how extreme it is
  kNoise,      ///< |N(0, 1)|: nothing; normalised like every bonus, so that its scale matches
};

class PlainBonus final : public Bonus {
 public:
  PlainBonus(const EnvSpec& spec, PlainMeasure measure)
      : measure_(measure),
        scaler_(spec.observation_dim(), spec.action_dim(), Target::kNextObservation) {}

  std::unique_ptr<const BonusScorer> Scorer() const override;
  void Observe(const Batch& batch) override { scaler_.Observe(batch); }
  FitReport Fit(std::uint32_t /*iteration*/) override { return {}; }
  void Serialize(Archive& archive) override { scaler_.Serialize(archive); }

 private:
  PlainMeasure measure_;
  TransitionScaler scaler_;
};

}  // namespace vime
