// env_params.noise_dims: every environment with a noisy television.
#include "envs/noise_dims.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <string>
#include <vector>

#include "envs/registry.h"
#include "lib/rl/gaussian_policy.h"

namespace vime {
namespace {

constexpr int kDims = 3;

/// What one environment did under one sequence of actions, over several episodes: per step the
/// observation and the state, whether the place was in the noise region, and the reward.
struct Record {
  std::vector<std::vector<double>> observations, states;
  std::vector<bool> noisy;
  std::vector<double> rewards;
};

Record Play(const EnvEntry& entry, int noise_dims, int steps) {
  const auto env = MakeEnvironment(entry, {{"noise_dims", noise_dims}});
  const EnvSpec& spec = env->spec();
  Rng rng(NoiseKey{});
  Rng actions({7, Stream::kActionNoise, 0, 0});
  std::vector<double> observation(spec.observation.size()), state(spec.state.size());
  std::vector<double> action(spec.action.size());
  Record record;
  const auto append = [&](double reward) {
    env->GetState(state);
    record.observations.push_back(observation);
    record.states.push_back(state);
    record.noisy.push_back(spec.noise_region.Contains(env->CoveragePoint()));
    record.rewards.push_back(reward);
  };
  for (int t = 0; t < steps; ++t) {
    if (t % 500 == 0) {
      rng = Rng({7, Stream::kEnvironment, 0, static_cast<std::uint32_t>(t)});
      env->Reset(rng, observation);
      append(0);
    }
    // Pushes of 25 steps get about more than independent ones.
    for (std::size_t k = 0; k < action.size(); ++k) {
      if (t % 25 == 0) action[k] = ExecutedAction(3 * actions.Normal(), spec.action[k]);
    }
    append(env->Advance(action, rng, observation).reward);
  }
  return record;
}

bool SameStart(const std::vector<double>& longer, const std::vector<double>& shorter) {
  return std::equal(shorter.begin(), shorter.end(), longer.begin());
}

TEST_CASE("Noise dimensions leave states, rewards and the other observations as they are") {
  for (const EnvEntry& entry : Environments()) {
    INFO(entry.name);
    const Record plain = Play(entry, 0, 2000);
    const Record noisy = Play(entry, kDims, 2000);
    REQUIRE(noisy.rewards == plain.rewards);
    REQUIRE(noisy.noisy == plain.noisy);
    for (std::size_t t = 0; t < plain.states.size(); ++t) {
      REQUIRE(noisy.states[t].size() == plain.states[t].size() + kDims);
      REQUIRE(noisy.observations[t].size() == plain.observations[t].size() + kDims);
      REQUIRE(SameStart(noisy.states[t], plain.states[t]));
      REQUIRE(SameStart(noisy.observations[t], plain.observations[t]));
    }
  }
}

TEST_CASE("Every task has places with noise, new at every step, and places without") {
  for (const EnvEntry& entry : Environments()) {
    INFO(entry.name);
    const Record record = Play(entry, kDims, 2000);
    CHECK(std::ranges::count(record.noisy, true) > 0);
    CHECK(std::ranges::count(record.noisy, false) > 0);
    std::vector<double> previous(kDims);
    for (std::size_t t = 0; t < record.noisy.size(); ++t) {
      const std::vector<double> noise(record.observations[t].end() - kDims,
                                      record.observations[t].end());
      for (std::size_t d = 0; d < kDims; ++d) {
        if (record.noisy[t]) {
          REQUIRE((noise[d] != 0 && noise[d] != previous[d]));
        } else {
          REQUIRE(noise[d] == 0);
        }
      }
      REQUIRE(
          SameStart(std::vector(record.states[t].end() - kDims, record.states[t].end()), noise));
      previous = noise;
    }
  }
}

// 20000 draws: the mean, the mean square and the correlation of neighbours are off by 5 standard
// errors once in 6e5.
TEST_CASE("The noise is standard normal, and independent over dimensions and steps") {
  const auto env = MakeEnvironment("s-maze", {{"noise_dims", 2}});
  Rng rng({7, Stream::kEnvironment, 0, 1});
  std::vector<double> observation(6);
  env->Reset(rng, observation);  // in the noise region, where the point stays
  constexpr int kSteps = 10000;
  double sum = 0, squares = 0, across = 0, along = 0, previous = 0;
  for (int t = 0; t < kSteps; ++t) {
    env->Advance(std::vector<double>{0, 0}, rng, observation);
    const double a = observation[4], b = observation[5];
    sum += a + b;
    squares += a * a + b * b;
    across += a * b;
    along += a * previous;
    previous = a;
  }
  CHECK(std::abs(sum / (2 * kSteps)) < 5 / std::sqrt(2.0 * kSteps));
  CHECK(std::abs(squares / (2 * kSteps) - 1) < 5 * std::sqrt(2 / (2.0 * kSteps)));
  CHECK(std::abs(across / kSteps) < 5 / std::sqrt(1.0 * kSteps));
  CHECK(std::abs(along / kSteps) < 5 / std::sqrt(1.0 * kSteps));
}

TEST_CASE("A region is open, and by default everywhere") {
  const Region region = {.x_low = 0, .y_high = 2};
  CHECK(region.Contains({0.1, 1.9}));
  CHECK(region.Contains({1e300, -1e300}));
  CHECK_FALSE(region.Contains({0, 1}));
  CHECK_FALSE(region.Contains({1, 2}));
  CHECK_FALSE(region.Contains({std::nan(""), 1}));
  CHECK(Region{}.Contains({-1e300, 1e300}));
}

TEST_CASE("The regions are those of the tasks' definitions") {
  const auto region = [](const char* name) { return MakeEnvironment(name)->spec().noise_region; };
  for (const char* name : {"mountaincar", "mountaincar-sparse"}) {
    CHECK(region(name).Contains({-1.2, 0.0099}));
    CHECK_FALSE(region(name).Contains({-0.5, 0.0101}));
    CHECK_FALSE(region(name).Contains({-0.5, -0.0101}));
  }
  CHECK(region("s-maze").Contains({0.99, 0.99}));
  CHECK_FALSE(region("s-maze").Contains({0.99, 1.01}));
  CHECK_FALSE(region("s-maze").Contains({1.01, 0.99}));
  CHECK(region("noisy-arm").Contains({-6, 0.99}));
}

TEST_CASE("The noisy arm has four noise dimensions unless told otherwise, other tasks none") {
  for (const EnvEntry& entry : Environments()) {
    INFO(entry.name);
    CHECK(DefaultParams(entry).at("noise_dims") == (entry.name == "noisy-arm" ? 4 : 0));
  }
}

TEST_CASE("The help of the parameter says where the noise is") {
  const auto help = [](const char* name) { return FindEnvironment(name)->params.back().help; };
  CHECK(help("mountaincar") ==
        "further observations, N(0, 1) while -0.01 < velocity < 0.01, else 0");
  CHECK(help("s-maze") == "further observations, N(0, 1) while x < 1 and y < 1, else 0");
}

TEST_CASE("Every help names the noise region of the task itself") {
  for (const EnvEntry& entry : Environments()) {
    CAPTURE(entry.name);
    const std::string region = NoiseRegionText(entry.make(DefaultParams(entry))->spec());
    CHECK(!region.empty());
    CHECK(entry.params.back().help == "further observations, N(0, 1) while " + region + ", else 0");
  }
}

TEST_CASE("A policy sees noise as it is") {
  const auto env = MakeEnvironment("mountaincar", {{"noise_dims", 2}});
  const GaussianPolicy<double> policy(env->spec(), {}, 1);
  CHECK(policy.scaling().offset()[2] == 0);
  CHECK(policy.scaling().scale()[2] == 1);
}

}  // namespace
}  // namespace vime
