// The environments against recorded trajectories: Gymnasium 1.4.0 in double precision for mountain
// car and pendulum, an adaptive integrator of order 8 for the cart-pole.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "envs/registry.h"
#include "tests/support/golden.h"

namespace vime {
namespace {

using nlohmann::json;

/// max |a[i] - b[i]|; infinite when the lengths differ or a NaN is among them.
double MaxDifference(const std::vector<double>& a, const std::vector<double>& b) {
  if (a.size() != b.size()) return std::numeric_limits<double>::infinity();
  double largest = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const double difference = std::abs(a[i] - b[i]);
    if (!(difference <= largest)) largest = std::isnan(difference) ? INFINITY : difference;
  }
  return largest;
}

/// Drives an environment through a recorded trajectory.
class Replay {
 public:
  Replay(Env& env, const json& trajectory)
      : env_(env),
        observation_(env.spec().observation.size()),
        actions_(trajectory["actions"].get<std::vector<std::vector<double>>>()) {}

  int steps() const { return static_cast<int>(actions_.size()); }
  void SetState(const std::vector<double>& state) { env_.SetState(state); }
  Step Advance(int t) {
    return env_.Advance(actions_[static_cast<std::size_t>(t)], rng_, observation_);
  }

  std::vector<double> State() const {
    std::vector<double> state(env_.spec().state.size());
    env_.GetState(state);
    return state;
  }
  const std::vector<double>& observation() const { return observation_; }

 private:
  Env& env_;
  Rng rng_{NoiseKey{}};
  std::vector<double> observation_;
  std::vector<std::vector<double>> actions_;
};

struct Errors {
  double state = 0, observation = 0, reward = 0;
  int wrong_ends = 0, wrong_successes = 0;
  /// States whose every bit is the recorded one, of how many.
  int exact = 0, steps = 0;
};

/// One step from every recorded state. `success` judges a recorded next state.
template <class SuccessRule, class RewardRule>
Errors OneStepErrors(Env& env, const json& trajectory, SuccessRule success, RewardRule reward) {
  Replay replay(env, trajectory);
  Errors errors;
  for (int t = 0; t < replay.steps(); ++t) {
    replay.SetState(trajectory["states"][t]);
    const Step step = replay.Advance(t);
    const std::vector<double> next = trajectory["states"][t + 1];
    errors.state = std::max(errors.state, MaxDifference(replay.State(), next));
    errors.exact += replay.State() == next;
    ++errors.steps;
    if (trajectory.contains("observations")) {
      const std::vector<double> observation = trajectory["observations"][t + 1];
      errors.observation =
          std::max(errors.observation, MaxDifference(replay.observation(), observation));
    }
    errors.reward = std::max(errors.reward, MaxDifference({step.reward}, {reward(t, next)}));
    errors.wrong_ends += step.terminated != trajectory["terminated"][t].get<bool>();
    errors.wrong_successes += step.success != success(t, next);
  }
  return errors;
}

/// The error of an open-loop replay of the first `steps` actions.
double RolloutError(Env& env, const json& trajectory, const char* states, int steps) {
  Replay replay(env, trajectory);
  replay.SetState(trajectory["initial_state"]);
  double error = 0;
  for (int t = 0; t < std::min(steps, replay.steps()); ++t) {
    replay.Advance(t);
    error = std::max(error, MaxDifference(replay.State(), trajectory[states][t + 1]));
  }
  return error;
}

/// How many steps of a trajectory may be replayed open loop.
int RolloutSteps(const json& trajectory) {
  const std::string rule = trajectory["rollout_check"];
  if (rule == "yes") return std::numeric_limits<int>::max();
  REQUIRE(rule == "first 50 steps");
  return 50;
}

TEST_CASE("Mountain car takes every step that Gymnasium takes, up to the cosine's last bit") {
  const json golden = testing::ReadGolden("envs/gym_mountaincarcontinuous_f64.json");
  for (const bool sparse : {false, true}) {
    const auto env = MakeEnvironment(sparse ? "mountaincar-sparse" : "mountaincar");
    int exact = 0, steps = 0;
    for (const json& trajectory : golden["trajectories"]) {
      INFO(env->spec().name, " ", trajectory["name"].get<std::string>());
      const auto goal = [&](int t, const std::vector<double>&) {
        return trajectory["terminated"][t].get<bool>();
      };
      const Errors errors =
          OneStepErrors(*env, trajectory, goal, [&](int t, const std::vector<double>& next) {
            return sparse ? (goal(t, next) ? 1.0 : 0.0) : trajectory["rewards"][t].get<double>();
          });
      exact += errors.exact;
      steps += errors.steps;
      CHECK(errors.state <= 1e-15);
      CHECK(errors.observation <= 1e-15);
      CHECK(errors.reward == 0);
      CHECK(errors.wrong_ends == 0);
      CHECK(errors.wrong_successes == 0);
    }
    // Where the two cosines agree, so does every bit of the state: 94 % of the rows. Another order
    // of the additions leaves 82 %.
    CHECK(exact > 0.9 * steps);
  }
}

TEST_CASE("Mountain car stays on Gymnasium's trajectories for whole episodes") {
  const json golden = testing::ReadGolden("envs/gym_mountaincarcontinuous_f64.json");
  const auto env = MakeEnvironment("mountaincar");
  for (const json& trajectory : golden["trajectories"]) {
    INFO(trajectory["name"].get<std::string>());
    CHECK(RolloutError(*env, trajectory, "states", RolloutSteps(trajectory)) <= 1e-13);
  }
}

TEST_CASE("The pendulum takes every step that Gymnasium takes") {
  const json golden = testing::ReadGolden("envs/gym_pendulum_f64.json");
  for (const bool sparse : {false, true}) {
    const auto env =
        MakeEnvironment(sparse ? "pendulum-sparse" : "pendulum", {{"torque_limit", 2}});
    for (const json& trajectory : golden["trajectories"]) {
      INFO(env->spec().name, " ", trajectory["name"].get<std::string>());
      const auto upright = [](int, const std::vector<double>& next) {
        return std::cos(next[0]) > 0.95;
      };
      const Errors errors =
          OneStepErrors(*env, trajectory, upright, [&](int t, const std::vector<double>& next) {
            return sparse ? (upright(t, next) ? 1.0 : 0.0) : trajectory["rewards"][t].get<double>();
          });
      CHECK(errors.state <= 1e-13);
      CHECK(errors.observation <= 1e-13);
      CHECK(errors.reward <= 1e-13);
      CHECK(errors.wrong_ends == 0);
      CHECK(errors.wrong_successes == 0);
    }
  }
}

TEST_CASE("The pendulum stays on Gymnasium's trajectories where they are stable") {
  const json golden = testing::ReadGolden("envs/gym_pendulum_f64.json");
  const auto env = MakeEnvironment("pendulum");
  for (const json& trajectory : golden["trajectories"]) {
    INFO(trajectory["name"].get<std::string>());
    CHECK(RolloutError(*env, trajectory, "states", RolloutSteps(trajectory)) <= 1e-8);
  }
}

TEST_CASE("The cart-pole follows the exact flow to ten times the recorded error of its method") {
  const json golden = testing::ReadGolden("envs/ode_cartpole_swingup.json");
  for (const double dense : {0, 1}) {
    for (const json& trajectory : golden["trajectories"]) {
      INFO("dense ", dense, " ", trajectory["name"].get<std::string>());
      const auto env =
          MakeEnvironment("cartpole-swingup", {{"dense", dense},
                                               {"cart_damping", trajectory["damping"][0]},
                                               {"pole_damping", trajectory["damping"][1]}});
      const auto on_track = [](const std::vector<double>& next) { return std::abs(next[0]) <= 3; };
      const auto upright = [&](int, const std::vector<double>& next) {
        return std::cos(next[2]) > 0.8 && on_track(next);
      };
      const Errors errors =
          OneStepErrors(*env, trajectory, upright, [&](int t, const std::vector<double>& next) {
            if (dense == 0) return trajectory["rewards"][t].get<double>();
            return on_track(next) ? std::cos(next[2]) : -100;
          });
      const double tolerance = 10 * trajectory["rk4_one_step_max_abs_err"].get<double>();
      CHECK(errors.state <= tolerance);
      CHECK(errors.reward <= (dense == 0 ? 0 : tolerance));
      CHECK(errors.wrong_ends == 0);
      CHECK(errors.wrong_successes == 0);
    }
  }
}

TEST_CASE("The cart-pole integrates by Runge-Kutta with five substeps") {
  const json golden = testing::ReadGolden("envs/ode_cartpole_swingup.json");
  for (const json& trajectory : golden["trajectories"]) {
    INFO(trajectory["name"].get<std::string>());
    const auto env = MakeEnvironment(
        "cartpole-swingup",
        {{"cart_damping", trajectory["damping"][0]}, {"pole_damping", trajectory["damping"][1]}});
    // Rounding errors double every 3 to 4 steps where a replay is unstable.
    const std::string note = trajectory["note"];
    const bool unstable = note.find("Open-loop replay is unstable") != std::string::npos;
    const int steps = unstable ? 50 : 100;
    CHECK(RolloutError(*env, trajectory, "states_rk4_rollout", steps) <= 1e-8);
  }
}

}  // namespace
}  // namespace vime
