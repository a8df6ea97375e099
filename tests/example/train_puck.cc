// Trains a policy on an environment of one's own with the library alone: VIME and REINFORCE, all
// options at their defaults. Prints a line per iteration; succeeds when the task is learned.
#include <cstdio>
#include <memory>

#include "envs/registry.h"
#include "lib/optim/reinforce.h"
#include "lib/rl/gaussian_policy.h"
#include "lib/vime/model_bonus.h"
#include "lib/vime/trainer.h"
#include "puck.h"

int main() {
  constexpr std::uint64_t kSeed = 1;
  const vime::EnvEntry entry = vime::Registered(example::PuckEntry());
  const vime::EnvSpec spec = vime::MakeEnvironment(entry)->spec();

  auto rollout = std::make_unique<vime::Rollout>([&entry] { return vime::MakeEnvironment(entry); },
                                                 spec.default_horizon, kSeed);
  auto policy =
      std::make_unique<vime::GaussianPolicy<float>>(spec, vime::GaussianPolicyOptions{}, kSeed);
  auto optimizer =
      std::make_unique<vime::Reinforce>(vime::ReinforceOptions{}, policy->num_parameters());
  auto bonus = std::make_unique<vime::ModelBonus>(spec, vime::DynamicsModelOptions{},
                                                  vime::ModelBonusOptions{}, kSeed);
  vime::Trainer trainer({.seed = kSeed, .batch_steps = 2000, .shaping = {.eta = 0.1}},
                        std::move(rollout), std::move(policy), std::move(optimizer),
                        std::move(bonus));

  double success = 0;
  for (int i = 0; i < 40 && success < 0.95; ++i) {
    const vime::IterationMetrics metrics = trainer.Iterate();
    success = metrics.success_fraction;
    std::printf("iteration %d  return %.3f  success %.3f\n", i, metrics.return_mean, success);
  }
  return success >= 0.95 ? 0 : 1;
}
