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

namespace vime {

/// Mean squared errors of a dynamics model over outputs and transitions, in standardised target
/// units.
struct PredictionErrors {
  double mean_prediction = 0;  ///< of f at the mean weights
  double predict_zero = 0;     ///< of the mean of all targets: what a collapsed network says
  double identity = 0;         ///< of s' = s
};

/// What training reports, where there is such a number.
struct FitReport {
  /// Mean over the updates of E_q[log p] per transition, minus (w / minibatch) KL[q || prior] at
  /// the end: the ELBO per transition, nats.
  std::optional<double> elbo;
};

/// What a bonus knows at one moment. Scoring a batch with it may overlap with learning from the
/// same batch.
class BonusScorer {
 public:
  virtual ~BonusScorer() = default;

  /// One value per transition of the batch. `key` names the noise: row b uses item key.item + b.
  virtual VectorXd Score(const Batch& batch, const NoiseKey& key, int num_threads) const = 0;

  /// Whether the value of a transition depends on the others of its trajectory.
  virtual bool NeedsWholeEpisodes() const { return false; }

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

}  // namespace vime
