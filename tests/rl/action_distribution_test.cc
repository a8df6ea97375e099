// Densities of actions, squashed or not, against numerical integration and finite differences.
#include "lib/rl/action_distribution.h"

#include <doctest/doctest.h>

#include <cmath>

#include "lib/rl/gaussian_policy.h"
#include "tests/support/gradient_check.h"
#include "tests/support/toy_env.h"

namespace vime {
namespace {

constexpr ActionSquash kSquashes[] = {ActionSquash::kNone, ActionSquash::kTanh};

// The trapezoidal rule on n points a_i = Squashed(u_i), u_i evenly spread on [-bound, bound].
double Integral(double mean, double stddev, ActionSquash squash, double bound) {
  constexpr Index kPoints = 200001;
  Features<float> samples(kPoints, 1);
  for (Index i = 0; i < kPoints; ++i) {
    const double share = static_cast<double>(i) / (kPoints - 1);
    samples(i, 0) = static_cast<float>((2 * share - 1) * bound);
  }
  const VectorXd density =
      LogDensity({.mean = Features<double>::Constant(kPoints, 1, mean),
                  .log_stddev = Features<double>::Constant(1, 1, std::log(stddev))},
                 samples, squash)
          .array()
          .exp();
  double integral = 0;
  for (Index i = 1; i < kPoints; ++i) {
    const double width = Squashed(samples(i, 0), squash) - Squashed(samples(i - 1, 0), squash);
    integral += 0.5 * (density[i] + density[i - 1]) * width;
  }
  return integral;
}

TEST_CASE(
    "The divergence of nearly equal policies is positive and second order in the difference") {
  // KL[N(z, (1 + u)^2) || N(0, 1)] = 1/2 (z^2 + 2 u^2 + O(u^3)), far below the rounding of 1.
  for (const double step : {1e-3, 1e-6, 1e-9, 1e-12}) {
    CAPTURE(step);
    for (const double sign : {-1.0, 1.0}) {
      const ActionDistributions p{
          .mean = Features<double>::Constant(3, 1, 2 * step),
          .log_stddev = Features<double>::Constant(1, 1, std::log1p(sign * step))};
      const ActionDistributions q{.mean = Features<double>::Zero(3, 1),
                                  .log_stddev = Features<double>::Zero(1, 1)};
      CHECK(MeanKl(p, q) / (3 * step * step) == doctest::Approx(1).epsilon(1e-3));
    }
  }
}

TEST_CASE("The density of actions integrates to 1, that of squashed ones over (-1, 1)") {
  for (const double mean : {-1.5, 0.0, 0.4, 3.0}) {
    for (const double stddev : {0.05, 0.5, 1.0, 2.0}) {
      CAPTURE(mean);
      CAPTURE(stddev);
      // tanh(18) is 1 to the last bit of double; the Gaussian beyond has less than 1e-13.
      CHECK(Integral(mean, stddev, ActionSquash::kNone, 18) == doctest::Approx(1).epsilon(1e-6));
      CHECK(Integral(mean, stddev, ActionSquash::kTanh, 18) == doctest::Approx(1).epsilon(1e-6));
    }
  }
}

TEST_CASE("The density of a squashed action is that of its sample over the slope of tanh") {
  const Features<float> samples{{0.5f, -2.0f}};
  const ActionDistributions policy{.mean = Features<double>{{0.1, -1.0}},
                                   .log_stddev = Features<double>{{-0.5, 0.3}}};
  double expected = LogProb(policy, samples)[0];
  for (const double u : {0.5, -2.0}) {
    const double h = 1e-5;
    expected -= std::log((std::tanh(u + h) - std::tanh(u - h)) / (2 * h));
  }
  CHECK(LogDensity(policy, samples, ActionSquash::kTanh)[0] ==
        doctest::Approx(expected).epsilon(1e-8));
  CHECK(LogDensity(policy, samples, ActionSquash::kNone) == LogProb(policy, samples));
}

TEST_CASE("It is finite where the slope of tanh underflows: log(1 - tanh(u)^2) = log 4 - 2|u|") {
  const ActionDistributions policy{.mean = Features<double>{{0.0}},
                                   .log_stddev = Features<double>{{0.0}}};
  for (const float u : {-1000.0f, -50.0f, 50.0f, 1000.0f}) {
    const Features<float> sample{{u}};
    const double slope =
        LogProb(policy, sample)[0] - LogDensity(policy, sample, ActionSquash::kTanh)[0];
    CHECK(slope == doctest::Approx(std::log(4) - 2 * std::abs(double{u})).epsilon(1e-12));
  }
}

TEST_CASE("Squashing changes neither the score nor ratios: the Jacobian knows no parameters") {
  for (const ActionSquash squash : kSquashes) {
    GaussianPolicy<double> policy(testing::ToySpec(2, 2), {.hidden = {3}, .squash = squash}, 1);
    const Batch batch = testing::RandomBatch({5, 3}, 2, 2, 1);
    const VectorXd ones = VectorXd::Ones(batch.size());
    const VectorXd theta = policy.parameters();
    const VectorXd score = policy.WeightedScore(batch, ones);
    const auto density = [&](const VectorXd& x) {
      policy.SetParameters(x);
      return LogDensity(policy.Distributions(batch), batch.sampled_actions, squash);
    };
    CHECK(testing::GradientError([&](const VectorXd& x) { return density(x).sum(); }, theta,
                                 score) < 1e-8);
    const VectorXd moved = theta.array() + 0.1;
    const VectorXd log_ratios = density(moved) - density(theta);
    policy.SetParameters(moved);
    const VectorXd after = policy.LogProb(batch);
    policy.SetParameters(theta);
    CHECK(testing::MaxError(log_ratios, (after - policy.LogProb(batch)).eval()) < 1e-12);
  }
}

TEST_CASE("A squashed action fills the bounds of the environment without being clipped") {
  const Axis axis{"a", -2, 4};
  const auto executed = [&](float u) { return ExecutedAction(u, ActionSquash::kTanh, axis); };
  for (const float u : {-3.0f, -0.2f, 0.0f, 1.0f, 2.5f}) {
    CHECK(executed(u) ==
          doctest::Approx(1 + 3 * std::tanh(u)).epsilon(1e-6));  // low + (tanh u + 1) 6 / 2
    CHECK(executed(u) > -2);
    CHECK(executed(u) < 4);
  }
  CHECK(executed(100) == 4);
  CHECK(std::isnan(executed(std::nanf(""))));
}

}  // namespace
}  // namespace vime
