// The configuration of a run: every choice that its results depend on.
#pragma once

#include <memory>
#include <span>
#include <string>

#include "lib/bnn/information_gain_options.h"
#include "lib/core/fields.h"
#include "lib/optim/erwr.h"
#include "lib/optim/natural_gradient.h"
#include "lib/optim/ppo.h"
#include "lib/optim/reinforce.h"
#include "lib/rl/env.h"
#include "lib/rl/gaussian_policy.h"
#include "lib/vime/dynamics_model.h"
#include "lib/vime/trainer.h"

namespace vime {

inline constexpr double kMaxSeed = 9007199254740991.0;  // 2^53 - 1: exact in JSON

enum class Algorithm { kReinforce, kNaturalGradient, kTrpo, kPpo, kErwr };
enum class BonusKind {
  kVime,
  kShuffled,
  kCompression,
  kLikelihoodGain,
  kGradientSteps,
  kVariance,
  kBald,
  kLinearModel,
  kError,
  kTrajectoryError,
  kDistillation,
  kDisagreement,
  kGridCount,
  kHashCount,
  kStateNorm,
  kNoise,
  kNone,
};
enum class Compat { kNone, kOpenaiVime };
enum class PolicyKind { kMlp, kGru };
enum class Observe { kAll, kPositions };
enum class SamplingChoice { kAuto, kLocal, kDirect, kMoments };
enum class StopWhen { kIterations, kSolved };

struct RunConfig {
  std::string env = "mountaincar";
  EnvParams env_params;
  Observe observe = Observe::kAll;
  std::int64_t seed = 1;
  std::int64_t iterations = 100;
  std::int64_t env_steps = 0;  ///< stop once this many were taken; 0: no limit
  StopWhen stop_when = StopWhen::kIterations;
  std::int64_t batch_steps = 5000;
  std::int64_t eval_every = 0;  ///< iterations between evaluations; 0: none
  std::int64_t eval_episodes = 10;
  std::int64_t horizon = 0;  ///< 0 until resolved: the environment's own
  Algorithm algo = Algorithm::kReinforce;
  BonusKind bonus = BonusKind::kVime;
  BonusShapingOptions shaping;
  PolicyKind policy_kind = PolicyKind::kMlp;
  GaussianPolicyOptions policy;
  std::int64_t noise_hold = 1;  ///< steps for which action noise is kept; see Rollout
  ReinforceOptions reinforce;
  AdvantageOptions advantage;  ///< of every algorithm but reinforce
  NaturalGradientOptions trpo;
  PpoOptions ppo;
  ErwrOptions erwr;
  DynamicsModelOptions bnn;
  SamplingChoice bnn_sampling = SamplingChoice::kAuto;  ///< kAuto until resolved
  InformationGainOptions gain;
  bool gain_chain = false;           ///< ModelMeasure::kChainedGain
  std::int64_t gradient_steps = 5;   ///< of BonusKind::kGradientSteps
  double gradient_step_size = 1e-6;  ///< lambda of those steps
  Compat compat = Compat::kNone;

  /// Adds every field except env_params (those depend on `env`).
  void Describe(FieldList& fields);

  /// Whether any iteration pays a bonus; otherwise no model is trained or scored.
  bool UsesBonus() const;
};

/// A bonus that `--bonus` knows.
struct BonusEntry {
  BonusKind kind;
  std::string_view help;
};
std::span<const BonusEntry> Bonuses();

/// All fields of a config, those of its environment's parameters included, which take their
/// defaults where they have no value yet. Throws ConfigError when config.env is unknown. The list
/// refers into `config`.
FieldList DescribeAll(RunConfig& config);

/// Fills what depends on other fields (the horizon, bnn.sampling) and rejects combinations that
/// make no sense.
void Resolve(RunConfig& config);

/// The environment that a config describes.
std::unique_ptr<Env> MakeEnvironment(const RunConfig& config);

/// The rollout of a resolved config.
std::unique_ptr<Rollout> MakeRollout(const RunConfig& config);

/// Builds the training loop that a resolved config describes.
std::unique_ptr<Trainer> MakeTrainer(const RunConfig& config, int num_threads);

}  // namespace vime
