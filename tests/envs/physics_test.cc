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

TEST_CASE("No link of the paper's double pendulum turns by more than a quarter within 0.01 s") {
  const auto env = MakeEnvironment("doublependulum-x");
  Rng rng = EnvironmentRng(20);
  std::vector<double> observation(6);
  for (const double w : {-400.0, 400.0}) {
    env->SetState(std::array{0.0, 0.0, w, w, 0.0, -0.5, 0.0, -1.5, 0.5 * w, 0.0, 1.5 * w, 0.0});
    env->Advance(std::array{0.0}, rng, observation);
    CHECK(std::abs(observation[2]) <= kPi / 2 / 0.01 + 1e-9);
    CHECK(std::abs(observation[5]) <= kPi / 2 / 0.01 + 1e-9);
  }
}

TEST_CASE("The swimmer's motion does not depend on where it is or how it is turned") {
  const auto env = MakeEnvironment("swimmer");
  Rng rng = EnvironmentRng(21);
  std::vector<double> observation(13);
  for (int trial = 0; trial < 10; ++trial) {
    env->Reset(rng, observation);
    std::vector<double> here = StateOf(*env);
    const double turn = rng.Uniform(-kPi, kPi), dx = rng.Uniform(-5, 5), dy = rng.Uniform(-5, 5);
    // The same body turned by `turn` about the origin, then moved by (dx, dy).
    const auto moved = [&](std::vector<double> s) {
      const double c = std::cos(turn), n = std::sin(turn);
      const auto rotate = [&](double& x, double& y) {
        const double old_x = x;
        x = c * old_x - n * y;
        y = n * old_x + c * y;
      };
      rotate(s[0], s[1]);
      rotate(s[5], s[6]);
      s[0] += dx;
      s[1] += dy;
      s[2] += turn;
      return s;
    };
    std::vector<double> there = moved(here);
    for (int t = 0; t < 20; ++t) {
      const std::array torques = {rng.Uniform(-50, 50), rng.Uniform(-50, 50)};
      env->SetState(here);
      env->Advance(torques, rng, observation);
      here = StateOf(*env);
      env->SetState(there);
      env->Advance(torques, rng, observation);
      there = StateOf(*env);
    }
    const std::vector<double> expected = moved(here);
    for (std::size_t i = 0; i < 10; ++i) CHECK(std::abs(there[i] - expected[i]) < 1e-9);
  }
}

/// The kinetic energy of the swimmer, from its capsules.
double SwimmerEnergy(const std::vector<double>& s) {
  constexpr double r = 0.1, H = 1;
  const double mc = 1000 * kPi * r * r * H, ms = 1000 * 4.0 / 3 * kPi * r * r * r;
  const double m = mc + ms;
  const double I =
      mc * (3 * r * r + H * H) / 12 + 2 * ms * r * r / 5 + ms * H * (3 * r + 2 * H) / 8;
  const double t[] = {s[2], s[2] + s[3], s[2] + s[3] + s[4]};
  const double w[] = {s[7], s[7] + s[8], s[7] + s[8] + s[9]};
  const double C[3][3] = {{1, 0, 0}, {0.5, -0.5, 0}, {0.5, -1, -0.5}};
  double energy = 0;
  for (int i = 0; i < 3; ++i) {
    double vx = s[5], vy = s[6];
    for (int k = 0; k < 3; ++k) {
      vx -= C[i][k] * w[k] * std::sin(t[k]);
      vy += C[i][k] * w[k] * std::cos(t[k]);
    }
    energy += 0.5 * m * (vx * vx + vy * vy) + 0.5 * I * w[i] * w[i];
  }
  return energy;
}

// Between the limits; they are springs, which give energy back.
TEST_CASE("Without torque the fluid takes energy from the swimmer, all the time") {
  const auto env = MakeEnvironment("swimmer");
  Rng rng = EnvironmentRng(22);
  std::vector<double> observation(13);
  for (int trial = 0; trial < 20; ++trial) {
    std::vector<double> state(10);
    for (std::size_t i = 2; i < 10; ++i) state[i] = rng.Uniform(-0.7, 0.7);
    env->SetState(state);
    double energy = SwimmerEnergy(state);
    for (int t = 0; t < 40; ++t) {
      env->Advance(std::array{0.0, 0.0}, rng, observation);
      const double next = SwimmerEnergy(StateOf(*env));
      REQUIRE(next < energy);
      energy = next;
    }
    CHECK(energy < 0.5 * SwimmerEnergy(state));
  }
}

TEST_CASE("Full torque bends the swimmer to its joint limits and hardly beyond") {
  const auto env = MakeEnvironment("swimmer");
  Rng rng = EnvironmentRng(23);
  std::vector<double> observation(13);
  constexpr double kLimit = 100 * kPi / 180;
  for (const auto& [tau2, tau3] :
       {std::array{50.0, 50.0}, std::array{-50.0, 50.0}, std::array{-50.0, -50.0}}) {
    env->Reset(rng, observation);
    for (int t = 0; t < 200; ++t) env->Advance(std::array{tau2, tau3}, rng, observation);
    CHECK(observation[3] * tau2 > 0);
    CHECK(observation[4] * tau3 > 0);
    for (const double angle : {observation[3], observation[4]}) {
      CHECK(std::abs(angle) > kLimit);
      CHECK(std::abs(angle) < kLimit + 0.02);
    }
  }
}

TEST_CASE("Apples and bombs lie on different even cells, never on the origin") {
  const auto env = MakeEnvironment("swimmer-gather");
  Rng rng = EnvironmentRng(24);
  std::vector<double> observation(33);
  std::vector<int> uses(36);
  constexpr int kEpisodes = 3500;
  for (int episode = 0; episode < kEpisodes; ++episode) {
    env->Reset(rng, observation);
    const std::vector<double> state = StateOf(*env);
    std::vector<bool> taken(36);
    for (std::size_t i = 0; i < 16; ++i) {
      const double x = state[10 + 3 * i], y = state[11 + 3 * i];
      REQUIRE(state[12 + 3 * i] == (i < 8 ? 1 : -1));
      REQUIRE((x >= -6 && x <= 4 && y >= -6 && y <= 4));
      const auto cell = static_cast<std::size_t>((x + 6) / 2 * 6 + (y + 6) / 2);
      REQUIRE(std::fmod(x, 2) == 0);
      REQUIRE(std::fmod(y, 2) == 0);
      REQUIRE(!taken[cell]);
      taken[cell] = true;
      ++uses[cell];
    }
  }
  // The cells have equal shares 16/35: 5 standard errors for each of 35, false once in 5e4.
  constexpr double kShare = 16.0 / 35;
  for (std::size_t cell = 0; cell < 36; ++cell) {
    const double expected = cell == 21 ? 0 : kShare;  // cell (0, 0)
    CHECK(std::abs(double(uses[cell]) / kEpisodes - expected) <=
          5 * std::sqrt(kShare * (1 - kShare) / kEpisodes) * (cell != 21));
  }
}

}  // namespace
}  // namespace vime
