// Bonuses that a Bayesian model of the dynamics gives: the information gain of [H16], and what else
// could be read off the same model.
#pragma once

#include "lib/vime/bonus.h"
#include "lib/vime/dynamics_model.h"

namespace vime {

/// What a transition (s, a, s') is worth to the belief q.
enum class ModelMeasure {
  kInformationGain,    ///< KL between the beliefs after and before it (InformationGainOptions)
  kChainedGain,        ///< the same, the belief learning along every trajectory
  kLogLikelihoodGain,  ///< how much more likely the belief after it makes it; see LogLikelihoodGain
  kGradientSteps,      ///< KL after several gradient steps instead of a Newton step
  kReleased,           ///< the formula of openai/vime; see ReleasedFastKl
  kVariance,           ///< mean over outputs of Var_q[f(s, a)]: needs no s'
  kMutualInformation,  ///< sum_o 1/2 log(1 + Var_q[f_o]/s_o^2) of outputs with likelihood sd s_o:
                       ///< I(s'; theta), called BALD, for Gaussian predictions
  kError,              ///< mean over outputs of the squared error of the mean network
  kTrajectoryError,    ///< the mean of that over the trajectory, for each of its steps
  kLinearModel,        ///< the exact gain of a linear model on learned features; see LinearBelief
};

struct ModelBonusOptions {
  ModelMeasure measure = ModelMeasure::kInformationGain;
  InformationGainOptions gain = {};
  std::int64_t gradient_steps = 5;  ///< of kGradientSteps, each of size gain.step_size
};

class ModelBonus final : public Bonus {
 public:
  /// kLogLikelihoodGain, kGradientSteps and kReleased take one likelihood for all rows, so not the
  /// heteroscedastic one.
  ModelBonus(const EnvSpec& spec, const DynamicsModelOptions& model,
             const ModelBonusOptions& options, std::uint64_t seed);

  std::unique_ptr<const BonusScorer> Scorer() const override;
  void Observe(const Batch& batch) override { model_.Observe(batch); }
  FitReport Fit(std::uint32_t iteration) override { return model_.Fit(iteration); }
  void Serialize(Archive& archive) override { model_.Serialize(archive); }

 private:
  DynamicsModel model_;
  ModelBonusOptions options_;
};

}  // namespace vime
