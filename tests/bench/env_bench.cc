// Prints the steps per second of every environment under constant random actions, one thread.
// Usage: env_bench [seconds per environment]
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <vector>

#include "envs/registry.h"

namespace {

/// Whole episodes until `seconds` have passed; steps per second.
double StepsPerSecond(vime::Env& env, double seconds) {
  using Clock = std::chrono::steady_clock;
  const vime::EnvSpec& spec = env.spec();
  std::vector<double> observation(spec.observation.size());
  std::vector<double> action(spec.action.size());
  const auto start = Clock::now();
  double elapsed = 0;
  double steps = 0;
  for (std::uint32_t episode = 0; elapsed < seconds; ++episode) {
    vime::Rng rng({1, vime::Stream::kEnvironment, 0, episode});
    env.Reset(rng, observation);
    for (std::size_t k = 0; k < action.size(); ++k) {
      action[k] = vime::ExecutedAction(rng.Uniform(-1, 1), spec.action[k]);
    }
    for (int t = 0; t < spec.default_horizon; ++t, ++steps) {
      if (env.Advance(action, rng, observation).terminated) break;
    }
    elapsed = std::chrono::duration<double>(Clock::now() - start).count();
  }
  return steps / elapsed;
}

}  // namespace

int main(int argc, char** argv) {
  const double seconds = argc > 1 ? std::atof(argv[1]) : 0.3;
  for (const vime::EnvEntry& entry : vime::Environments()) {
    const auto env = vime::MakeEnvironment(entry);
    std::printf("%-20s %9.3g steps/s\n", entry.name.c_str(), StepsPerSecond(*env, seconds));
  }
}
