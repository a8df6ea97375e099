// The environments against recorded trajectories: Gymnasium 1.4.0 in double precision for mountain
// car, pendulum and acrobot, an adaptive integrator of order 8 for the cart-pole and the double
// pendulum, Box2D 2.4.1 and its map in double precision for their -x versions, plain Python for the
// maze and the deep sea, MuJoCo 2.2.2 for the swimmer.
#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "envs/registry.h"
#include "tests/support/golden.h"
#include "tests/support/replay.h"

namespace vime {
namespace {

using nlohmann::json;
using testing::MaxDifference;
using testing::Replay;

struct Errors {
  double state = 0, observation = 0, reward = 0;
  int wrong_ends = 0, wrong_successes = 0;
  /// States whose every bit is the recorded one, of how many.
  int exact = 0, steps = 0;
};

/// One step from every recorded state. `success` judges a recorded next state. `states` holds the
/// states in the order of the environment.
template <class SuccessRule, class RewardRule>
Errors OneStepErrors(Env& env, const json& trajectory, const json& states, SuccessRule success,
                     RewardRule reward) {
  Replay replay(env, trajectory);
  Errors errors;
  for (int t = 0; t < replay.steps(); ++t) {
    replay.SetState(states[t]);
    const Step step = replay.Advance(t);
    const std::vector<double> next = states[t + 1];
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

template <class SuccessRule, class RewardRule>
Errors OneStepErrors(Env& env, const json& trajectory, SuccessRule success, RewardRule reward) {
  return OneStepErrors(env, trajectory, trajectory["states"], success, reward);
}

/// The same for a sparse task whose success steps are those that pay.
Errors OneStepErrors(Env& env, const json& trajectory) {
  const auto reward = [&](int t, const auto&) { return trajectory["rewards"][t].get<double>(); };
  return OneStepErrors(
      env, trajectory, [&](int t, const auto& next) { return reward(t, next) > 0; }, reward);
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

/// Columns of a recorded table of states.
json Columns(const json& rows, const std::vector<std::size_t>& columns) {
  json selected = json::array();
  for (const json& row : rows) {
    selected.push_back(json::array());
    for (const std::size_t column : columns) selected.back().push_back(row[column]);
  }
  return selected;
}

/// Replays what Box2D recorded from the first state of its map. Within the first 1, 10, 100 and all
/// steps the positions (some coordinates of the state) must not be further from those of Box2D
/// than another build of the map was; the rewards and ends are the same.
void CheckAgainstBox2d(Env& env, const json& trajectory, const json& map_states,
                       const std::array<std::size_t, 2>& coordinates, const json& box2d_positions) {
  const auto& recorded = trajectory["map_vs_box2d_max_abs_diff_at_1_10_100_end"];
  Replay replay(env, trajectory);
  replay.SetState(map_states[0]);
  double difference = MaxDifference({map_states[0][coordinates[0]], map_states[0][coordinates[1]]},
                                    box2d_positions[0]);
  for (int t = 0; t < replay.steps(); ++t) {
    const Step step = replay.Advance(t);
    REQUIRE(step.reward == trajectory["rewards"][t]);
    REQUIRE(step.terminated == trajectory["terminated"][t]);
    const std::vector<double> state = replay.State();
    difference = std::max(difference, MaxDifference({state[coordinates[0]], state[coordinates[1]]},
                                                    box2d_positions[t + 1]));
    const int steps[] = {1, 10, 100, replay.steps()};
    for (std::size_t i = 0; i < 4; ++i) {
      if (t + 1 != steps[i]) continue;
      CAPTURE(steps[i]);
      CHECK(difference <= 1.001 * recorded[i].get<double>() + 1e-9);
    }
  }
}

TEST_CASE("The cart-pole with the numerics of the paper is the recorded map") {
  const json golden = testing::ReadGolden("envs/b2_cartpole_swingup_x.json");
  for (const double dense : {0, 1}) {
    const auto env = MakeEnvironment("cartpole-swingup-x", {{"dense", dense}});
    for (const json& trajectory : golden["trajectories"]) {
      INFO("dense ", dense, " ", trajectory["name"].get<std::string>());
      // x, y, al, v, cx, cy, th, vx, vy, w, where y = al = 0 after every step.
      const json states = Columns(trajectory["map_states"], {0, 3, 4, 5, 6, 7, 8, 9});
      const auto upright = [](int, const std::vector<double>& next) {
        return std::cos(next[4]) > 0.8 && std::abs(next[0]) <= 3;
      };
      json without_observations = trajectory;  // those of Box2D, in single precision
      without_observations.erase("observations");
      const Errors errors = OneStepErrors(*env, without_observations, states, upright,
                                          [&](int t, const std::vector<double>& next) {
                                            if (dense == 0)
                                              return trajectory["rewards"][t].get<double>();
                                            return std::abs(next[0]) > 3 ? -100 : std::cos(next[4]);
                                          });
      CHECK(errors.state <= 1e-12);
      CHECK(errors.reward <= (dense == 0 ? 0 : 1e-12));
      CHECK(errors.wrong_ends == 0);
      CHECK(errors.wrong_successes == 0);
    }
  }
}

TEST_CASE("The cart-pole with the numerics of the paper stays on the trajectories of Box2D") {
  const json golden = testing::ReadGolden("envs/b2_cartpole_swingup_x.json");
  const auto env = MakeEnvironment("cartpole-swingup-x");
  for (const json& trajectory : golden["trajectories"]) {
    INFO(trajectory["name"].get<std::string>());
    CheckAgainstBox2d(*env, trajectory, Columns(trajectory["map_states"], {0, 3, 4, 5, 6, 7, 8, 9}),
                      {0, 4}, Columns(trajectory["observations"], {0, 2}));
  }
}

/// The largest torque in a trajectory decides how finely it was integrated.
double TorqueLimit(const json& trajectory) {
  double limit = 3;
  for (const json& action : trajectory["actions"]) {
    limit = std::max(limit, std::abs(action[0].get<double>()));
  }
  return limit > 3 ? 50 : 3;
}

TEST_CASE("The double pendulum follows the exact flow to ten times the recorded error") {
  const json golden = testing::ReadGolden("envs/ode_double_pendulum.json");
  for (const double dense : {0, 1}) {
    for (const json& trajectory : golden["trajectories"]) {
      INFO("dense ", dense, " ", trajectory["name"].get<std::string>());
      const auto env = MakeEnvironment(
          "doublependulum", {{"dense", dense}, {"torque_limit", TorqueLimit(trajectory)}});
      const auto distance = [](const std::vector<double>& next) {
        return std::hypot(std::sin(next[0]) + std::sin(next[1]),
                          std::cos(next[0]) + std::cos(next[1]) + 2);
      };
      const Errors errors = OneStepErrors(
          *env, trajectory,
          [&](int t, const std::vector<double>&) { return trajectory["rewards"][t] == 1; },
          [&](int t, const std::vector<double>& next) {
            return dense == 0 ? trajectory["rewards"][t].get<double>() : -distance(next);
          });
      const double tolerance = 10 * trajectory["rk4_one_step_max_abs_err"].get<double>();
      CHECK(errors.state <= tolerance);
      CHECK(errors.reward <= (dense == 0 ? 0 : 2 * tolerance));
      CHECK(errors.wrong_ends == 0);
      CHECK(errors.wrong_successes == 0);
    }
  }
}

TEST_CASE("The double pendulum integrates by Runge-Kutta with ten or twenty substeps") {
  const json golden = testing::ReadGolden("envs/ode_double_pendulum.json");
  for (const json& trajectory : golden["trajectories"]) {
    INFO(trajectory["name"].get<std::string>());
    const auto env = MakeEnvironment("doublependulum", {{"torque_limit", TorqueLimit(trajectory)}});
    CHECK(RolloutError(*env, trajectory, "states_rk4_rollout", 100) <= 1e-8);
  }
}

TEST_CASE("The double pendulum with the numerics of the paper is the recorded map") {
  const json golden = testing::ReadGolden("envs/b2_double_pendulum_x.json");
  for (const double dense : {0, 1}) {
    const auto env = MakeEnvironment("doublependulum-x", {{"dense", dense}, {"torque_limit", 50}});
    for (const json& trajectory : golden["trajectories"]) {
      INFO("dense ", dense, " ", trajectory["name"].get<std::string>());
      // With the wrong sign of the source.
      const auto distance = [](const std::vector<double>& next) {
        const double x = next[6] - 0.5 * std::sin(next[1]);
        const double y = next[7] + 0.5 * std::cos(next[1]);
        return std::hypot(x - std::sin(next[1]), y - std::cos(next[1]) - 2);
      };
      json without_observations = trajectory;  // those of Box2D, in single precision
      without_observations.erase("observations");
      const Errors errors = OneStepErrors(
          *env, without_observations, trajectory["map_states"],
          [&](int t, const std::vector<double>&) { return trajectory["rewards"][t] == 1; },
          [&](int t, const std::vector<double>& next) {
            return dense == 0 ? trajectory["rewards"][t].get<double>() : -distance(next);
          });
      CHECK(errors.state <= 1e-12);
      CHECK(errors.reward <= (dense == 0 ? 0 : 1e-12));
      CHECK(errors.wrong_ends == 0);
      CHECK(errors.wrong_successes == 0);
    }
  }
}

TEST_CASE("The double pendulum with the numerics of the paper stays on those of Box2D") {
  const json golden = testing::ReadGolden("envs/b2_double_pendulum_x.json");
  const auto env = MakeEnvironment("doublependulum-x", {{"torque_limit", 50}});
  for (const json& trajectory : golden["trajectories"]) {
    INFO(trajectory["name"].get<std::string>());
    CheckAgainstBox2d(*env, trajectory, trajectory["map_states"], {0, 1},
                      Columns(trajectory["states"], {2, 8}));
  }
}

TEST_CASE("Acrobot takes every step that Gymnasium takes, and stays on stable trajectories") {
  const json golden = testing::ReadGolden("envs/acrobot_continuous_sparse.json");
  const auto env = MakeEnvironment("acrobot-sparse");
  for (const json& trajectory : golden["trajectories"]) {
    INFO(trajectory["name"].get<std::string>());
    const Errors errors = OneStepErrors(*env, trajectory);
    CHECK(errors.state <= 1e-11);
    CHECK(errors.reward == 0);
    CHECK(errors.wrong_ends == 0);
    CHECK(errors.wrong_successes == 0);
    CHECK(RolloutError(*env, trajectory, "states", 50) <= 1e-8);
    CHECK(RolloutError(*env, trajectory, "states", RolloutSteps(trajectory)) <= 1e-8);
  }
}

TEST_CASE("The U-maze repeats the recorded trajectories bit for bit") {
  const json golden = testing::ReadGolden("envs/point_umaze.json");
  const auto env = MakeEnvironment("point-umaze");
  for (const json& trajectory : golden["trajectories"]) {
    INFO(trajectory["name"].get<std::string>());
    const Errors errors = OneStepErrors(*env, trajectory);
    CHECK(errors.state == 0);
    CHECK(errors.reward == 0);
    CHECK(errors.wrong_ends == 0);
    CHECK(errors.wrong_successes == 0);
    CHECK(RolloutError(*env, trajectory, "states", 200) == 0);
  }
}

TEST_CASE("The deep sea repeats the recorded episodes bit for bit") {
  const json golden = testing::ReadGolden("envs/deep_sea_continuous.json");
  for (const json& trajectory : golden["trajectories"]) {
    INFO(trajectory["name"].get<std::string>());
    const auto env = MakeEnvironment("deepsea", {{"n", trajectory["N"]}});
    const Errors errors = OneStepErrors(*env, trajectory);
    CHECK(errors.state == 0);
    CHECK(errors.reward == 0);
    CHECK(errors.wrong_ends == 0);
    CHECK(errors.wrong_successes == 0);
    CHECK(RolloutError(*env, trajectory, "states", trajectory["N"]) == 0);
  }
}

TEST_CASE("The swimmer takes every step that MuJoCo takes, and stays on its trajectories") {
  const json golden = testing::ReadGolden("envs/mj_swimmer.json");
  const auto env = MakeEnvironment("swimmer");
  for (const json& trajectory : golden["trajectories"]) {
    INFO(trajectory["name"].get<std::string>());
    const auto ahead = [&](int t, const std::vector<double>&) {
      return trajectory["observations"][t + 1][10].get<double>() >= 1;
    };
    const Errors errors =
        OneStepErrors(*env, trajectory, ahead, [&](int t, const std::vector<double>&) {
          return trajectory["dense_rewards"][t].get<double>();
        });
    CHECK(errors.state <= 1e-12);
    CHECK(errors.observation <= 1e-12);
    CHECK(errors.reward <= 1e-12);
    CHECK(errors.wrong_ends == 0);
    CHECK(errors.wrong_successes == 0);
    CHECK(RolloutError(*env, trajectory, "states", 200) <= 1e-8);
  }
}

/// The state of swimmer-gather: the body, then x, y and worth of at most sixteen objects.
std::vector<double> GatherState(const json& body, const json& objects) {
  std::vector<double> state = body;
  for (const json& object : objects) {
    state.insert(state.end(), {object[0], object[1], object[2] == 0 ? 1.0 : -1.0});
  }
  state.resize(10 + 3 * 16);
  return state;
}

TEST_CASE("Swimmer-gather moves, senses and takes objects as recorded") {
  const json golden = testing::ReadGolden("envs/swimmer_gather.json");
  const auto env = MakeEnvironment("swimmer-gather");
  for (const json& trajectory : golden["trajectories"]) {
    INFO(trajectory["name"].get<std::string>());
    for (const bool rollout : {false, true}) {
      CAPTURE(rollout);
      Replay replay(*env, trajectory);
      std::vector<double> state = GatherState(trajectory["states"][0], trajectory["objects"]);
      replay.SetState(state);
      std::vector<double> observation(33);
      env->Observe(observation);
      CHECK(MaxDifference(observation, trajectory["observations"][0]) <= 1e-12);
      double error = 0;
      for (int t = 0; t < replay.steps(); ++t) {
        if (!rollout) {  // the recorded body with the objects that are left
          const std::vector<double> body = trajectory["states"][t];
          std::copy(body.begin(), body.end(), state.begin());
          replay.SetState(state);
        }
        const Step step = replay.Advance(t);
        state = replay.State();
        error = std::max(
            error, MaxDifference({state.begin(), state.begin() + 10}, trajectory["states"][t + 1]));
        error =
            std::max(error, MaxDifference(replay.observation(), trajectory["observations"][t + 1]));
        REQUIRE(step.reward == trajectory["rewards"][t]);
        REQUIRE(step.terminated == trajectory["terminated"][t]);
        int left = 0;
        for (std::size_t i = 0; i < 16; ++i) left += state[10 + 3 * i + 2] != 0;
        REQUIRE(left == trajectory["n_objects"][t + 1]);
      }
      CHECK(error <= (rollout ? 1e-8 : 1e-12));
    }
  }
}

}  // namespace
}  // namespace vime
