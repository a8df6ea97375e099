// Rules of single tasks that the recorded trajectories do not reach.
#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <string>
#include <vector>

#include "envs/registry.h"

namespace vime {
namespace {

constexpr double kPi = std::numbers::pi;

TEST_CASE("Mountain car's goal line counts only when it is crossed forwards") {
  for (const char* name : {"mountaincar", "mountaincar-sparse"}) {
    const auto env = MakeEnvironment(name);
    Rng rng(NoiseKey{});
    std::vector<double> observation(2);
    env->SetState(std::array{0.55, -0.01});
    const Step backwards = env->Advance(std::array{0.0}, rng, observation);
    CHECK(observation[0] > 0.45);
    CHECK_FALSE((backwards.terminated || backwards.success));
    CHECK(backwards.reward == 0);
    env->SetState(std::array{0.44, 0.05});
    const Step forwards = env->Advance(std::array{0.0}, rng, observation);
    CHECK((forwards.terminated && forwards.success));
  }
}

TEST_CASE("Initial states are uniform on the box of the specification") {
  struct Start {
    std::string name;
    std::vector<double> low, high;
  };
  const std::vector<Start> starts = {
      {"mountaincar", {-0.6, 0}, {-0.4, 0}},
      {"mountaincar-sparse", {-0.6, 0}, {-0.4, 0}},
      {"pendulum", {-kPi, -1}, {kPi, 1}},
      {"pendulum-sparse", {kPi - 0.1, -0.1}, {kPi + 0.1, 0.1}},
      {"cartpole-swingup", {-1, -2, kPi - 1, -3}, {1, 2, kPi + 1, 3}},
      {"acrobot-sparse", {-0.1, -0.1, -0.1, -0.1}, {0.1, 0.1, 0.1, 0.1}},
      {"deepsea", {0, 0}, {0, 0}},
      {"point-umaze", {0.4, 0.4, 0, 0}, {0.6, 0.6, 0, 0}},
      {"hidden-room", {0.25, 0.25, 0, 0}, {0.45, 0.45, 0, 0}},
      {"s-maze", {0.4, 0.4, 0, 0}, {0.6, 0.6, 0, 0}},
      {"noisy-arm", {0.4, 0.4, 0, 0}, {0.6, 0.6, 0, 0}},
  };
  constexpr int kDraws = 10000;
  for (const Start& start : starts) {
    const auto env = MakeEnvironment(start.name, {{"noise_dims", 0}});
    const std::size_t dim = start.low.size();
    REQUIRE(dim == env->spec().state.size());
    Rng rng({1, Stream::kEnvironment, 0, 0});
    std::vector<double> observation(env->spec().observation.size());
    std::vector<std::vector<double>> draws(dim);
    for (int i = 0; i < kDraws; ++i) {
      env->Reset(rng, observation);
      std::vector<double> state(dim);
      env->GetState(state);
      for (std::size_t d = 0; d < dim; ++d) draws[d].push_back(state[d]);
    }
    for (std::size_t d = 0; d < dim; ++d) {
      INFO(start.name, " ", env->spec().state[d].name);
      std::ranges::sort(draws[d]);
      // Kolmogorov and Smirnov: the largest gap to the uniform distribution exceeds 2.5/sqrt(n)
      // with probability 7e-6.
      const double width = start.high[d] - start.low[d];
      for (int i = 0; i < kDraws; ++i) {
        const double x = draws[d][static_cast<std::size_t>(i)];
        REQUIRE((start.low[d] <= x && x <= start.high[d]));
        const double quantile = (i + 0.5) / kDraws;
        if (width > 0) REQUIRE(std::abs((x - start.low[d]) / width - quantile) < 0.025);
      }
    }
  }
}

/// The mean and the standard deviation of each number that `draw` returns, over 10000 calls.
template <class Draw>
std::vector<std::array<double, 2>> Moments(Draw draw) {
  constexpr int kDraws = 10000;
  std::vector<double> sums, squares;
  for (int i = 0; i < kDraws; ++i) {
    const std::vector<double> numbers = draw();
    sums.resize(numbers.size());
    squares.resize(numbers.size());
    for (std::size_t d = 0; d < numbers.size(); ++d) {
      sums[d] += numbers[d];
      squares[d] += numbers[d] * numbers[d];
    }
  }
  std::vector<std::array<double, 2>> moments;
  for (std::size_t d = 0; d < sums.size(); ++d) {
    const double mean = sums[d] / kDraws;
    moments.push_back({mean, std::sqrt(squares[d] / kDraws - mean * mean)});
  }
  return moments;
}

// Of 10000 draws the mean is off by 5 standard errors once in 2e6, the standard deviation too.
TEST_CASE("The double pendulum starts normally distributed about hanging at rest") {
  for (const char* name : {"doublependulum", "doublependulum-x"}) {
    INFO(name);
    const auto env = MakeEnvironment(name);
    Rng rng({1, Stream::kEnvironment, 0, 0});
    std::vector<double> observation(6), state(env->spec().state.size());
    const auto moments = Moments([&] {
      env->Reset(rng, observation);
      env->GetState(state);
      return std::vector(state.begin(), state.begin() + 4);
    });
    const double expected[] = {0.1, 0.1, 0.01, 0.01};
    for (std::size_t d = 0; d < 4; ++d) {
      CHECK(std::abs(moments[d][0]) < 0.05 * expected[d]);
      CHECK(std::abs(moments[d][1] / expected[d] - 1) < 0.036);
    }
  }
}

TEST_CASE("The pole of rllab's cart-pole starts at the middle of the rail, at rest") {
  for (const double consistent : {0, 1}) {
    const auto env = MakeEnvironment("cartpole-swingup-x", {{"consistent_reset", consistent}});
    Rng rng({1, Stream::kEnvironment, 0, 0});
    std::vector<double> observation(4), s(8);
    for (int i = 0; i < 100; ++i) {
      env->Reset(rng, observation);
      env->GetState(s);
      const double pivot_x = s[2] + 0.5 * std::sin(s[4]);
      const double pivot_vx = s[5] + 0.5 * std::cos(s[4]) * s[7];
      const double pivot_vy = s[6] + 0.5 * std::sin(s[4]) * s[7];
      CHECK(std::abs(pivot_x - consistent * s[0]) < 1e-12);
      if (consistent == 1) {
        CHECK(std::abs(pivot_vx - s[1]) < 1e-12);
        CHECK(std::abs(pivot_vy) < 1e-12);
      } else {
        CHECK((s[5] == 0 && s[6] == 0));
      }
    }
  }
}

TEST_CASE("In the deep sea no constant move returns more than going to the treasure exactly") {
  const auto env = MakeEnvironment("deepsea");
  Rng rng(NoiseKey{});
  std::vector<double> observation(2);
  const auto result = [&](double move) {
    env->Reset(rng, observation);
    double sum = 0;
    for (int t = 0; t < 20; ++t) {
      const Step step = env->Advance(std::array{move}, rng, observation);
      CHECK(step.terminated == (t == 19));
      sum += step.reward;
    }
    return sum;
  };
  CHECK(result(0.8001) == doctest::Approx(0.992).epsilon(1e-4));
  CHECK(result(1) == doctest::Approx(0.99));
  CHECK(result(0.79) == doctest::Approx(-0.0079));
  CHECK(result(0) == 0);
  CHECK(result(-1) == 0);
}

TEST_CASE("Mountain car in single precision rounds every state and otherwise steps as before") {
  for (const char* name : {"mountaincar", "mountaincar-sparse"}) {
    const auto single = MakeEnvironment(name, {{"float_state", 1}});
    const auto full = MakeEnvironment(name);
    Rng rng({1, Stream::kEnvironment, 0, 0});
    std::vector<double> observation(2), state(2), next(2);
    single->Reset(rng, observation);
    for (int t = 0; t < 200; ++t) {
      single->GetState(state);
      full->SetState(state);
      const std::array action = {rng.Uniform(-1.5, 1.5)};
      single->Advance(action, rng, observation);
      single->GetState(next);
      full->Advance(action, rng, state);
      for (std::size_t d = 0; d < 2; ++d) {
        const double rounded = static_cast<double>(static_cast<float>(state[d]));
        REQUIRE(next[d] == rounded);
        REQUIRE(observation[d] == rounded);
      }
    }
  }
}

}  // namespace
}  // namespace vime
