#include "envs/registry.h"
#include "experiments/runner/run_config.h"
#include "lib/core/check.h"
#include "lib/rl/gru_policy.h"
#include "lib/vime/count_bonus.h"
#include "lib/vime/model_bonus.h"
#include "lib/vime/plain_bonus.h"
#include "lib/vime/regression_bonus.h"

namespace vime {
namespace {

std::unique_ptr<PolicyOptimizer> MakeOptimizer(const RunConfig& config, const EnvSpec& spec,
                                               const Policy& policy) {
  const auto seed = static_cast<std::uint64_t>(config.seed);
  const Index parameters = policy.num_parameters();
  const auto value = [&](ValueKind kind) {
    return MakeValueFunction(kind, spec, static_cast<int>(config.horizon), seed);
  };
  const auto advantages = [&] {
    AdvantageOptions options = config.advantage;
    options.gamma = config.reinforce.gamma;
    return AdvantageEstimator(options, value(options.value));
  };
  switch (config.algo) {
    case Algorithm::kNaturalGradient:
    case Algorithm::kTrpo: {
      NaturalGradientOptions options = config.trpo;
      options.line_search = config.algo == Algorithm::kTrpo;
      return std::make_unique<NaturalGradient>(options, advantages());
    }
    case Algorithm::kPpo:
      return std::make_unique<Ppo>(config.ppo, advantages(), parameters, seed);
    case Algorithm::kErwr:
      return std::make_unique<Erwr>(config.erwr, advantages());
    case Algorithm::kReinforce:
      break;
  }
  const bool mlp = config.reinforce.baseline == BaselineKind::kMlp;
  return std::make_unique<Reinforce>(config.reinforce, parameters,
                                     value(mlp ? ValueKind::kMlp : ValueKind::kLinear));
}

std::unique_ptr<Bonus> MakeBonus(const RunConfig& config, const EnvSpec& spec) {
  const auto seed = static_cast<std::uint64_t>(config.seed);
  const auto model = [&](ModelMeasure measure) {
    ModelBonusOptions options{
        .measure = measure, .gain = config.gain, .gradient_steps = config.gradient_steps};
    if (config.bonus == BonusKind::kCompression) options.gain.form = GainForm::kExactReversed;
    if (config.bonus == BonusKind::kGradientSteps) {
      options.gain.step_size = config.gradient_step_size;
    }
    return std::make_unique<ModelBonus>(spec, config.bnn, options, seed);
  };
  const ModelMeasure gain =
      config.gain_chain ? ModelMeasure::kChainedGain : ModelMeasure::kInformationGain;
  const auto regression = [&](RegressionMeasure measure) {
    return std::make_unique<RegressionBonus>(
        spec,
        RegressionBonusOptions{.measure = measure,
                               .hidden = config.bnn.hidden,
                               .target = config.bnn.target,
                               .learning_rate = config.bnn.learning_rate,
                               .updates = config.bnn.updates,
                               .minibatch = config.bnn.minibatch,
                               .pool_capacity = config.bnn.pool_capacity},
        seed);
  };
  switch (config.bonus) {
    case BonusKind::kVime:
    case BonusKind::kShuffled:
      return model(config.compat == Compat::kOpenaiVime ? ModelMeasure::kReleased : gain);
    case BonusKind::kCompression:
      return model(gain);
    case BonusKind::kLikelihoodGain:
      return model(ModelMeasure::kLogLikelihoodGain);
    case BonusKind::kGradientSteps:
      return model(ModelMeasure::kGradientSteps);
    case BonusKind::kVariance:
      return model(ModelMeasure::kVariance);
    case BonusKind::kBald:
      return model(ModelMeasure::kMutualInformation);
    case BonusKind::kError:
      return model(ModelMeasure::kError);
    case BonusKind::kTrajectoryError:
      return model(ModelMeasure::kTrajectoryError);
    case BonusKind::kLinearModel:
      return model(ModelMeasure::kLinearModel);
    case BonusKind::kDistillation:
      return regression(RegressionMeasure::kDistillation);
    case BonusKind::kDisagreement:
      return regression(RegressionMeasure::kDisagreement);
    case BonusKind::kGridCount:
      return std::make_unique<CountBonus>(spec, CountCells::kGrid, seed);
    case BonusKind::kHashCount:
      return std::make_unique<CountBonus>(spec, CountCells::kHash, seed);
    case BonusKind::kStateNorm:
      return std::make_unique<PlainBonus>(spec, PlainMeasure::kStateNorm);
    case BonusKind::kNoise:
      return std::make_unique<PlainBonus>(spec, PlainMeasure::kNoise);
    case BonusKind::kNone:
      break;
  }
  return nullptr;
}

}  // namespace

std::unique_ptr<Rollout> MakeRollout(const RunConfig& config) {
  VIME_CHECK(config.horizon > 0);
  return std::make_unique<Rollout>(
      [config] { return MakeEnvironment(config); }, static_cast<int>(config.horizon),
      static_cast<std::uint64_t>(config.seed), static_cast<int>(config.noise_hold));
}

std::unique_ptr<Trainer> MakeTrainer(const RunConfig& config, int num_threads) {
  const auto seed = static_cast<std::uint64_t>(config.seed);
  std::unique_ptr<Rollout> rollout = MakeRollout(config);
  const EnvSpec& spec = rollout->spec();
  std::unique_ptr<Policy> policy;
  if (config.policy_kind == PolicyKind::kGru) {
    policy = std::make_unique<GruPolicy>(spec, config.policy, seed);
  } else {
    policy = std::make_unique<GaussianPolicy<float>>(spec, config.policy, seed);
  }
  std::unique_ptr<PolicyOptimizer> optimizer = MakeOptimizer(config, spec, *policy);
  std::unique_ptr<Bonus> bonus = config.UsesBonus() ? MakeBonus(config, spec) : nullptr;
  TrainerOptions options{.seed = seed,
                         .batch_steps = config.batch_steps,
                         .iterations = config.iterations,
                         .num_threads = num_threads,
                         .gamma = config.reinforce.gamma,
                         .shaping = config.shaping};
  options.shaping.shuffle = config.bonus == BonusKind::kShuffled;
  return std::make_unique<Trainer>(options, std::move(rollout), std::move(policy),
                                   std::move(optimizer), std::move(bonus));
}

}  // namespace vime
