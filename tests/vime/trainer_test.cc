#include "lib/vime/trainer.h"

#include <doctest/doctest.h>

#include <bit>
#include <cmath>
#include <limits>
#include <map>
#include <string>
#include <type_traits>
#include <vector>

#include "lib/core/check.h"
#include "lib/core/statistics.h"
#include "lib/optim/reinforce.h"
#include "lib/rl/gaussian_policy.h"
#include "lib/vime/model_bonus.h"
#include "tests/support/toy_env.h"

namespace vime {
namespace {

using testing::ChainEnv;
using testing::CountingEnv;
using testing::LinearEnv;

constexpr std::uint64_t kSeed = 9;

DynamicsModelOptions SmallModel(Sampling sampling = Sampling::kLocal) {
  DynamicsModelOptions options;
  options.hidden = {8};
  options.sampling = sampling;
  options.likelihood = Likelihood::kFixed;
  options.likelihood_stddev = 0.5;
  options.updates = 50;
  return options;
}

std::unique_ptr<Policy> MakePolicy(const EnvSpec& spec) {
  return std::make_unique<GaussianPolicy<float>>(spec, GaussianPolicyOptions{.hidden = {8}}, kSeed);
}

Trainer MakeTrainer(const TrainerOptions& options, const EnvFactory& env, int horizon,
                    std::unique_ptr<Bonus> bonus) {
  auto rollout = std::make_unique<Rollout>(env, horizon, options.seed);
  auto policy = MakePolicy(rollout->spec());
  auto reinforce = std::make_unique<Reinforce>(ReinforceOptions{}, policy->num_parameters());
  return Trainer(options, std::move(rollout), std::move(policy), std::move(reinforce),
                 std::move(bonus));
}

std::unique_ptr<ModelBonus> MakeVimeBonus(const EnvSpec& spec, Sampling sampling = Sampling::kLocal,
                                          std::uint64_t seed = kSeed) {
  return std::make_unique<ModelBonus>(spec, SmallModel(sampling), ModelBonusOptions{}, seed);
}

// Every metric but the clocks, as bits; null is absent.
std::map<std::string, std::uint64_t> Bits(const IterationMetrics& metrics) {
  std::map<std::string, std::uint64_t> bits;
  IterationMetrics::Describe(metrics, [&](const std::string& key, const auto& value, const char*) {
    if (key == "wall_s" || key.starts_with("time/")) return;
    if constexpr (std::is_same_v<std::decay_t<decltype(value)>, std::optional<double>>) {
      if (value) bits[key] = std::bit_cast<std::uint64_t>(*value);
    } else {
      bits[key] = std::bit_cast<std::uint64_t>(value);
    }
  });
  return bits;
}

// Whether a metric says something about a bonus that there is.
bool SpeaksOfBonus(const std::string& key, std::uint64_t bits) {
  if (key == "bonus/not_finite") return bits != 0;  // a count
  return key.starts_with("bonus/");
}

// Pays the same for every transition.
struct ConstantScorer : BonusScorer {
  explicit ConstantScorer(double v) : value(v) {}
  VectorXd Score(const Batch& batch, const NoiseKey&, int) const override {
    return VectorXd::Constant(batch.size(), value);
  }
  double value;
};

// A bonus that notes how it is used: it pays the number of transitions observed so far.
struct CountingBonus : Bonus {
  std::unique_ptr<const BonusScorer> Scorer() const override {
    CHECK(fits == observes);  // what was observed was fitted
    if (observed == 0) return nullptr;
    return std::make_unique<ConstantScorer>(iteration_of_nan == fits ? std::nan("") : observed);
  }
  void Observe(const Batch& batch) override {
    observed += static_cast<double>(batch.size());
    ++observes;
  }
  void Serialize(Archive& /*archive*/) override {}
  FitReport Fit(std::uint32_t iteration) override {
    CHECK(static_cast<int>(iteration) == fits);
    ++fits;
    return {.elbo = -observed};
  }

  double observed = 0;
  int observes = 0;
  int fits = 0;
  int iteration_of_nan = -1;
};

// An optimiser that notes the rewards it is given and leaves the policy alone.
struct RecordingOptimizer : PolicyOptimizer {
  explicit RecordingOptimizer(VectorXd* to) : rewards(to) {}
  void Serialize(Archive& /*archive*/) override {}
  UpdateReport Update(const Batch&, const VectorXd& r, Policy&, int) override {
    *rewards = r;
    return {.gradient_norm = 1.5, .gradient_variance_ratio = std::nan("")};
  }
  VectorXd* rewards;
};

TEST_CASE("The metrics of an iteration are those of its episodes") {
  // Episodes of 1, ..., 6 steps paying 1, 2, ...; four steps make a success.
  const testing::CountingOptions env{
      .length = 6, .random_length = true, .success_steps = 6, .success_share = 0};
  Trainer trainer =
      MakeTrainer({.seed = kSeed, .batch_steps = 40}, CountingEnv::Factory(env), 5, nullptr);
  std::int64_t steps = 0;
  std::int64_t episodes = 0;
  for (std::int64_t i = 0; i < 3; ++i) {
    const IterationMetrics m = trainer.Iterate();
    const auto& trajectories = trainer.batch().trajectories;
    const double n = static_cast<double>(trajectories.size());
    std::vector<double> returns;
    double terminated = 0;
    double length = 0;
    for (const Trajectory& trajectory : trajectories) {
      const double k = static_cast<double>(trajectory.length);
      returns.push_back(k * (k + 1) / 2);
      terminated += trajectory.terminated ? 1 : 0;
      length += k;
    }
    steps += trainer.batch().size();
    episodes += static_cast<std::int64_t>(trajectories.size());
    CHECK(m.iteration == i);
    CHECK(m.env_steps == steps);
    CHECK(m.episodes == episodes);
    CHECK(m.return_mean == doctest::Approx(Mean(returns)));
    CHECK(m.return_std == doctest::Approx(StandardDeviation(returns)));
    CHECK(m.return_min == *std::min_element(returns.begin(), returns.end()));
    CHECK(m.return_max == *std::max_element(returns.begin(), returns.end()));
    CHECK(m.success_fraction == 1);
    CHECK(m.terminated_fraction == doctest::Approx(terminated / n));
    CHECK(m.terminated_fraction < 1);  // six steps do not fit into the horizon
    CHECK(m.episode_length_mean == doctest::Approx(length / n));
    CHECK(m.policy_std_mean == doctest::Approx(1).epsilon(0.2));
    CHECK(m.policy_kl > 0);
    CHECK(m.policy_gradient_norm > 0);
    REQUIRE(m.policy_gradient_variance_ratio);
  }
}

TEST_CASE("The success fraction counts the episodes that succeeded") {
  const testing::CountingOptions env{
      .length = 6, .random_length = true, .success_steps = 3, .success_share = 1};
  Trainer trainer =
      MakeTrainer({.seed = kSeed, .batch_steps = 60}, CountingEnv::Factory(env), 6, nullptr);
  const IterationMetrics m = trainer.Iterate();
  double successes = 0;
  for (const Trajectory& t : trainer.batch().trajectories) successes += t.length <= 3 ? 1 : 0;
  CHECK(m.success_fraction ==
        doctest::Approx(successes / static_cast<double>(trainer.batch().trajectories.size())));
  CHECK(m.success_fraction > 0);
  CHECK(m.success_fraction < 1);
}

TEST_CASE("Coverage is the share of the cells visited since the run began") {
  // Next states lie in cells 1, ..., 10 of one axis and at the end of the other.
  Trainer trainer =
      MakeTrainer({.seed = kSeed, .batch_steps = 30}, CountingEnv::Factory({}), 10, nullptr);
  CHECK(trainer.Iterate().coverage_fraction == 10 / 2500.);
  CHECK(trainer.Iterate().coverage_fraction == 10 / 2500.);
  // Beyond the grid lies its last cell: 1, ..., 49.
  Trainer longer =
      MakeTrainer({.seed = kSeed, .batch_steps = 30}, CountingEnv::Factory({}), 60, nullptr);
  CHECK(longer.Iterate().coverage_fraction == 49 / 2500.);
}

TEST_CASE("Coverage never falls") {
  Trainer trainer = MakeTrainer({.seed = kSeed, .batch_steps = 50}, LinearEnv::Make, 10, nullptr);
  double before = 0;
  for (int i = 0; i < 5; ++i) {
    const double now = trainer.Iterate().coverage_fraction;
    CHECK(now > before);
    before = now;
  }
}

TEST_CASE("Without a bonus nothing is reported about bonus and model") {
  Trainer trainer = MakeTrainer({.seed = kSeed, .batch_steps = 50}, LinearEnv::Make, 10, nullptr);
  for (int i = 0; i < 2; ++i) {
    for (const auto& [key, value] : Bits(trainer.Iterate())) {
      CHECK_FALSE(SpeaksOfBonus(key, value));
      CHECK_FALSE(key.starts_with("bnn/"));
    }
  }
}

TEST_CASE("A bonus is not scored before it has seen data, and is reported from then on") {
  Trainer trainer = MakeTrainer({.seed = kSeed, .batch_steps = 50}, LinearEnv::Make, 10,
                                MakeVimeBonus(LinearEnv().spec()));
  const auto first = Bits(trainer.Iterate());
  for (const auto& [key, value] : first) CHECK_FALSE(SpeaksOfBonus(key, value));
  CHECK(first.contains("bnn/elbo"));
  CHECK_FALSE(first.contains("bnn/mse_mean_prediction"));
  const IterationMetrics m = trainer.Iterate();
  const auto second = Bits(m);
  for (const char* key : {"bonus/eta", "bonus/mean", "bonus/median", "bonus/max",
                          "bonus/reward_mean", "bonus/noise_rank_correlation", "bnn/elbo",
                          "bnn/mse_mean_prediction", "bnn/mse_predict_zero", "bnn/mse_identity"}) {
    CAPTURE(key);
    CHECK(second.contains(key));
  }
  CHECK(*m.eta == 0.1);
  CHECK(*m.bonus_median > 0);
  CHECK(*m.bonus_max >= *m.bonus_mean);
  CHECK(*m.bonus_noise_rank_correlation > 0);
  CHECK(*m.bonus_noise_rank_correlation < 1);
}

TEST_CASE("A bonus without noise has the rank correlation 1 between two draws") {
  Trainer trainer = MakeTrainer({.seed = kSeed, .batch_steps = 50}, LinearEnv::Make, 10,
                                MakeVimeBonus(LinearEnv().spec(), Sampling::kMoments));
  trainer.Iterate();
  CHECK(*trainer.Iterate().bonus_noise_rank_correlation == doctest::Approx(1));
}

TEST_CASE("Where a bonus depends on the trajectory, the noise is measured on whole ones") {
  for (const ModelMeasure measure : {ModelMeasure::kTrajectoryError, ModelMeasure::kChainedGain}) {
    CAPTURE(static_cast<int>(measure));
    Trainer trainer =
        MakeTrainer({.seed = kSeed, .batch_steps = 300}, LinearEnv::Make, 10,
                    std::make_unique<ModelBonus>(LinearEnv().spec(), SmallModel(Sampling::kMoments),
                                                 ModelBonusOptions{.measure = measure}, kSeed));
    trainer.Iterate();
    CHECK(*trainer.Iterate().bonus_noise_rank_correlation == doctest::Approx(1));
  }
}

TEST_CASE("Each iteration scores before it observes and fits, and rewards are r plus the bonus") {
  VectorXd rewards;
  auto rollout = std::make_unique<Rollout>(CountingEnv::Factory({}), 10, kSeed);
  auto policy = MakePolicy(rollout->spec());
  TrainerOptions options{.seed = kSeed, .batch_steps = 20};
  options.shaping.eta = 0.25;
  options.shaping.normalization = BonusNormalization::kNone;
  options.shaping.clip = 1e9;
  Trainer trainer(options, std::move(rollout), std::move(policy),
                  std::make_unique<RecordingOptimizer>(&rewards),
                  std::make_unique<CountingBonus>());
  trainer.Iterate();
  CHECK(rewards == trainer.batch().rewards);
  for (int k = 1; k < 4; ++k) {
    const IterationMetrics m = trainer.Iterate();
    CHECK(*m.bonus_mean == 20 * k);  // of the batches before this one
    CHECK(*m.bnn_elbo == -20 * (k + 1));
    CHECK(*m.bonus_reward_mean == 5 * k);
    CHECK(rewards == (trainer.batch().rewards.array() + 5.0 * k).matrix());
    CHECK_FALSE(m.bonus_noise_rank_correlation);  // a constant bonus has no ranks
    CHECK_FALSE(m.bnn_mse_mean_prediction);       // nor has this one a model
    CHECK(m.policy_gradient_norm == 1.5);
    CHECK_FALSE(m.policy_gradient_variance_ratio);  // NaN
    CHECK(m.policy_kl == 0);
    CHECK(m.return_mean == 55);  // extrinsic: 1 + ... + 10
  }
}

TEST_CASE("The bonus of a batch comes from the model as it was before the batch") {
  Trainer trainer = MakeTrainer({.seed = kSeed, .batch_steps = 50}, LinearEnv::Make, 10,
                                MakeVimeBonus(LinearEnv().spec()));
  const auto twin = MakeVimeBonus(LinearEnv().spec());
  for (std::uint32_t k = 0; k < 3; ++k) {
    const IterationMetrics m = trainer.Iterate();
    if (k > 0) {
      const VectorXd raw =
          twin->Scorer()->Score(trainer.batch(), {kSeed, Stream::kBonusNoise, k, 0}, 1);
      const std::span<const double> values(raw.data(), static_cast<std::size_t>(raw.size()));
      CHECK(*m.bonus_mean == Mean(values));
      CHECK(*m.bonus_median == Median(values));
      CHECK(*m.bonus_max == raw.maxCoeff());
      CHECK(*m.bnn_mse_mean_prediction == twin->Scorer()->Errors(trainer.batch())->mean_prediction);
    }
    twin->Observe(trainer.batch());
    CHECK(twin->Fit(k).elbo == *m.bnn_elbo);
  }
}

TEST_CASE("Learning while scoring changes no bit: one, two and four threads") {
  const auto run = [](int num_threads) {
    Trainer trainer = MakeTrainer({.seed = kSeed, .batch_steps = 300, .num_threads = num_threads},
                                  LinearEnv::Make, 10, MakeVimeBonus(LinearEnv().spec()));
    std::vector<std::map<std::string, std::uint64_t>> bits;
    for (int k = 0; k < 4; ++k) bits.push_back(Bits(trainer.Iterate()));
    return bits;
  };
  const auto one = run(1);
  CHECK(run(2) == one);
  CHECK(run(4) == one);
}

TEST_CASE("A failure to learn reaches the caller, with one thread and with two") {
  struct FailingBonus : CountingBonus {
    FitReport Fit(std::uint32_t) override { throw NumericalError("weights are not finite"); }
  };
  for (const int num_threads : {1, 2}) {
    Trainer trainer = MakeTrainer({.seed = kSeed, .batch_steps = 50, .num_threads = num_threads},
                                  LinearEnv::Make, 10, std::make_unique<FailingBonus>());
    CHECK_THROWS_WITH_AS(trainer.Iterate(), "iteration 0: weights are not finite", NumericalError);
  }
}

// A bonus that has been fitted, and a batch of whole corridor walks.
struct Scored {
  explicit Scored(Sampling sampling) {
    Rollout rollout([] { return std::make_unique<ChainEnv>(6); }, 40, kSeed);
    const auto policy = MakePolicy(rollout.spec());
    bonus = MakeVimeBonus(rollout.spec(), sampling);
    rollout.Collect(*policy, 200, 0, 1, batch);
    bonus->Observe(batch);
    bonus->Fit(0);
    rollout.Collect(*policy, 200, 1, 1, batch);
  }
  VectorXd Score(const Batch& scored, int num_threads = 1) const {
    return bonus->Scorer()->Score(scored, {kSeed, Stream::kBonusNoise, 1, 0}, num_threads);
  }
  std::unique_ptr<ModelBonus> bonus;
  Batch batch;
};

TEST_CASE("Scoring changes nothing: twice the same, by any number of threads") {
  for (const Sampling sampling : {Sampling::kLocal, Sampling::kDirect, Sampling::kMoments}) {
    const Scored s(sampling);
    const VectorXd once = s.Score(s.batch);
    CHECK(s.Score(s.batch) == once);
    CHECK(s.Score(s.batch, 4) == once);
    CHECK(once.minCoeff() > 0);
  }
}

TEST_CASE("Without noise a transition is worth the same wherever it stands") {
  const Scored s(Sampling::kMoments);
  const VectorXd score = s.Score(s.batch);
  Batch permuted = s.batch;
  const Index n = s.batch.size();
  const auto to = [n](Index row) { return (2 * n - 6 - row) % n; };  // reversed and turned
  for (Index row = 0; row < n; ++row) permuted.CopyRows(to(row), s.batch, row, 1);
  const VectorXd permuted_score = s.Score(permuted);
  for (Index row = 0; row < n; ++row) CHECK(permuted_score[to(row)] == score[row]);
}

TEST_CASE("The transition that ends an episode has a bonus of its own") {
  for (const Sampling sampling : {Sampling::kLocal, Sampling::kMoments}) {
    const Scored s(sampling);
    const VectorXd score = s.Score(s.batch);
    const Trajectory& trajectory = s.batch.trajectories[0];
    REQUIRE(trajectory.terminated);
    const Index last = trajectory.begin + trajectory.length - 1;
    CHECK(score[last] != score[last - 1]);
    CHECK(score[last] != score[last + 1]);
    // It depends on its own next state, and no other bonus does.
    Batch changed = s.batch;
    changed.next_observations.row(last).setConstant(-5);
    VectorXd rescored = s.Score(changed);
    CHECK(rescored[last] != score[last]);
    rescored[last] = score[last];
    CHECK(rescored == score);
  }
}

TEST_CASE("A run is a function of its seed, whatever the number of threads") {
  const auto run = [](std::uint64_t seed, int threads) {
    Trainer trainer =
        MakeTrainer({.seed = seed, .batch_steps = 200, .num_threads = threads}, LinearEnv::Make, 10,
                    MakeVimeBonus(LinearEnv().spec(), Sampling::kLocal, seed));
    std::vector<std::map<std::string, std::uint64_t>> metrics;
    for (int i = 0; i < 3; ++i) metrics.push_back(Bits(trainer.Iterate()));
    return std::pair(metrics, trainer.policy().parameters());
  };
  const auto [metrics, parameters] = run(1, 1);
  for (const int threads : {1, 4}) {
    const auto [same_metrics, same_parameters] = run(1, threads);
    CHECK(metrics == same_metrics);
    CHECK(parameters == same_parameters);
  }
  const auto [other_metrics, other_parameters] = run(2, 1);
  CHECK(metrics[0] != other_metrics[0]);
  CHECK(parameters != other_parameters);
}

TEST_CASE("A bonus moves the policy, and eta 0 does not") {
  const auto run = [](double eta, bool with_bonus) {
    TrainerOptions options{.seed = kSeed, .batch_steps = 100};
    options.shaping.eta = eta;
    Trainer trainer = MakeTrainer(options, LinearEnv::Make, 10,
                                  with_bonus ? MakeVimeBonus(LinearEnv().spec()) : nullptr);
    for (int i = 0; i < 2; ++i) trainer.Iterate();
    return trainer.policy().parameters();
  };
  CHECK(run(0, true) == run(0, false));
  CHECK(run(1, true) != run(0, false));
}

TEST_CASE("An iteration whose bonus is not finite has none, says so, and training goes on") {
  auto bonus = std::make_unique<CountingBonus>();
  bonus->iteration_of_nan = 2;
  Trainer trainer =
      MakeTrainer({.seed = kSeed, .batch_steps = 20}, LinearEnv::Make, 10, std::move(bonus));
  trainer.Iterate();
  CHECK(trainer.Iterate().bonus_not_finite == 0);
  const IterationMetrics metrics = trainer.Iterate();
  CHECK(metrics.bonus_not_finite > 0);
  CHECK(!metrics.bonus_mean.has_value());
  CHECK(!metrics.bonus_scale.has_value());
  CHECK(std::isfinite(metrics.policy_kl));
  CHECK(trainer.Iterate().bonus_mean.has_value());
}

TEST_CASE("A NumericalError names the iteration and the quantity") {
  const testing::CountingOptions broken{.fault = testing::Fault::kReward, .fault_step = 4};
  Trainer breaks =
      MakeTrainer({.seed = kSeed, .batch_steps = 20}, CountingEnv::Factory(broken), 10, nullptr);
  CHECK_THROWS_WITH_AS(breaks.Iterate(), doctest::Contains("iteration 0: rollout"), NumericalError);
}

}  // namespace
}  // namespace vime
