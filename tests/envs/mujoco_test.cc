// The tasks of MuJoCo against trajectories that MuJoCo 2.2.2 recorded, and what becomes of its
// warnings and errors.
#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <vector>

#include "envs/mujoco_tasks.h"
#include "envs/registry.h"
#include "lib/core/check.h"
#include "lib/core/parallel.h"
#include "tests/support/golden.h"
#include "tests/support/replay.h"

namespace vime {
namespace {

using nlohmann::json;
using testing::MaxDifference;
using testing::Replay;

constexpr std::size_t kJoints = 9;

struct Recording {
  std::string task, file;
  const MujocoModel& model;
  bool sparse = false;
};

std::vector<Recording> Recordings() {
  return {{"halfcheetah", "envs/mj_half_cheetah_sparse.json", HalfCheetahModel()},
          {"halfcheetah-sparse", "envs/mj_half_cheetah_sparse.json", HalfCheetahModel(), true},
          {"walker2d", "envs/mj_walker2d.json", Walker2dModel()}};
}

/// Calls check(recording, environment, trajectory) for everything that was recorded.
template <class Check>
void ForEachTrajectory(const Check& check) {
  for (const Recording& recording : Recordings()) {
    const auto env = MakeEnvironment(recording.task);
    const json golden = testing::ReadGolden(recording.file);
    for (const json& trajectory : golden["trajectories"]) {
      INFO(recording.task, " ", trajectory["name"].get<std::string>());
      check(recording, *env, trajectory);
    }
  }
}

/// How far a step led from what was recorded.
struct Errors {
  double state = 0, observation = 0, reward = 0;
  int wrong_ends = 0;

  void Add(const Recording& recording, const Replay& replay, const Step& step,
           const json& trajectory, int t) {
    std::vector<double> next = replay.State();
    next.resize(2 * kJoints);  // w is not recorded
    state = std::max(state, MaxDifference(next, trajectory["states"][t + 1]));
    observation = std::max(observation,
                           MaxDifference(replay.observation(), trajectory["observations"][t + 1]));
    const json& rewards = trajectory[recording.sparse ? "rewards" : "dense_rewards"];
    reward = std::max(reward, std::abs(step.reward - rewards[t].get<double>()));
    wrong_ends += step.terminated != trajectory["terminated"][t].get<bool>();
  }
};

TEST_CASE("Every recorded step follows from the coordinates and velocities before it") {
  ForEachTrajectory([](const Recording& recording, Env& env, const json& trajectory) {
    Replay replay(env, trajectory);
    Errors errors;
    for (int t = 0; t < replay.steps(); ++t) {
      std::vector<double> state = trajectory["states"][t];
      state.resize(3 * kJoints);  // the solver starts from zero
      replay.SetState(state);
      errors.Add(recording, replay, replay.Advance(t), trajectory, t);
    }
    CHECK(errors.state <= 1e-10);
    CHECK(errors.observation <= 1e-10);
    CHECK(errors.reward <= 1e-10);
    CHECK(errors.wrong_ends == 0);
  });
}

TEST_CASE("Whole trajectories repeat bit for bit") {
  ForEachTrajectory([](const Recording& recording, Env& env, const json& trajectory) {
    const std::vector<double> start = trajectory["states"][0];
    MujocoBody body(recording.task, recording.model);
    body.Start(std::span(start).first(kJoints), std::span(start).last(kJoints));
    std::vector<double> state(3 * kJoints);
    body.GetState(state);

    Replay replay(env, trajectory);
    replay.SetState(state);
    Errors errors;
    for (int t = 0; t < replay.steps(); ++t) {
      errors.Add(recording, replay, replay.Advance(t), trajectory, t);
    }
    CHECK(errors.state == 0);
    CHECK(errors.observation == 0);
    CHECK(errors.reward <= 1e-13);  // summed in another order
    CHECK(errors.wrong_ends == 0);
  });
}

/// A state q, v, w of a robot lifted by 10 m, its joints in motion.
std::vector<double> InTheAir(const Env& env, std::size_t height) {
  std::vector<double> state(env.spec().state.size());
  env.GetState(state);
  state[height] += 10;
  for (std::size_t i = 0; i < kJoints; ++i) state[kJoints + i] = 0.1 * static_cast<double>(i);
  return state;
}

// No outer force but gravity: the momentum of the whole body changes by m g h in every step, and
// the motors, springs and joint limits cannot change that. The coordinates are not Cartesian, so
// the discrete step keeps this up to O(h^2).
TEST_CASE("In flight the centre of mass falls freely, whatever the motors do") {
  for (const std::string task : {"halfcheetah", "walker2d"}) {
    CAPTURE(task);
    const std::size_t height = task == "halfcheetah" ? 1 : 0;  // its coordinate
    const auto env = MakeEnvironment(task);
    const double h = env->spec().time_step;
    Rng rng({1, Stream::kTest, 0, 0});
    std::vector<double> observation(env->spec().observation.size());
    env->Reset(rng, observation);
    env->SetState(InTheAir(*env, height));
    env->Observe(observation);
    const auto centre = [&](std::size_t axis) {
      return observation[observation.size() - 3 + axis];
    };
    const double x = centre(0), z = centre(2);
    std::vector<double> first;
    constexpr int kSteps = 60;
    for (int t = 0; t < kSteps; ++t) {
      std::vector<double> action;
      for (const Axis& axis : env->spec().action) {
        action.push_back(ExecutedAction(0.2 * rng.Normal(), axis));
      }
      env->Advance(action, rng, observation);
      if (t == 0) first = {(centre(0) - x) / h, (centre(2) - z) / h};
    }
    const double time = (kSteps - 1) * h;
    const double fall = 9.81 * time * (time + h) / 2;  // of the semi-implicit step
    CHECK(centre(0) == doctest::Approx(x + first[0] * (time + h)).epsilon(0.02));
    CHECK(centre(2) == doctest::Approx(z + first[1] * (time + h) - fall).epsilon(0.02));
  }
}

TEST_CASE("A simulation that blows up names the task, leaves no file, and a reset cures it") {
  const std::filesystem::path log = "MUJOCO_LOG.TXT";
  std::filesystem::remove(log);
  ParallelFor(4, 4, [&](Index thread) {
    const Recording recording = Recordings()[static_cast<std::size_t>(thread) % 3];
    const auto env = MakeEnvironment(recording.task);
    const auto fresh = MakeEnvironment(recording.task);
    std::vector<double> observation(env->spec().observation.size());
    std::vector<double> state(env->spec().state.size());
    const std::vector<double> action(env->spec().action.size(), 0.1);
    Rng rng({1, Stream::kTest, 0, 0});
    env->Reset(rng, observation);
    env->GetState(state);
    std::fill_n(state.begin() + kJoints, kJoints, 9e9);  // MuJoCo's limit is 1e10
    std::string message = "no error";
    try {
      env->SetState(state);
      for (int t = 0; t < 10; ++t) env->Advance(action, rng, observation);
    } catch (const NumericalError& error) {
      message = error.what();
    }
    // Assertions of doctest may run in several threads.
    CHECK(message.starts_with(recording.task + ": MuJoCo: Nan, Inf or huge value in Q"));

    std::vector<double> expected = observation;
    for (Env* each : {env.get(), fresh.get()}) {
      Rng same({2, Stream::kTest, 0, 0});
      each->Reset(same, observation);
      for (int t = 0; t < 50; ++t) each->Advance(action, same, observation);
      if (each == env.get()) expected = observation;
    }
    CHECK(observation == expected);
  });
  CHECK_FALSE(std::filesystem::exists(log));
}

/// A row of eight spheres on a slide, `size` being the room that the model reserves.
MujocoModel Spheres(const std::string& size, const std::string& height) {
  std::string spheres;
  for (const char* x : {"0", "1", "2", "3", "4", "5", "6", "7"}) {
    spheres += std::string(R"(<geom size="0.1" pos=")") + x + R"( 0 0"/>)";
  }
  return MujocoModel("<mujoco><size " + size +
                     R"(/><worldbody><geom type="plane" size="9 9 9"/><body pos="0 0 )" + height +
                     R"("><joint type="slide" axis="0 0 1"/>)" + spheres +
                     "</body></worldbody></mujoco>");
}

TEST_CASE("A warning that is no blow-up is an error too: no room for the contacts") {
  const MujocoModel model = Spheres(R"(nconmax="1")", "0");
  CHECK_THROWS_WITH_AS(MujocoBody("toy", model),
                       doctest::Contains("toy: MuJoCo: Pre-allocated contact buffer is full"),
                       NumericalError);
}

TEST_CASE("An error of MuJoCo does not end the program") {
  const MujocoModel model = Spheres(R"(nstack="100")", "1");  // enough while nothing touches
  MujocoBody body("toy", model);
  const std::array fallen = {-1.0}, rest = {0.0};
  CHECK_THROWS_WITH_AS(body.Start(fallen, rest), doctest::Contains("toy: MuJoCo: "),
                       NumericalError);
}

TEST_CASE("A model that is no model is a mistake of ours") {
  CHECK_THROWS_AS(MujocoModel("<mujoco><worldbody><body/></worldbody>"), std::logic_error);
}

}  // namespace
}  // namespace vime
