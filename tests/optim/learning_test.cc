// Every optimiser learns to walk down a corridor.
#include <doctest/doctest.h>

#include "lib/optim/erwr.h"
#include "lib/optim/natural_gradient.h"
#include "lib/optim/ppo.h"
#include "lib/optim/reinforce.h"
#include "lib/rl/gaussian_policy.h"
#include "lib/rl/rollout.h"
#include "tests/support/toy_env.h"

namespace vime {
namespace {

constexpr int kHorizon = 40;
constexpr double kGamma = 0.9;

using MakeOptimizer = std::function<std::unique_ptr<PolicyOptimizer>(const Policy&)>;

// Mean length of an episode after training; the shortest is 5, and random walks take 15 and more.
double FinalLength(const MakeOptimizer& make, int iterations) {
  Rollout rollout([] { return std::make_unique<testing::ChainEnv>(6); }, kHorizon, 1);
  GaussianPolicy<float> policy(rollout.spec(), {.hidden = {8}}, 1);
  const std::unique_ptr<PolicyOptimizer> optimizer = make(policy);
  Batch batch;
  for (int i = 0; i < iterations; ++i) {
    rollout.Collect(policy, 400, static_cast<std::uint32_t>(i), 1, batch);
    optimizer->Update(batch, batch.rewards, policy, 1);
  }
  rollout.Collect(policy, 2000, 1000, 1, batch);
  return static_cast<double>(batch.size()) / static_cast<double>(batch.trajectories.size());
}

MakeOptimizer MakeReinforce(const ReinforceOptions& options) {
  return [=](const Policy& policy) {
    return std::make_unique<Reinforce>(
        options, policy.num_parameters(),
        MakeValueFunction(
            options.baseline == BaselineKind::kMlp ? ValueKind::kMlp : ValueKind::kLinear,
            testing::ToySpec(1, 1), kHorizon, 1));
  };
}

AdvantageEstimator Advantages(ValueKind value, double lambda) {
  return AdvantageEstimator({.gamma = kGamma, .gae_lambda = lambda, .value = value},
                            MakeValueFunction(value, testing::ToySpec(1, 1), kHorizon, 1));
}

TEST_CASE("Without learning the corridor takes long") {
  CHECK(FinalLength(MakeReinforce({}), 0) > 15);
}

TEST_CASE("REINFORCE learns with either form, every baseline and either step") {
  for (const ReturnForm form : {ReturnForm::kRewardToGo, ReturnForm::kTrajectory}) {
    CAPTURE(static_cast<int>(form));
    for (const BaselineKind baseline :
         {BaselineKind::kOptimal, BaselineKind::kMean, BaselineKind::kTime, BaselineKind::kLinear,
          BaselineKind::kMlp, BaselineKind::kNone}) {
      CAPTURE(static_cast<int>(baseline));
      CHECK(FinalLength(
                MakeReinforce(
                    {.gamma = kGamma, .form = form, .baseline = baseline, .learning_rate = 0.05}),
                40) < 6);
    }
    CHECK(
        FinalLength(
            MakeReinforce(
                {.gamma = kGamma, .form = form, .step = GradientStep::kSgd, .learning_rate = 0.1}),
            40) < 6);
  }
}

TEST_CASE("Reusing batches with importance weights of any kind learns in fewer batches") {
  for (const ImportanceKind kind : {ImportanceKind::kTrajectory, ImportanceKind::kPerDecision,
                                    ImportanceKind::kPrefix, ImportanceKind::kClipped}) {
    CAPTURE(static_cast<int>(kind));
    ReinforceOptions options{.gamma = kGamma, .learning_rate = 0.05};
    const double once = FinalLength(MakeReinforce(options), 6);
    options.reuse_epochs = 5;
    options.importance = kind;
    options.max_kl = 0.1;
    CHECK(FinalLength(MakeReinforce(options), 6) < once);
    CHECK(FinalLength(MakeReinforce(options), 40) < 6);
  }
}

TEST_CASE("NPG, TRPO, PPO and ERWR learn with every value function") {
  for (const ValueKind value : {ValueKind::kLinear, ValueKind::kMlp, ValueKind::kNone}) {
    for (const double lambda : {0.9, 1.0}) {
      CAPTURE(static_cast<int>(value));
      CAPTURE(lambda);
      for (const bool line_search : {false, true}) {
        const NaturalGradientOptions options{.max_kl = line_search ? 0.05 : 0.01,
                                             .line_search = line_search};
        CHECK(FinalLength(
                  [&](const Policy&) {
                    return std::make_unique<NaturalGradient>(options, Advantages(value, lambda));
                  },
                  40) < 6);
      }
      CHECK(FinalLength(
                [&](const Policy& policy) {
                  return std::make_unique<Ppo>(PpoOptions{.minibatch = 64, .learning_rate = 0.01},
                                               Advantages(value, lambda), policy.num_parameters(),
                                               1);
                },
                40) < 6);
      CHECK(FinalLength(
                [&](const Policy&) {
                  return std::make_unique<Erwr>(ErwrOptions{}, Advantages(value, lambda));
                },
                40) < 8);
    }
  }
}

}  // namespace
}  // namespace vime
