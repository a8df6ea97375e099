// Reward-weighted regression against weighted maximum likelihood in closed form.
#include "lib/optim/erwr.h"

#include <doctest/doctest.h>

#include <cmath>

#include "lib/core/check.h"
#include "lib/nn/lbfgs.h"
#include "tests/support/bandit.h"
#include "tests/support/gradient_check.h"

namespace vime {
namespace {

using testing::BanditBatch;
using testing::BanditPolicy;
using testing::MaxError;

AdvantageEstimator Plain() {
  return AdvantageEstimator({.gamma = 1, .value = ValueKind::kNone}, std::make_unique<NoValue>());
}

TEST_CASE("L-BFGS finds the minimum of Rosenbrock's valley") {
  const Objective valley = [](const VectorXd& x, VectorXd& gradient) {
    const double a = 1 - x[0];
    const double b = x[1] - x[0] * x[0];
    gradient.resize(2);
    gradient << -2 * a - 400 * b * x[0], 200 * b;
    return a * a + 100 * b * b;
  };
  VectorXd x{{-1.2, 1}};
  const LbfgsReport report = MinimizeLbfgs(valley, 200, x);
  CHECK(report.converged);
  CHECK(MaxError(x, VectorXd{{1, 1}}) < 1e-4);
  CHECK(report.iterations > 10);
  VectorXd short_of{{-1.2, 1}};
  CHECK(MinimizeLbfgs(valley, 3, short_of).iterations == 3);
}

TEST_CASE("L-BFGS backs away from where the function ends, and refuses to start there") {
  const Objective log_barrier = [](const VectorXd& x, VectorXd& gradient) {
    gradient = VectorXd{{1 - 1 / x[0]}};
    return x[0] - std::log(x[0]);  // NaN below 0
  };
  VectorXd x{{20}};
  MinimizeLbfgs(log_barrier, 100, x);
  CHECK(x[0] == doctest::Approx(1).epsilon(1e-4));
  VectorXd outside{{-1}};
  CHECK_THROWS_AS(MinimizeLbfgs(log_barrier, 100, outside), NumericalError);
}

TEST_CASE("What the objective throws comes out of L-BFGS") {
  int calls = 0;
  const Objective fails = [&](const VectorXd& x, VectorXd& gradient) -> double {
    if (++calls > 1) throw NumericalError("on purpose");
    gradient = x;
    return x.squaredNorm() / 2;
  };
  VectorXd x{{3, 4}};
  CHECK_THROWS_WITH_AS(MinimizeLbfgs(fails, 100, x), "on purpose", NumericalError);
}

TEST_CASE("Weights are positive with mean 1, and equal when the advantages are") {
  const VectorXd weights = PositiveWeights(VectorXd{{-3, 1, 2, 0}});
  CHECK(MaxError(weights, VectorXd{{0, 4.0 / 3, 5.0 / 3, 1}}) < 1e-14);
  CHECK(PositiveWeights(VectorXd::Constant(3, -2)) == VectorXd::Ones(3));
}

TEST_CASE("For a linear Gaussian the update is weighted least squares and the weighted spread") {
  GaussianPolicy<double> policy = BanditPolicy({});  // theta = (w, b, log sd)
  const Batch batch = BanditBatch(policy, 300, 1);
  const VectorXd weights = PositiveWeights(Standardized(batch.rewards));
  const VectorXd s = batch.observations.col(0).cast<double>();
  const VectorXd a = batch.sampled_actions.col(0).cast<double>();
  const double n = weights.sum();
  const double mean_s = weights.dot(s) / n;
  const double mean_a = weights.dot(a) / n;
  const double w = (weights.array() * (s.array() - mean_s) * (a.array() - mean_a)).sum() /
                   (weights.array() * (s.array() - mean_s).square()).sum();
  const double b = mean_a - w * mean_s;
  const double variance = (weights.array() * (a.array() - w * s.array() - b).square()).sum() / n;
  const UpdateReport report =
      Erwr({.iterations = 200}, Plain()).Update(batch, batch.rewards, policy, 1);
  CHECK(MaxError(policy.parameters(), VectorXd{{w, b, 0.5 * std::log(variance)}}) < 1e-4);
  CHECK(report.kl > 0);
}

TEST_CASE("The weighted likelihood rises with a network, too, and equal weights refit the policy") {
  GaussianPolicy<double> policy = BanditPolicy({4});
  const Batch batch = BanditBatch(policy, 300, 2);
  const VectorXd weights = PositiveWeights(Standardized(batch.rewards));
  const double before = weights.dot(policy.LogProb(batch));
  Erwr({}, Plain()).Update(batch, batch.rewards, policy, 1);
  CHECK(weights.dot(policy.LogProb(batch)) > before + 1);
}

TEST_CASE("Without spread in the actions the standard deviation stops at its bound") {
  GaussianPolicy<double> policy = BanditPolicy({});
  Batch batch = BanditBatch(policy, 50, 3);
  batch.sampled_actions.col(0) = 0.5f * batch.observations.col(0);
  for (int i = 0; i < 5; ++i) Erwr({}, Plain()).Update(batch, batch.rewards, policy, 1);
  CHECK(policy.parameters().allFinite());
  CHECK(policy.stddev()[0] >= 1e-3);
}

}  // namespace
}  // namespace vime
