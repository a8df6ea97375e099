#include "experiments/runner/run_config.h"

#include <array>

#include "envs/hidden_velocities.h"
#include "envs/registry.h"
#include "lib/core/check.h"
#include "lib/rl/gru_policy.h"

namespace vime {

#define VIME_ENUM_NAMES(Enum, ...)                                                 \
  template <>                                                                      \
  std::span<const std::string_view> EnumNames<Enum>() {                            \
    static constexpr auto kNames = std::to_array<std::string_view>({__VA_ARGS__}); \
    return kNames;                                                                 \
  }
VIME_ENUM_NAMES(Algorithm, "reinforce", "npg", "trpo", "ppo", "erwr")
VIME_ENUM_NAMES(BonusKind, "vime", "shuffled", "compression", "likelihood-gain", "gradient-steps",
                "variance", "bald", "blr", "l2", "l2-trajectory", "rnd", "disagreement",
                "count-grid", "count-hash", "state-norm", "noise", "none")
VIME_ENUM_NAMES(Compat, "none", "openai-vime")
VIME_ENUM_NAMES(EndBonus, "none", "remaining-horizon")
VIME_ENUM_NAMES(PolicyKind, "mlp", "gru")
VIME_ENUM_NAMES(Observe, "all", "positions")
VIME_ENUM_NAMES(StopWhen, "iterations", "solved")
VIME_ENUM_NAMES(EtaSchedule, "constant", "linear", "exponential")
VIME_ENUM_NAMES(BonusNormalization, "median", "mean", "stddev", "none")
VIME_ENUM_NAMES(ObservationNormalization, "bounds", "running", "none")
VIME_ENUM_NAMES(StddevKind, "constant", "state")
VIME_ENUM_NAMES(ActionSquash, "none", "tanh")
VIME_ENUM_NAMES(ReturnForm, "reward-to-go", "trajectory")
VIME_ENUM_NAMES(BaselineKind, "optimal", "mean", "time", "linear", "mlp", "none")
VIME_ENUM_NAMES(ValueKind, "linear", "mlp", "none")
VIME_ENUM_NAMES(ValueFit, "after", "before")
VIME_ENUM_NAMES(ImportanceKind, "trajectory", "per-decision", "prefix", "clipped")
VIME_ENUM_NAMES(GradientStep, "adam", "sgd")
VIME_ENUM_NAMES(Activation, "relu", "tanh")
VIME_ENUM_NAMES(Target, "next-observation", "delta")
VIME_ENUM_NAMES(PriorScale, "constant", "fan-in")
VIME_ENUM_NAMES(SamplingChoice, "auto", "local", "direct", "moments")
VIME_ENUM_NAMES(TrainingNoise, "shared", "per-example")
VIME_ENUM_NAMES(KlSchedule, "constant", "data")
VIME_ENUM_NAMES(Likelihood, "fixed", "learned", "heteroscedastic")
VIME_ENUM_NAMES(GainForm, "taylor", "exact", "exact-reversed")
#undef VIME_ENUM_NAMES

void RunConfig::Describe(FieldList& f) {
  const Range count{.low = 1, .high = 1e9};
  // Scales that survive in single precision, squared too.
  const Range scale{.low = 1e-6, .high = 1e6};
  const Range widths{.low = 1, .high = 4096, .max_entries = 8};
  f.Add("env", env, "environment; see --list envs");
  f.Add("observe", observe, "positions: hide the velocities among the observations");
  f.Add("seed", seed, "names every random number of the run", {.low = 0, .high = kMaxSeed});
  f.Add("iterations", iterations, "policy updates", count);
  f.Add("env_steps", env_steps, "stop once this many environment steps were taken; 0: no limit",
        {.low = 0, .high = 1e15});
  f.Add("stop_when", stop_when, "stop early when the task counts as solved");
  f.Add("batch_steps", batch_steps, "environment steps per iteration, at least; episodes are whole",
        {.low = 1, .high = 1e8});
  f.Add("horizon", horizon, "steps after which an episode is cut; default: the environment's",
        {.low = 1, .high = 1e6});
  f.Add("eval_every", eval_every,
        "evaluate the deterministic policy after every so many iterations; 0: never",
        {.low = 0, .high = 1e9});
  f.Add("eval_episodes", eval_episodes, "episodes per evaluation", {.low = 1, .high = 1e6});
  f.Add("gamma", reinforce.gamma, "discount", kProbability);
  f.Add("algo", algo, "policy optimiser; options of each: reinforce.*, trpo.*, ppo.*, erwr.*");
  f.Add("reuse_epochs", reinforce.reuse_epochs,
        "reinforce: gradient steps per batch, the later ones with importance weights",
        {.low = 1, .high = 1e4});
  f.Add("bonus", bonus, "exploration bonus; see --list bonuses");
  f.Add("eta", shaping.eta, "weight of the normalised bonus in the reward", kNonNegative);
  f.Add("eta_schedule", shaping.eta_schedule, "how eta moves over the iterations");
  f.Add("eta_final", shaping.eta_final, "eta of the last iteration, unless constant", kNonNegative);
  f.Add("bonus_normalization", shaping.normalization,
        "what bonuses are divided by: the mean of this statistic of the last batches");
  f.Add("bonus_window", shaping.window, "batches in that mean", {.low = 1, .high = 1e6});
  f.Add("bonus_clip", shaping.clip, "largest normalised bonus", kPositive);
  f.Add("bonus_center", shaping.center,
        "subtract the batch mean of the bonus: repairs the reward "
        "for staying alive");
  f.Add("bonus_end", shaping.end,
        "what ending an episode pays: nothing, or the mean bonus of the steps that are left");
  f.Add("intrinsic_only", shaping.intrinsic_only, "leave the reward of the task out");
  f.Add("compat", compat,
        "openai-vime: the bonus as the released implementation of the paper computes it");
  f.Group("policy", [&](FieldList& g) {
    g.Add("kind", policy_kind,
          "mlp sees the last observation; gru remembers all of the episode (gated recurrent unit)");
    g.Add("hidden", policy.hidden, "widths of the tanh layers, or the one of the gru", widths);
    g.Add("stddev", policy.stddev,
          "standard deviation: the same in every state, or further outputs of the network");
    g.Add("initial_stddev", policy.initial_stddev, "initial standard deviation, normalised units",
          scale);
    g.Add("min_stddev", policy.min_stddev, "lower bound of the standard deviation", scale);
    g.Add("max_stddev", policy.max_stddev, "upper bound of the standard deviation", scale);
    g.Add("output_init_stddev", policy.output_init_stddev,
          "standard deviation of the initial output weights", kNonNegative);
    g.Add("observation_normalization", policy.observation_normalization,
          "scale observations by their bounds, by running moments, or not");
    g.Add("squash", policy.squash,
          "what keeps sampled actions in their bounds: clipping, or tanh before scaling");
    g.Add("noise_hold", noise_hold,
          "steps for which action noise is kept; above 1 the policy gradient is biased, because it "
          "takes actions to be independent",
          {.low = 1, .high = 1e6});
  });
  f.Group("reinforce", [&](FieldList& g) {
    g.Add("form", reinforce.form, "A_t: discounted reward to go, or return of the trajectory");
    g.Add("baseline", reinforce.baseline,
          "what is subtracted from A_t; optimal: per parameter, least variance");
    g.Add("scale_returns", reinforce.scale_returns, "divide A by its standard deviation");
    g.Add("step", reinforce.step, "gradient step");
    g.Add("learning_rate", reinforce.learning_rate, "of the gradient step", kPositive);
    g.Add("beta1", reinforce.beta1, "Adam: decay of the first moment", kUnitHalfOpen);
    g.Add("beta2", reinforce.beta2, "Adam: decay of the second moment", kUnitHalfOpen);
    g.Add("importance", reinforce.importance,
          "weights of a reused batch; prefix and clipped are biased");
    g.Add("ratio_clip", reinforce.ratio_clip, "importance clipped: ratios stay in [1 - c, 1 + c]",
          {.low = 0, .high = 1, .low_open = true});
    g.Add("max_kl", reinforce.max_kl, "no further reuse once the mean KL exceeds it, nats",
          kPositive);
  });
  f.Group("advantage", [&](FieldList& g) {
    g.Add("gae_lambda", advantage.gae_lambda, "1: returns minus V; 0: one-step differences",
          kProbability);
    g.Add("value", advantage.value, "value function V(s, t)");
    g.Add("value_fit", advantage.value_fit, "V learns from a batch after or before its advantages");
    g.Add("bootstrap", advantage.bootstrap, "count V after an episode that the horizon cut");
    g.Add("standardize", advantage.standardize, "to mean 0 and standard deviation 1 in a batch");
  });
  f.Group("trpo", [&](FieldList& g) {
    g.Add("max_kl", trpo.max_kl, "bound delta on the mean KL of an update, nats; npg too",
          kPositive);
    g.Add("fisher_steps", trpo.fisher_steps,
          "states at which the Fisher matrix is averaged; 0: the whole batch",
          {.low = 0, .high = 1e8});
    g.Add("damping", trpo.damping, "added to the diagonal of the Fisher matrix", kNonNegative);
    g.Add("cg_iterations", trpo.cg_iterations, "of conjugate gradients, at most",
          {.low = 1, .high = 1e4});
    g.Add("cg_tolerance", trpo.cg_tolerance, "relative residual at which they stop", kUnitHalfOpen);
    g.Add("backtrack_ratio", trpo.backtrack_ratio, "by which the line search shortens a step",
          {.low = 0, .high = 1, .low_open = true, .high_open = true});
    g.Add("max_backtracks", trpo.max_backtracks, "shortenings of the step before it is given up",
          {.low = 0, .high = 60});
  });
  f.Group("ppo", [&](FieldList& g) {
    g.Add("epochs", ppo.epochs, "passes over a batch", {.low = 1, .high = 1e4});
    g.Add("minibatch", ppo.minibatch,
          "steps per gradient; whole episodes with at least that many for policy.kind gru",
          {.low = 1, .high = 1e8});
    g.Add("clip", ppo.clip, "epsilon: the ratio counts within [1 - epsilon, 1 + epsilon]",
          {.low = 0, .high = 1, .low_open = true});
    g.Add("max_kl", ppo.max_kl, "no further pass once the mean KL exceeds it, nats", kPositive);
    g.Add("learning_rate", ppo.learning_rate, "of Adam", kPositive);
  });
  f.Group("erwr", [&](FieldList& g) {
    g.Add("iterations", erwr.iterations, "of L-BFGS per batch, at most", {.low = 1, .high = 1e4});
  });
  f.Group("bnn", [&](FieldList& g) {
    g.Add("hidden", bnn.hidden, "widths of the hidden layers", widths);
    g.Add("activation", bnn.activation, "of the hidden layers");
    g.Add("target", bnn.target, "what the network predicts, standardised");
    g.Add("prior_stddev", bnn.prior_stddev, "of every weight; also the initial sigma", scale);
    g.Add("prior_scale", bnn.prior_scale, "fan-in: divide prior_stddev by sqrt(inputs + 1)");
    g.Add(
        "likelihood", bnn.likelihood,
        "sd of the Gaussian likelihood: fixed, learned per output, or heteroscedastic, learned per "
        "output as a function of state and action");
    g.Add("likelihood_stddev", bnn.likelihood_stddev, "likelihood fixed: its sd", scale);
    g.Add("likelihood_rate", bnn.likelihood_rate, "likelihood learned: rate of its moving average",
          {.low = 0, .high = 1, .low_open = true});
    g.Add("likelihood_floor", bnn.likelihood_floor, "least learned likelihood sd", scale);
    g.Add("sampling", bnn_sampling,
          "how E_q is taken; moments: in closed form, one hidden relu layer only; auto: moments "
          "where they can be, else local");
    g.Add("num_samples", bnn.num_samples, "Monte Carlo samples of E_q", {.low = 1, .high = 10000});
    g.Add("training_noise", bnn.training_noise, "local sampling: noise of a minibatch");
    g.Add("kl_schedule", bnn.kl_schedule,
          "weight of the KL per minibatch: kl_weight, or kl_weight * minibatch / pool size");
    g.Add("kl_weight", bnn.kl_weight, "see kl_schedule", kNonNegative);
    g.Add("learning_rate", bnn.learning_rate, "of Adam", kPositive);
    g.Add("updates", bnn.updates, "minibatches per iteration", {.low = 1, .high = 1e7});
    g.Add("minibatch", bnn.minibatch, "transitions per minibatch", {.low = 1, .high = 1e5});
    g.Add("pool_capacity", bnn.pool_capacity, "transitions in the replay pool",
          {.low = 1, .high = 1e8});
  });
  f.Group("gain", [&](FieldList& g) {
    g.Add("form", gain.form, "information gain: Taylor form, KL[new||old], or KL[old||new]");
    g.Add("step_size", gain.step_size, "lambda of the Newton step", scale);
    g.Add("chain", gain_chain,
          "bonus vime, shuffled, compression: the belief learns along every episode, so that the "
          "same transition gains less the second time");
    g.Add("gradient_steps", gradient_steps, "bonus gradient-steps: how many",
          {.low = 1, .high = 1000});
    g.Add("gradient_step_size", gradient_step_size,
          "bonus gradient-steps: their lambda; without a Hessian, so that long steps diverge",
          {.low = 1e-12, .high = 1e6});
  });
}

bool RunConfig::UsesBonus() const {
  const bool scheduled = shaping.eta_schedule != EtaSchedule::kConstant && shaping.eta_final > 0;
  return bonus != BonusKind::kNone && (shaping.eta > 0 || scheduled);
}

std::span<const BonusEntry> Bonuses() {
  static constexpr auto kBonuses = std::to_array<BonusEntry>({
      {BonusKind::kVime, "information gain of a Bayesian dynamics model, KL[new || old]"},
      {BonusKind::kShuffled, "placebo: the bonuses of vime, in random order within each batch"},
      {BonusKind::kCompression, "KL[old || new] of the same belief"},
      {BonusKind::kLikelihoodGain, "how much likelier the new belief makes the transition; slow"},
      {BonusKind::kGradientSteps, "KL after several gradient steps, not a Newton step; slow"},
      {BonusKind::kVariance, "variance of the model's prediction"},
      {BonusKind::kBald, "mutual information of prediction and weights"},
      {BonusKind::kLinearModel, "exact information gain of a linear model on learned features"},
      {BonusKind::kError, "squared error of the model"},
      {BonusKind::kTrajectoryError, "the same, averaged over the trajectory"},
      {BonusKind::kDistillation, "random network distillation of s'"},
      {BonusKind::kDisagreement, "variance of the predictions of five networks"},
      {BonusKind::kGridCount, "1/sqrt(visits) on the visit grid: knows what matters"},
      {BonusKind::kHashCount, "1/sqrt(visits) of hashed observations"},
      {BonusKind::kStateNorm, "squared norm of the standardised next observation"},
      {BonusKind::kNoise, "placebo: absolute values of Gaussian noise"},
      {BonusKind::kNone, "no bonus, as with eta 0"},
  });
  return kBonuses;
}

FieldList DescribeAll(RunConfig& config) {
  const EnvEntry* entry = FindEnvironment(config.env);
  if (entry == nullptr) MakeEnvironment(config.env);  // throws, with a suggestion
  for (const auto& [name, value] : DefaultParams(*entry)) config.env_params.emplace(name, value);
  FieldList fields;
  config.Describe(fields);
  fields.Group("env_params", [&](FieldList& group) {
    for (const EnvParam& param : entry->params) {
      group.Add(param.name, config.env_params[param.name], param.help,
                {.low = param.low, .high = param.high, .integer = param.integer});
    }
  });
  return fields;
}

std::unique_ptr<Env> MakeEnvironment(const RunConfig& config) {
  std::unique_ptr<Env> env = MakeEnvironment(config.env, config.env_params);
  if (config.observe == Observe::kAll) return env;
  return HideVelocities(std::move(env));
}

namespace {

// Writes the choice into bnn.sampling, and what kAuto came to into the choice.
void ResolveSampling(RunConfig& config) {
  DynamicsModelOptions& bnn = config.bnn;
  if (config.bnn_sampling == SamplingChoice::kLocal) bnn.sampling = Sampling::kLocal;
  if (config.bnn_sampling == SamplingChoice::kDirect) bnn.sampling = Sampling::kDirect;
  if (config.bnn_sampling == SamplingChoice::kMoments) bnn.sampling = Sampling::kMoments;
  const bool closed_form = bnn.hidden.size() == 1 && bnn.activation == Activation::kRelu;
  if (bnn.sampling == Sampling::kMoments && !closed_form) {
    if (config.bnn_sampling == SamplingChoice::kMoments) {
      throw ConfigError(
          "bnn.sampling moments needs one hidden layer (bnn.hidden) and bnn.activation relu; auto, "
          "local and direct do not");
    }
    bnn.sampling = Sampling::kLocal;
  }
  config.bnn_sampling = bnn.sampling == Sampling::kLocal    ? SamplingChoice::kLocal
                        : bnn.sampling == Sampling::kDirect ? SamplingChoice::kDirect
                                                            : SamplingChoice::kMoments;
}

}  // namespace

void Resolve(RunConfig& config) {
  const EnvSpec spec = MakeEnvironment(config)->spec();
  if (config.horizon == 0) config.horizon = spec.default_horizon;
  if (config.policy.min_stddev > config.policy.max_stddev) {
    throw ConfigError("policy.min_stddev must not exceed policy.max_stddev");
  }
  if (config.policy.initial_stddev < config.policy.min_stddev ||
      config.policy.initial_stddev > config.policy.max_stddev) {
    throw ConfigError("policy.initial_stddev must lie in [policy.min_stddev, policy.max_stddev]");
  }
  if (config.policy.stddev == StddevKind::kState &&
      (config.policy.initial_stddev == config.policy.min_stddev ||
       config.policy.initial_stddev == config.policy.max_stddev)) {
    throw ConfigError(
        "policy.stddev state needs policy.initial_stddev strictly between policy.min_stddev and "
        "policy.max_stddev");
  }
  if (config.reinforce.reuse_epochs > 1 && config.algo != Algorithm::kReinforce) {
    throw ConfigError("reuse_epochs above 1 needs algo reinforce; ppo has ppo.epochs");
  }
  if (config.policy_kind == PolicyKind::kGru && config.policy.hidden.size() != 1) {
    throw ConfigError("policy.kind gru needs exactly one width in policy.hidden");
  }
  ResolveSampling(config);
  if (config.bnn.likelihood == Likelihood::kHeteroscedastic &&
      (config.bonus == BonusKind::kLikelihoodGain || config.bonus == BonusKind::kGradientSteps ||
       config.compat == Compat::kOpenaiVime)) {
    throw ConfigError(
        "bnn.likelihood heteroscedastic is not available for bonus likelihood-gain, bonus "
        "gradient-steps and compat openai-vime: use fixed or learned");
  }
  if (config.shaping.eta_schedule == EtaSchedule::kExponential &&
      !(config.shaping.eta > 0 && config.shaping.eta_final > 0)) {
    throw ConfigError("eta_schedule exponential needs eta > 0 and eta_final > 0");
  }
  if (static_cast<double>(config.bnn.updates) * static_cast<double>(config.bnn.minibatch) > 4e9) {
    throw ConfigError("bnn.updates * bnn.minibatch must be at most 4e9");  // 32 bits name noise
  }
  if (config.compat == Compat::kOpenaiVime &&
      (config.bonus != BonusKind::kVime || config.algo == Algorithm::kPpo)) {
    throw ConfigError("compat openai-vime needs bonus vime and an algo of the paper, not ppo");
  }
  if (config.bnn.likelihood == Likelihood::kHeteroscedastic &&
      config.bnn.likelihood_floor > kLargestStddev) {
    throw ConfigError("bnn.likelihood heteroscedastic needs bnn.likelihood_floor <= 10");
  }
  const bool chains = config.bonus == BonusKind::kVime || config.bonus == BonusKind::kShuffled ||
                      config.bonus == BonusKind::kCompression;
  if (config.gain_chain && (!chains || config.compat == Compat::kOpenaiVime)) {
    throw ConfigError("gain.chain needs bonus vime, shuffled or compression, and compat none");
  }
  const double rows = static_cast<double>(config.batch_steps + config.horizon);
  if (rows > 1e8) throw ConfigError("batch_steps + horizon must be at most 1e8");
}

}  // namespace vime
