// Laws that the mechanical tasks obey whatever their parameters: energy and geometry.
#include <doctest/doctest.h>

#include <array>
#include <cmath>
#include <numbers>
#include <string>
#include <vector>

#include "envs/registry.h"

namespace vime {
namespace {

constexpr double kPi = std::numbers::pi;

Rng EnvironmentRng(std::uint32_t episode) { return Rng({5, Stream::kEnvironment, 0, episode}); }

std::vector<double> StateOf(const Env& env) {
  std::vector<double> state(env.spec().state.size());
  env.GetState(state);
  return state;
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

/// The energy of two equal links from a fixed pivot: mass m, length L, centre of mass at l, moment
/// of inertia I, absolute angles p from hanging and their rates w.
struct Chain {
  double m, L, l, I, g;

  double Energy(double p1, double p2, double w1, double w2) const {
    const double vx1 = l * std::cos(p1) * w1, vy1 = l * std::sin(p1) * w1;
    const double vx2 = L * std::cos(p1) * w1 + l * std::cos(p2) * w2;
    const double vy2 = L * std::sin(p1) * w1 + l * std::sin(p2) * w2;
    const double kinetic =
        0.5 * m * (vx1 * vx1 + vy1 * vy1 + vx2 * vx2 + vy2 * vy2) + 0.5 * I * (w1 * w1 + w2 * w2);
    return kinetic - m * g * (l * std::cos(p1) + L * std::cos(p1) + l * std::cos(p2));
  }
};

constexpr Chain kDoublePendulum = {0.5, 1, 0.5, 0.5 * 1.01 / 12, 10};

TEST_CASE("Without torque the double pendulum keeps its energy, and friction takes it away") {
  for (const char* damping : {"", "shoulder_damping", "elbow_damping"}) {
    INFO(damping);
    const std::string name = damping;
    const auto env =
        MakeEnvironment("doublependulum", name.empty() ? EnvParams{} : EnvParams{{name, 0.1}});
    Rng rng = EnvironmentRng(15);
    std::vector<double> observation(6);
    for (int episode = 0; episode < 20; ++episode) {
      const std::vector<double> start = {rng.Uniform(-kPi, kPi), rng.Uniform(-kPi, kPi),
                                         rng.Uniform(-2, 2), rng.Uniform(-2, 2)};
      env->SetState(start);
      for (int t = 0; t < 500; ++t) env->Advance(std::array{0.0}, rng, observation);
      const auto energy = [](const std::vector<double>& s) {
        return kDoublePendulum.Energy(s[0], s[1], s[2], s[3]);
      };
      const double change = energy(StateOf(*env)) - energy(start);
      CAPTURE(change);
      if (name.empty()) {
        CHECK(std::abs(change) < 1e-3);
      } else {
        CHECK(change < -1e-2);
      }
    }
  }
}

TEST_CASE("Without torque acrobot keeps its energy as well as its long step allows") {
  constexpr Chain kAcrobot = {1, 1, 0.5, 1, 9.8};
  const auto env = MakeEnvironment("acrobot-sparse");
  Rng rng = EnvironmentRng(16);
  std::vector<double> observation(6);
  for (int episode = 0; episode < 20; ++episode) {
    const std::vector<double> start = {rng.Uniform(-1, 1), rng.Uniform(-1, 1), 0, 0};
    env->SetState(start);
    for (int t = 0; t < 50; ++t) env->Advance(std::array{0.0}, rng, observation);
    const auto energy = [&](const std::vector<double>& s) {
      return kAcrobot.Energy(s[0], s[0] + s[1], s[2], s[2] + s[3]);
    };
    const double rest = kAcrobot.Energy(0, 0, 0, 0);
    const double change = (energy(StateOf(*env)) - energy(start)) / (energy(start) - rest);
    CAPTURE(change);
    CHECK(std::abs(change) < 0.02);
  }
}

TEST_CASE("Box2D's long step takes half of the energy of a swinging cart-pole within 5 s") {
  const auto env = MakeEnvironment("cartpole-swingup-x", {{"consistent_reset", 1}});
  const double th = kPi + 1;
  const double hh = 1.5 / std::sqrt(12.0);
  env->SetState(
      std::array{0.0, 0.0, -0.5 * std::sin(th), hh + 0.5 * std::cos(th), th, 0.0, 0.0, 0.0});
  Rng rng = EnvironmentRng(17);
  std::vector<double> observation(4);
  const auto swing = [&] {
    env->Observe(observation);
    return CartpoleEnergy(observation) - CartpoleEnergy(std::array{0.0, 0.0, kPi, 0.0});
  };
  const double initial = swing();
  for (int t = 0; t < 100; ++t) env->Advance(std::array{0.0}, rng, observation);
  CHECK(swing() / initial > 0.4);
  CHECK(swing() / initial < 0.6);
}

TEST_CASE("The first step of the cart-pole snaps the pole to the cart, and joints stay closed") {
  for (const double consistent : {0, 1}) {
    INFO("consistent_reset ", consistent);
    const auto env = MakeEnvironment("cartpole-swingup-x", {{"consistent_reset", consistent}});
    const auto gap = [&] {  // between the pivot of the cart and the end of the pole
      const std::vector<double> s = StateOf(*env);
      return std::hypot(s[2] + 0.5 * std::sin(s[4]) - s[0],
                        s[3] - 0.5 * std::cos(s[4]) - 1.5 / std::sqrt(12.0));
    };
    Rng rng = EnvironmentRng(18);
    std::vector<double> observation(4);
    for (int episode = 0; episode < 20; ++episode) {
      env->Reset(rng, observation);
      const double x = observation[0];
      CHECK(gap() == doctest::Approx(consistent == 1 ? 0 : std::abs(x)).epsilon(1e-9));
      for (int t = 0; t < 100; ++t) {
        env->Advance(std::array{rng.Uniform(-10, 10)}, rng, observation);
        CHECK(gap() < 0.02);
      }
    }
  }
}

TEST_CASE("The joints of the double pendulum close and stay closed") {
  for (const double consistent : {0, 1}) {
    INFO("consistent_reset ", consistent);
    const auto env = MakeEnvironment("doublependulum-x",
                                     {{"consistent_reset", consistent}, {"torque_limit", 50}});
    const auto gaps = [&] {
      const std::vector<double> s = StateOf(*env);
      const double x1 = s[4] + 0.5 * std::sin(s[0]), y1 = s[5] - 0.5 * std::cos(s[0]);
      const double x2 = s[6] - 0.5 * std::sin(s[1]), y2 = s[7] + 0.5 * std::cos(s[1]);
      return std::array{std::hypot(s[4] - 0.5 * std::sin(s[0]), s[5] + 0.5 * std::cos(s[0])),
                        std::hypot(x2 - x1, y2 - y1)};
    };
    Rng rng = EnvironmentRng(19);
    std::vector<double> observation(6);
    for (int episode = 0; episode < 20; ++episode) {
      env->Reset(rng, observation);
      const double p1 = StateOf(*env)[0];
      CHECK(gaps()[0] < 1e-12);
      CHECK(gaps()[1] ==
            doctest::Approx(consistent == 1 ? 0 : 2 * std::abs(std::sin(p1 / 2))).epsilon(1e-9));
      for (int t = 0; t < 50; ++t) {
        env->Advance(std::array{rng.Uniform(-50, 50)}, rng, observation);
        CHECK(gaps()[0] < 0.01);
        CHECK(gaps()[1] < 0.01);
      }
    }
  }
}

}  // namespace
}  // namespace vime
