// Bonuses of networks that are trained to predict: random network distillation and ensembles.
#pragma once

#include <vector>

#include "lib/nn/adam.h"
#include "lib/rl/env.h"
#include "lib/rl/regression_network.h"
#include "lib/rl/replay_pool.h"
#include "lib/vime/bonus.h"
#include "lib/vime/transition_scaler.h"

namespace vime {

enum class RegressionMeasure {
  /// Random network distillation [Burda et al. 2019]: the squared error of a network that learns
  /// what a fixed random network says about s'.
  kDistillation,
  /// Disagreement [Pathak et al. 2019]: the mean over outputs of the variance of the predictions of
  /// five networks for s', which differ in their initial weights and in the minibatches they see.
  kDisagreement,
};

/// Training as that of the dynamics model, so that no bonus is better trained than another.
struct RegressionBonusOptions {
  RegressionMeasure measure = RegressionMeasure::kDistillation;
  std::vector<std::int64_t> hidden = {32};
  Target target = Target::kNextObservation;  ///< of kDisagreement
  double learning_rate = 1e-3;
  std::int64_t updates = 500;
  std::int64_t minibatch = 10;
  std::int64_t pool_capacity = 100000;
};

/// Inputs are standardised and clipped to [-5, 5], as in [Burda et al. 2019].
class RegressionBonus final : public Bonus {
 public:
  RegressionBonus(const EnvSpec& spec, const RegressionBonusOptions& options, std::uint64_t seed);

  std::unique_ptr<const BonusScorer> Scorer() const override;
  void Observe(const Batch& batch) override;
  /// Throws NumericalError when a network leaves the finite numbers.
  FitReport Fit(std::uint32_t iteration) override;
  void Serialize(Archive& archive) override;

 private:
  /// The networks and what they see, as they are at one moment.
  struct Predictors {
    RegressionMeasure measure;
    TransitionScaler scaler;
    std::vector<RegressionNetwork> networks;  // kDistillation: one
    std::vector<RegressionNetwork> targets;   // kDistillation: the random network

    Features<float> Inputs(const StandardizedTransitions& data) const;
    Features<float> Targets(const StandardizedTransitions& data,
                            const Features<float>& inputs) const;
  };
  class RegressionScorer;

  RegressionBonusOptions options_;
  std::uint64_t seed_;
  ReplayPool pool_;
  Predictors predictors_;
  std::vector<Adam<double>> adam_;
};

}  // namespace vime
