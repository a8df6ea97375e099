// A task that needs memory: the GRU learns it, and a policy that sees the last observation cannot.
#include <doctest/doctest.h>

#include "lib/optim/erwr.h"
#include "lib/optim/natural_gradient.h"
#include "lib/optim/ppo.h"
#include "lib/optim/reinforce.h"
#include "lib/rl/evaluation.h"
#include "lib/rl/gru_policy.h"
#include "lib/rl/rollout.h"
#include "tests/support/toy_env.h"

namespace vime {
namespace {

/// The cue, -1/2 or 1/2 with equal probability, shows in the observation of step 0 and never again.
/// The action of step 5, the last one, pays -(a - cue)^2. Without memory the best action is 0,
/// which returns -1/4.
class CueEnv final : public Env {
 public:
  CueEnv() : Env(testing::ToySpec(1, 1)) {}

  void Reset(Rng& rng, std::span<double> observation) override {
    cue_ = rng.Uniform() < 0.5 ? -0.5 : 0.5;
    step_ = 0;
    Observe(observation);
  }
  Step Advance(std::span<const double> action, Rng& /*rng*/,
               std::span<double> next_observation) override {
    const bool last = step_++ == 5;
    Observe(next_observation);
    const double miss = action[0] - cue_;
    return {.reward = last ? -miss * miss : 0, .terminated = last};
  }
  void GetState(std::span<double> state) const override { state[0] = cue_; }
  void SetState(std::span<const double> state) override { cue_ = state[0]; }
  void Observe(std::span<double> observation) const override {
    observation[0] = step_ == 0 ? cue_ : 0;
  }
  std::array<double, 2> CoveragePoint() const override { return {cue_, 0}; }

 private:
  double cue_ = 0.5;
  int step_ = 0;
};

constexpr int kHorizon = 10;
constexpr int kIterations = 60;

// Mean return of the deterministic policy after training.
double FinalReturn(std::unique_ptr<Policy> policy, PolicyOptimizer& optimizer) {
  Rollout rollout([] { return std::make_unique<CueEnv>(); }, kHorizon, 1);
  Batch batch;
  for (int i = 0; i < kIterations; ++i) {
    rollout.Collect(*policy, 1200, static_cast<std::uint32_t>(i), 1, batch);
    optimizer.Update(batch, batch.rewards, *policy, 1);
  }
  CueEnv env;
  return Evaluate(*policy, env, kHorizon, 1, 0, 200).return_mean;
}

std::unique_ptr<Policy> MakePolicy(bool memory) {
  const EnvSpec spec = testing::ToySpec(1, 1);
  if (memory) return std::make_unique<GruPolicy>(spec, GaussianPolicyOptions{.hidden = {8}}, 1);
  return std::make_unique<GaussianPolicy<float>>(spec, GaussianPolicyOptions{.hidden = {8}}, 1);
}

AdvantageEstimator Advantages() {
  return AdvantageEstimator(
      {.gamma = 1}, MakeValueFunction(ValueKind::kLinear, testing::ToySpec(1, 1), kHorizon, 1));
}

TEST_CASE("TRPO teaches the GRU to repeat at step 5 what it saw at step 0, and no MLP") {
  for (const bool memory : {true, false}) {
    // Fewer Fisher steps than the batch has: whole episodes all the same.
    NaturalGradient trpo({.max_kl = 0.05, .fisher_steps = 600}, Advantages());
    const double final_return = FinalReturn(MakePolicy(memory), trpo);
    CAPTURE(final_return);
    if (memory) {
      CHECK(final_return > -0.02);
    } else {
      CHECK(final_return < -0.2);
    }
  }
}

TEST_CASE("REINFORCE, PPO and reward-weighted regression teach it too") {
  const auto final_return = [](auto&& make) {
    auto policy = MakePolicy(true);
    auto optimizer = make(*policy);
    return FinalReturn(std::move(policy), *optimizer);
  };
  CHECK(final_return([](const Policy& policy) {
          return std::make_unique<Reinforce>(
              ReinforceOptions{.gamma = 1, .learning_rate = 0.03}, policy.num_parameters(),
              MakeValueFunction(ValueKind::kLinear, testing::ToySpec(1, 1), kHorizon, 1));
        }) > -0.1);
  CHECK(final_return([](const Policy& policy) {
          return std::make_unique<Ppo>(PpoOptions{.minibatch = 200, .learning_rate = 0.01},
                                       Advantages(), policy.num_parameters(), 1);
        }) > -0.1);
  CHECK(final_return([](const Policy&) {
          return std::make_unique<Erwr>(ErwrOptions{}, Advantages());
        }) > -0.1);
}

}  // namespace
}  // namespace vime
