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
  };
  constexpr int kDraws = 10000;
  for (const Start& start : starts) {
    const auto env = MakeEnvironment(start.name);
    const std::size_t dim = start.low.size();
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

}  // namespace
}  // namespace vime
