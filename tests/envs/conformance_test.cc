// Properties that every environment of the registry has, under its default parameters and with each
// parameter at either end of its range. A new environment is covered once it is registered. So is
// the example of CONTRIBUTING.md, which is not.
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
#include "lib/core/names.h"
#include "lib/core/parallel.h"
#include "tests/example/puck.h"

namespace vime {
namespace {

constexpr int kSteps = 400;

/// An environment under particular parameters.
struct Variant {
  std::string label;
  const EnvEntry& entry;
  EnvParams params;

  std::unique_ptr<Env> Make() const { return MakeEnvironment(entry, params); }
};

const std::vector<EnvEntry>& Entries() {
  static const std::vector<EnvEntry> entries = [] {
    std::vector<EnvEntry> all(Environments().begin(), Environments().end());
    all.push_back(Registered(example::PuckEntry()));
    return all;
  }();
  return entries;
}

std::vector<Variant> Variants() {
  std::vector<Variant> variants;
  for (const EnvEntry& entry : Entries()) {
    variants.push_back({entry.name, entry, {}});
    for (const EnvParam& param : entry.params) {
      for (const double value : {param.low, param.high}) {
        if (value == param.default_value) continue;
        variants.push_back(
            {entry.name + ", " + param.name + " " + ToText(value), entry, {{param.name, value}}});
      }
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

/// The box with nominal bounds moved away from their middle by a factor.
std::vector<Axis> Widened(std::vector<Axis> box, double factor) {
  for (Axis& axis : box) {
    if (!axis.nominal) continue;
    const double middle = (axis.low + axis.high) / 2;
    const double half_width = (axis.high - axis.low) / 2;
    axis.low = middle - factor * half_width;
    axis.high = middle + factor * half_width;
  }
  return box;
}

TEST_CASE("A specification is complete and consistent") {
  ForEachVariant([](const Variant& variant) {
    const auto env = variant.Make();
    const EnvSpec& spec = env->spec();
    CHECK(spec.name == variant.entry.name);
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

TEST_CASE("Random play stays finite and within the reachable bounds") {
  ForEachVariant([](const Variant& variant) {
    const auto env = variant.Make();
    const EnvSpec& spec = env->spec();
    const std::vector<Axis> reachable = Widened(spec.observation, INFINITY);
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

// Noise is unbounded, but never (once in 5e8 draws) leaves six times its nominal range.
TEST_CASE("Episodes start about the nominal bounds, on the visit grid, and differ") {
  ForEachVariant([](const Variant& variant) {
    const auto env = variant.Make();
    const bool starts_differ =
        variant.entry.name != "deepsea" || variant.params.contains("noise_dims");
    const bool noisy = env->spec().observation.back().name.starts_with("noise");
    const std::vector<Axis> box = Widened(env->spec().observation, noisy ? 6 : 2);
    const auto& coverage = env->spec().coverage;
    Rng rng = EnvironmentRng(9);
    std::vector<double> observation(env->spec().observation.size());
    std::vector<double> previous;
    for (int i = 0; i < 1000; ++i) {
      env->Reset(rng, observation);
      REQUIRE(Inside(observation, box));
      REQUIRE(Inside(env->CoveragePoint(), {coverage[0], coverage[1]}));
      REQUIRE((observation == previous) == !(starts_differ || i == 0));
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

TEST_CASE("Normalised actions from -1 to 1 cover the raw bounds, and are clipped to them") {
  ForEachVariant([](const Variant& variant) {
    const std::unique_ptr<Env> env = variant.Make();
    for (const Axis& axis : env->spec().action) {
      INFO(axis.name);
      CHECK(ExecutedAction(-1, axis) == axis.low);
      CHECK(ExecutedAction(1, axis) == axis.high);
      CHECK(ExecutedAction(0, axis) == (axis.low + axis.high) / 2);
      for (const double beyond : {1.5, 1e300, double{INFINITY}}) {
        CHECK(ExecutedAction(-beyond, axis) == axis.low);
        CHECK(ExecutedAction(beyond, axis) == axis.high);
      }
      CHECK(std::isnan(ExecutedAction(std::nan(""), axis)));
    }
  });
}

/// How a reflection that leaves the equations as they are changes the signs of the state and of the
/// action; empty when there is none.
struct Reflection {
  std::vector<double> state, action;
};

Reflection ReflectionOf(const std::string& name) {
  if (name.starts_with("pendulum")) return {{-1, -1}, {-1}};
  if (name == "cartpole-swingup") return {{-1, -1, -1, -1}, {-1}};
  if (name == "cartpole-swingup-x") return {{-1, -1, -1, 1, -1, -1, 1, -1}, {-1}};
  if (name == "doublependulum") return {{-1, -1, -1, -1}, {-1}};
  if (name == "doublependulum-x") return {{-1, -1, -1, -1, -1, 1, -1, 1, -1, 1, -1, 1}, {-1}};
  if (name == "acrobot-sparse") return {{-1, -1, -1, -1}, {-1}};
  if (name.starts_with("swimmer")) {  // y, angles and the y of objects
    std::vector<double> state = {1, -1, -1, -1, -1, 1, -1, -1, -1, -1};
    if (name == "swimmer-gather") {
      for (int i = 0; i < 16; ++i) state.insert(state.end(), {1, -1, 1});
    }
    return {state, {-1, -1}};
  }
  return {};
}

TEST_CASE("The mirror image of a trajectory is a trajectory with the same rewards") {
  ForEachVariant([](const Variant& variant) {
    const Reflection reflection = ReflectionOf(variant.entry.name);
    if (reflection.state.empty() || variant.params.contains("noise_dims")) return;
    const auto reflected = [](std::vector<double> numbers, const std::vector<double>& signs) {
      for (std::size_t i = 0; i < numbers.size(); ++i) numbers[i] *= signs[i];
      return numbers;
    };
    const auto env = variant.Make();
    const auto mirror = variant.Make();
    Rng rng = EnvironmentRng(13);
    RandomPlayer player(env->spec(), 13);
    std::vector<double> observation(env->spec().observation.size());
    for (int t = 0; t < kSteps; ++t) {
      if (t % 50 == 0) {
        env->Reset(rng, observation);
        mirror->SetState(reflected(StateOf(*env), reflection.state));
      }
      const std::span<const double> action = player.Act();
      const Step step = env->Advance(action, rng, observation);
      const Step mirror_step = mirror->Advance(
          reflected({action.begin(), action.end()}, reflection.action), rng, observation);
      REQUIRE(StateOf(*mirror) == reflected(StateOf(*env), reflection.state));
      REQUIRE(std::abs(mirror_step.reward - step.reward) <= 1e-13);
      REQUIRE(mirror_step.success == step.success);
    }
  });
}

}  // namespace
}  // namespace vime
