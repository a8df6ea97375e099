// observe positions: every task with velocities, without seeing them.
#include "envs/hidden_velocities.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "envs/registry.h"
#include "lib/core/check.h"

namespace vime {
namespace {

bool HasVelocities(const EnvEntry& entry) {
  const auto env = MakeEnvironment(entry);
  return std::ranges::any_of(env->spec().observation, &Axis::velocity);
}

TEST_CASE("An observation is marked as a velocity when its name says so") {
  int marked = 0;
  for (const EnvEntry& entry : Environments()) {
    INFO(entry.name);
    const auto env = MakeEnvironment(entry);
    for (const Axis& axis : env->spec().observation) {
      INFO(axis.name);
      CHECK(axis.velocity ==
            (axis.name.find("velocity") != std::string::npos || axis.name.ends_with(" rate")));
      marked += axis.velocity ? 1 : 0;
    }
  }
  CHECK(marked > 20);
}

TEST_CASE("The same seed and actions give the same trajectory, seen without its velocities") {
  for (const EnvEntry& entry : Environments()) {
    if (!HasVelocities(entry)) continue;
    for (const double noise_dims : {0.0, 2.0}) {
      INFO(entry.name);
      const auto full = MakeEnvironment(entry, {{"noise_dims", noise_dims}});
      const auto hidden = HideVelocities(MakeEnvironment(entry, {{"noise_dims", noise_dims}}));
      const EnvSpec& spec = full->spec();
      std::vector<std::size_t> kept;
      for (std::size_t d = 0; d < spec.observation.size(); ++d) {
        if (!spec.observation[d].velocity) kept.push_back(d);
      }
      REQUIRE(kept.size() < spec.observation.size());
      REQUIRE(hidden->spec().observation.size() == kept.size());
      REQUIRE(hidden->spec().state.size() == spec.state.size());
      std::vector<double> seen(spec.observation.size()), part(kept.size()), again(kept.size());
      std::vector<double> state(spec.state.size()), same(spec.state.size());
      std::vector<double> action(spec.action.size());
      const auto compare = [&] {
        hidden->Observe(again);
        for (std::size_t i = 0; i < kept.size(); ++i) {
          REQUIRE(hidden->spec().observation[i].name == spec.observation[kept[i]].name);
          REQUIRE(part[i] == seen[kept[i]]);
          REQUIRE(again[i] == part[i]);
        }
        full->GetState(state);
        hidden->GetState(same);
        REQUIRE(state == same);
        REQUIRE(full->CoveragePoint() == hidden->CoveragePoint());
      };
      Rng first({3, Stream::kEnvironment, 0, 0}), second({3, Stream::kEnvironment, 0, 0});
      Rng actions({3, Stream::kActionNoise, 0, 0});
      full->Reset(first, seen);
      hidden->Reset(second, part);
      compare();
      for (int t = 0; t < 100; ++t) {
        for (std::size_t k = 0; k < action.size(); ++k) {
          action[k] = ExecutedAction(actions.Normal(), spec.action[k]);
        }
        const Step step = full->Advance(action, first, seen);
        const Step other = hidden->Advance(action, second, part);
        compare();
        REQUIRE(step.reward == other.reward);
        REQUIRE(step.terminated == other.terminated);
        REQUIRE(step.success == other.success);
        if (step.terminated) break;
      }
    }
  }
}

TEST_CASE("Two states that differ in velocity alone look the same") {
  const auto env = HideVelocities(MakeEnvironment("pendulum"));
  std::vector<double> still(2), moving(2);
  env->SetState(std::vector<double>{0.5, 0});
  env->Observe(still);
  env->SetState(std::vector<double>{0.5, 3});
  env->Observe(moving);
  CHECK(still == moving);
  env->SetState(std::vector<double>{0.6, 3});
  env->Observe(moving);
  CHECK(still != moving);
}

TEST_CASE("A task without velocities refuses to hide them") {
  int refused = 0;
  for (const EnvEntry& entry : Environments()) {
    if (HasVelocities(entry)) continue;
    ++refused;
    std::string message;
    try {
      HideVelocities(MakeEnvironment(entry));
    } catch (const ConfigError& error) {
      message = error.what();
    }
    CHECK(message == "observe must be all for " + entry.name + ", which has no velocities to hide");
  }
  CHECK(refused >= 1);  // deepsea
}

}  // namespace
}  // namespace vime
