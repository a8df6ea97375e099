// Properties that every environment of the registry has, under its default parameters and with each
// parameter at either end of its range. A new environment is covered once it is registered.
#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include "envs/registry.h"
#include "lib/core/parallel.h"

namespace vime {
namespace {

constexpr int kSteps = 400;

/// An environment under particular parameters.
struct Variant {
  std::string label;
  std::string name;
  EnvParams params;

  std::unique_ptr<Env> Make() const { return MakeEnvironment(name, params); }
};

std::vector<Variant> Variants() {
  std::vector<Variant> variants;
  for (const EnvEntry& entry : Environments()) {
    variants.push_back({entry.name, entry.name, {}});
    for (const EnvParam& param : entry.params) {
      variants.push_back(
          {entry.name + ", least " + param.name, entry.name, {{param.name, param.low}}});
      variants.push_back(
          {entry.name + ", greatest " + param.name, entry.name, {{param.name, param.high}}});
    }
  }
  return variants;
}

/// Runs `property` on every variant, named in the messages.
template <class Property>
void ForEachVariant(Property property) {
  for (const Variant& variant : Variants()) {
    INFO(variant.label);
    property(variant);
  }
}

Rng EnvironmentRng(std::uint32_t episode) { return Rng({5, Stream::kEnvironment, 0, episode}); }

/// The actions of a random policy with standard deviation 1 in normalised units.
class RandomPlayer {
 public:
  RandomPlayer(const EnvSpec& spec, std::uint32_t episode)
      : spec_(spec), rng_({5, Stream::kActionNoise, 0, episode}), action_(spec.action.size()) {}

  std::span<const double> Act() {
    for (std::size_t i = 0; i < action_.size(); ++i) {
      action_[i] = ExecutedAction(rng_.Normal(), spec_.action[i]);
    }
    return action_;
  }

 private:
  const EnvSpec& spec_;
  Rng rng_;
  std::vector<double> action_;
};

std::vector<double> StateOf(const Env& env) {
  std::vector<double> state(env.spec().state.size());
  env.GetState(state);
  return state;
}

std::vector<double> ObservationOf(const Env& env) {
  std::vector<double> observation(env.spec().observation.size());
  env.Observe(observation);
  return observation;
}

/// Everything an environment has reported, as bits: NaN equals itself and 0 differs from -0.
using Record = std::vector<std::uint64_t>;

void Append(Record& record, std::span<const double> numbers) {
  for (const double number : numbers) record.push_back(std::bit_cast<std::uint64_t>(number));
}

/// Takes `steps` steps of random play, through the ends of episodes, and records everything.
Record Play(Env& env, RandomPlayer& player, Rng& rng, int steps) {
  Record record;
  std::vector<double> observation(env.spec().observation.size());
  for (int t = 0; t < steps; ++t) {
    const Step step = env.Advance(player.Act(), rng, observation);
    Append(record, observation);
    Append(record, StateOf(env));
    Append(record, env.CoveragePoint());
    Append(record, std::array{step.reward});
    record.push_back(step.terminated);
    record.push_back(step.success);
    if (step.terminated) {
      env.Reset(rng, observation);
      Append(record, observation);
    }
  }
  return record;
}

Record PlayFromReset(Env& env, std::uint32_t episode) {
  Rng rng = EnvironmentRng(episode);
  RandomPlayer player(env.spec(), episode);
  std::vector<double> observation(env.spec().observation.size());
  env.Reset(rng, observation);
  Record record;
  Append(record, observation);
  const Record rest = Play(env, player, rng, kSteps);
  record.insert(record.end(), rest.begin(), rest.end());
  return record;
}

bool AllFinite(std::span<const double> numbers) {
  return std::ranges::all_of(numbers, [](double x) { return std::isfinite(x); });
}

bool Inside(std::span<const double> point, const std::vector<Axis>& box) {
  for (std::size_t i = 0; i < box.size(); ++i) {
    if (!(box[i].low <= point[i] && point[i] <= box[i].high)) return false;
  }
  return true;
}

TEST_CASE("A specification is complete and consistent") {
  ForEachVariant([](const Variant& variant) {
    const auto env = variant.Make();
    const EnvSpec& spec = env->spec();
    CHECK(spec.name == variant.name);
    for (const auto* axes : {&spec.observation, &spec.action}) {
      CHECK_FALSE(axes->empty());
      for (const Axis& axis : *axes) {
        INFO(axis.name);
        CHECK_FALSE(axis.name.empty());
        CHECK((std::isfinite(axis.low) && std::isfinite(axis.high)));
        CHECK(axis.low < axis.high);
      }
    }
    CHECK_FALSE(spec.state.empty());
    for (const Axis& axis : spec.state) CHECK(axis.low < axis.high);
    for (const Axis& axis : spec.coverage) {
      CHECK((std::isfinite(axis.low) && std::isfinite(axis.high) && axis.low < axis.high));
    }
    CHECK(spec.default_horizon > 0);
    CHECK(spec.time_step > 0);
    CHECK_FALSE(spec.success.empty());
    CHECK((spec.success_share >= 0 && spec.success_share <= 1));
  });
}

TEST_CASE("The same seed gives the same trajectory bit for bit, another seed another one") {
  ForEachVariant([](const Variant& variant) {
    const auto first = variant.Make();
    const auto second = variant.Make();
    const Record record = PlayFromReset(*first, 1);
    CHECK(PlayFromReset(*second, 1) == record);
    CHECK(PlayFromReset(*second, 2) != record);
  });
}

TEST_CASE("A reset forgets everything") {
  ForEachVariant([](const Variant& variant) {
    const auto fresh = variant.Make();
    const auto used = variant.Make();
    PlayFromReset(*used, 3);
    const std::vector<double> nan(used->spec().state.size(), std::nan(""));
    used->SetState(nan);
    CHECK(PlayFromReset(*used, 4) == PlayFromReset(*fresh, 4));
  });
}

TEST_CASE("Threads that run the same seeds at the same time get the same bits") {
  ForEachVariant([](const Variant& variant) {
    constexpr int kThreads = 4;
    std::vector<std::vector<Record>> records(kThreads);
    ParallelFor(kThreads, kThreads, [&](Index i) {
      const auto env = variant.Make();
      for (std::uint32_t episode = 0; episode < 4; ++episode) {
        records[static_cast<std::size_t>(i)].push_back(PlayFromReset(*env, episode));
      }
    });
    for (const auto& record : records) CHECK(record == records[0]);
  });
}

TEST_CASE("A copied state continues identically in another environment") {
  ForEachVariant([](const Variant& variant) {
    const auto original = variant.Make();
    const auto copy = variant.Make();
    Rng rng = EnvironmentRng(6);
    RandomPlayer player(original->spec(), 6);
    std::vector<double> observation(original->spec().observation.size());
    original->Reset(rng, observation);
    for (int i = 0; i < 8; ++i) {
      Play(*original, player, rng, 20 * i);
      const std::vector<double> state = StateOf(*original);
      copy->SetState(state);
      CHECK(StateOf(*copy) == state);
      CHECK(ObservationOf(*copy) == ObservationOf(*original));
      CHECK(copy->CoveragePoint() == original->CoveragePoint());
      RandomPlayer same_player = player;
      Rng same_rng = rng;
      CHECK(Play(*copy, same_player, same_rng, 50) == Play(*original, player, rng, 50));
    }
  });
}

TEST_CASE("Reset and Advance write what Observe writes") {
  ForEachVariant([](const Variant& variant) {
    const auto env = variant.Make();
    Rng rng = EnvironmentRng(7);
    RandomPlayer player(env->spec(), 7);
    std::vector<double> observation(env->spec().observation.size());
    env->Reset(rng, observation);
    REQUIRE(observation == ObservationOf(*env));
    for (int t = 0; t < kSteps; ++t) {
      const bool end = env->Advance(player.Act(), rng, observation).terminated;
      REQUIRE(observation == ObservationOf(*env));
      if (end) env->Reset(rng, observation);
    }
  });
}

// State bounds are reachable ranges, infinite where there is none. An observation whose name is
// that of an unbounded state coordinate has nominal bounds, which it may leave.
TEST_CASE("Random play stays finite and within the reachable bounds") {
  ForEachVariant([](const Variant& variant) {
    const auto env = variant.Make();
    const EnvSpec& spec = env->spec();
    std::vector<Axis> reachable = spec.observation;
    for (Axis& axis : reachable) {
      for (const Axis& state : spec.state) {
        if (state.name != axis.name) continue;
        if (std::isinf(state.low)) axis.low = state.low;
        if (std::isinf(state.high)) axis.high = state.high;
      }
    }
    Rng rng = EnvironmentRng(8);
    RandomPlayer player(spec, 8);
    std::vector<double> observation(spec.observation.size());
    env->Reset(rng, observation);
    for (int t = 0; t < 20 * kSteps; ++t) {
      REQUIRE((AllFinite(observation) && AllFinite(StateOf(*env))));
      REQUIRE(AllFinite(env->CoveragePoint()));
      REQUIRE(Inside(observation, reachable));
      REQUIRE(Inside(StateOf(*env), spec.state));
      const Step step = env->Advance(player.Act(), rng, observation);
      REQUIRE(std::isfinite(step.reward));
      if (step.terminated || t % spec.default_horizon == 0) env->Reset(rng, observation);
    }
  });
}

TEST_CASE("Episodes start within the nominal bounds, on the visit grid, and differ") {
  ForEachVariant([](const Variant& variant) {
    const auto env = variant.Make();
    const auto& coverage = env->spec().coverage;
    Rng rng = EnvironmentRng(9);
    std::vector<double> observation(env->spec().observation.size());
    std::vector<double> previous;
    for (int i = 0; i < 1000; ++i) {
      env->Reset(rng, observation);
      REQUIRE(Inside(observation, env->spec().observation));
      REQUIRE(Inside(env->CoveragePoint(), {coverage[0], coverage[1]}));
      REQUIRE(observation != previous);
      previous = observation;
    }
  });
}

TEST_CASE("Actions far out of bounds leave everything finite") {
  ForEachVariant([](const Variant& variant) {
    const auto env = variant.Make();
    Rng rng = EnvironmentRng(10);
    std::vector<double> observation(env->spec().observation.size());
    for (const double size : {0.0, 1e-300, 1.0, 1e3, 1e100}) {
      for (const int pattern : {0, 1, 2}) {  // forward, backward, alternating
        env->Reset(rng, observation);
        for (int t = 0; t < kSteps; ++t) {
          const bool forward = pattern == 0 || (pattern == 2 && t % 20 < 10);
          const std::vector<double> action(env->spec().action.size(), forward ? size : -size);
          const Step step = env->Advance(action, rng, observation);
          REQUIRE(std::isfinite(step.reward));
          REQUIRE((AllFinite(observation) && AllFinite(StateOf(*env))));
          if (step.terminated) break;
        }
      }
    }
  });
}

TEST_CASE("An infinite action leaves the state finite") {
  ForEachVariant([](const Variant& variant) {
    const auto env = variant.Make();
    Rng rng = EnvironmentRng(11);
    std::vector<double> observation(env->spec().observation.size());
    for (const double infinity : {INFINITY, -INFINITY}) {
      env->Reset(rng, observation);
      const std::vector<double> action(env->spec().action.size(), infinity);
      env->Advance(action, rng, observation);
      CHECK((AllFinite(observation) && AllFinite(StateOf(*env))));
    }
  });
}

TEST_CASE("A NaN action shows in the observation, is no success, and a reset cures it") {
  ForEachVariant([](const Variant& variant) {
    const auto env = variant.Make();
    Rng rng = EnvironmentRng(12);
    std::vector<double> observation(env->spec().observation.size());
    env->Reset(rng, observation);
    const std::vector<double> action(env->spec().action.size(), std::nan(""));
    for (int t = 0; t < 10; ++t) {
      const Step step = env->Advance(action, rng, observation);
      CHECK_FALSE(AllFinite(observation));
      CHECK_FALSE(step.success);
      env->CoveragePoint();
    }
    env->Reset(rng, observation);
    CHECK(AllFinite(observation));
  });
}

// For the systems whose equations are odd in state and action.
TEST_CASE("The mirror image of a trajectory is a trajectory with the same rewards") {
  ForEachVariant([](const Variant& variant) {
    if (!variant.name.starts_with("pendulum") && variant.name != "cartpole-swingup") return;
    const auto env = variant.Make();
    const auto mirror = variant.Make();
    Rng rng = EnvironmentRng(13);
    RandomPlayer player(env->spec(), 13);
    std::vector<double> observation(env->spec().observation.size());
    for (int t = 0; t < kSteps; ++t) {
      if (t % 50 == 0) {
        env->Reset(rng, observation);
        std::vector<double> state = StateOf(*env);
        for (double& number : state) number = -number;
        mirror->SetState(state);
      }
      const double action = player.Act()[0];
      const double mirrored = -action;
      const Step step = env->Advance({&action, 1}, rng, observation);
      const Step mirror_step = mirror->Advance({&mirrored, 1}, rng, observation);
      std::vector<double> state = StateOf(*mirror);
      for (double& number : state) number = -number;
      REQUIRE(state == StateOf(*env));
      REQUIRE(std::abs(mirror_step.reward - step.reward) <= 1e-13);
      REQUIRE(mirror_step.success == step.success);
    }
  });
}

/// E = M v^2/2 + m |velocity of the pole's centre|^2/2 + I w^2/2 + m g height.
double CartpoleEnergy(std::span<const double> state) {
  constexpr double kCart = 1, kPole = 0.1, kRadius = 0.5, kInertia = 0.1 * 1.01 / 12, kG = 10;
  const double v = state[1], th = state[2], w = state[3];
  const double pole_vx = v - kRadius * std::cos(th) * w;
  const double pole_vy = -kRadius * std::sin(th) * w;
  return 0.5 * kCart * v * v + 0.5 * kPole * (pole_vx * pole_vx + pole_vy * pole_vy) +
         0.5 * kInertia * w * w + kPole * kG * kRadius * std::cos(th);
}

TEST_CASE("Without force the cart-pole keeps its energy, and friction takes it away") {
  for (const double damping : {0.0, 0.01}) {
    INFO("damping ", damping);
    const auto env = MakeEnvironment("cartpole-swingup", {{"pole_damping", damping}});
    Rng rng = EnvironmentRng(14);
    std::vector<double> observation(4);
    for (int episode = 0; episode < 20; ++episode) {
      env->Reset(rng, observation);
      const double initial = CartpoleEnergy(observation);
      for (int t = 0; t < 500; ++t) env->Advance(std::array{0.0}, rng, observation);
      const double change = CartpoleEnergy(observation) - initial;
      if (damping == 0) {
        CHECK(std::abs(change) < 1e-6);
      } else {
        CHECK(change < -1e-3);
      }
    }
  }
}

}  // namespace
}  // namespace vime
