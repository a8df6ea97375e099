// TRPO and the natural gradient: conjugate gradients, the trust region, the line search.
#include "lib/optim/natural_gradient.h"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>

#include "lib/core/check.h"
#include "lib/core/rng.h"
#include "lib/optim/conjugate_gradient.h"
#include "tests/support/bandit.h"
#include "tests/support/gradient_check.h"

namespace vime {
namespace {

using testing::BanditBatch;
using testing::BanditPolicy;
using testing::MaxError;

MatrixXd SymmetricPositive(Index n) {
  Rng rng({3, Stream::kTest, 0, 0});
  MatrixXd root(n, n);
  for (double& x : root.reshaped()) x = rng.Normal();
  return root * root.transpose() / static_cast<double>(n) + MatrixXd::Identity(n, n);
}

TEST_CASE("Conjugate gradients solve n equations in n steps") {
  for (const Index n : {1, 2, 7, 20}) {
    const MatrixXd a = SymmetricPositive(n);
    const VectorXd b = a.col(0) + VectorXd::Ones(n);
    int products = 0;
    const auto multiply = [&](const VectorXd& v) -> VectorXd {
      ++products;
      return a * v;
    };
    const VectorXd x = ConjugateGradient(multiply, b, static_cast<int>(n), 0);
    CHECK(MaxError(VectorXd(a * x), b) < 1e-9);
    CHECK(products <= n);
  }
}

TEST_CASE("Conjugate gradients stop at the tolerance, at zero, and where the matrix is singular") {
  const MatrixXd a = SymmetricPositive(20);
  const VectorXd b = VectorXd::Ones(20);
  int products = 0;
  const auto multiply = [&](const VectorXd& v) -> VectorXd {
    ++products;
    return a * v;
  };
  const VectorXd x = ConjugateGradient(multiply, b, 20, 0.3);
  CHECK((a * x - b).norm() <= 0.3 * b.norm() * (1 + 1e-9));
  CHECK(products < 20);
  CHECK(ConjugateGradient(multiply, VectorXd::Zero(20), 20, 0.1) == VectorXd::Zero(20));
  const auto nothing = [](const VectorXd& v) -> VectorXd { return 0 * v; };
  CHECK(ConjugateGradient(nothing, b, 20, 0.1) == VectorXd::Zero(20));
}

AdvantageEstimator Plain() {
  return AdvantageEstimator({.gamma = 1, .value = ValueKind::kNone, .bootstrap = false},
                            std::make_unique<NoValue>());
}

NaturalGradient Trpo(NaturalGradientOptions options = {}) {
  return NaturalGradient(options, Plain());
}

double KlOfUpdate(const Policy& old, const Policy& now, const Batch& batch) {
  return MeanKl(old.Distributions(batch), now.Distributions(batch));
}

TEST_CASE("Every accepted step of TRPO keeps the KL within delta and improves the surrogate") {
  int backtracks = 0;
  for (const double delta : {1e-3, 0.01, 0.1, 2.0}) {
    for (std::uint32_t item = 0; item < 10; ++item) {
      GaussianPolicy<double> policy = BanditPolicy({4});
      const Batch batch = BanditBatch(policy, 60, item);
      const std::unique_ptr<Policy> old = policy.Clone();
      const UpdateReport report = Trpo({.max_kl = delta}).Update(batch, batch.rewards, policy, 1);
      REQUIRE(report.step_accepted);
      CHECK(report.kl <= delta);
      CHECK(report.kl == KlOfUpdate(*old, policy, batch));
      const VectorXd a = Standardized(batch.rewards);
      const VectorXd ratio = (policy.LogProb(batch) - old->LogProb(batch)).array().exp();
      CHECK(ratio.dot(a) > a.sum());
      backtracks += static_cast<int>(report.backtracks);
    }
  }
  CHECK(backtracks > 0);  // the test saw the line search at work
}

TEST_CASE("Each backtrack shortens the step by the ratio") {
  int backtracks = 0;
  for (const double ratio : {0.5, 0.8}) {
    for (std::uint32_t item = 0; item < 10; ++item) {
      const GaussianPolicy<double> old = BanditPolicy({4});
      const Batch batch = BanditBatch(old, 60, item);
      const auto step = [&](bool line_search, UpdateReport& report) -> VectorXd {
        GaussianPolicy<double> policy = old;
        report = Trpo({.max_kl = 2,
                       .line_search = line_search,
                       .backtrack_ratio = ratio,
                       .max_backtracks = 40})
                     .Update(batch, batch.rewards, policy, 1);
        return policy.parameters() - old.parameters();
      };
      UpdateReport report;
      const VectorXd full = step(false, report);
      const VectorXd taken = step(true, report);
      REQUIRE(report.step_accepted);
      const double share = std::pow(ratio, static_cast<double>(report.backtracks));
      CHECK(MaxError(taken, (share * full).eval()) < 1e-12 * full.norm());
      backtracks += static_cast<int>(report.backtracks);
    }
  }
  CHECK(backtracks > 0);
}

TEST_CASE("A small step uses up the trust region: its KL is delta, to second order") {
  GaussianPolicy<double> policy = BanditPolicy({4});
  const Batch batch = BanditBatch(policy, 200, 1);
  for (const bool line_search : {false, true}) {
    GaussianPolicy<double> moved = policy;
    const UpdateReport report = Trpo({.max_kl = 1e-6,
                                      .damping = 1e-5,
                                      .cg_iterations = 100,
                                      .cg_tolerance = 1e-8,
                                      .line_search = line_search})
                                    .Update(batch, batch.rewards, moved, 1);
    CHECK(report.step_accepted);
    if (report.backtracks == 0) CHECK(report.kl == doctest::Approx(1e-6).epsilon(0.02).scale(0));
  }
}

TEST_CASE("The natural gradient of a Gaussian is known: F = diag(1/sd^2, 2)") {
  // a ~ N(b, sd^2), theta = (w, b, log sd) at the observation 0: w plays no part.
  GaussianPolicy<double> policy(
      testing::ToySpec(1, 1),
      {.hidden = {}, .observation_normalization = ObservationNormalization::kNone}, 1);
  const double sd = 0.5;
  policy.SetParameters(VectorXd{{0, 0.3, std::log(sd)}});
  const Batch batch = BanditBatch(policy, 500, 2, /*observation=*/0);
  const VectorXd a = Standardized(batch.rewards);
  const VectorXd g = policy.WeightedScore(batch, a) / 500;
  const VectorXd x{{0, g[1] * sd * sd, g[2] / 2}};
  const VectorXd step = std::sqrt(2 * 1e-4 / x.dot(g)) * x;
  const VectorXd theta = policy.parameters();
  Trpo({.max_kl = 1e-4, .damping = 0, .cg_tolerance = 1e-12, .line_search = false})
      .Update(batch, batch.rewards, policy, 1);
  CHECK(MaxError((policy.parameters() - theta).eval(), step) < 1e-6);
}

TEST_CASE("F may be averaged over a part of the batch") {
  const auto update = [](std::int64_t steps) {
    GaussianPolicy<double> policy = BanditPolicy({4});
    const Batch batch = BanditBatch(policy, 3000, 3);
    Trpo({.fisher_steps = steps}).Update(batch, batch.rewards, policy, 1);
    return policy.parameters();
  };
  CHECK(update(0) == update(3000));
  CHECK(update(0) != update(300));
  CHECK(MaxError(update(300), update(0)) < 0.05);
}

TEST_CASE("For a policy with memory that part is made of whole episodes, evenly spread") {
  const Batch batch = testing::RandomBatch({4, 2, 6, 3, 5}, 2, 1, 7);
  const Batch part = EvenEpisodes(batch, 8);  // 8 of 20 steps are 2 of 5 episodes: 0 and 2
  REQUIRE(part.trajectories.size() == 2);
  REQUIRE(part.size() == 10);
  CHECK(part.trajectories[0].begin == 0);
  CHECK(part.trajectories[0].length == 4);
  CHECK(part.trajectories[1].begin == 4);
  CHECK(part.trajectories[1].length == 6);
  CHECK(part.observations.topRows(4) == batch.observations.topRows(4));
  CHECK(part.observations.bottomRows(6) == batch.observations.middleRows(6, 6));
  CHECK(part.rewards.tail(6) == batch.rewards.segment(6, 6));
  CHECK(EvenEpisodes(batch, 1).size() == 4);
  for (const Index all : {0, 20, 30}) CHECK(EvenEpisodes(batch, all).rewards == batch.rewards);
}

TEST_CASE("Without anything to gain the policy stays as it is, which the report says") {
  GaussianPolicy<double> policy = BanditPolicy({4});
  const Batch batch = BanditBatch(policy, 50, 4);
  const VectorXd theta = policy.parameters();
  const UpdateReport report = Trpo().Update(batch, VectorXd::Constant(50, 3), policy, 1);
  CHECK_FALSE(report.step_accepted);
  CHECK(report.kl == 0);
  CHECK(policy.parameters() == theta);
}

TEST_CASE("A failed line search leaves the policy as it was, which the report says") {
  GaussianPolicy<double> policy = BanditPolicy({4});
  const Batch batch = BanditBatch(policy, 60, 5);
  const VectorXd theta = policy.parameters();
  const UpdateReport report =
      Trpo({.max_kl = 50, .max_backtracks = 0}).Update(batch, batch.rewards, policy, 1);
  CHECK_FALSE(report.step_accepted);
  CHECK(report.kl == 0);
  CHECK(policy.parameters() == theta);
}

TEST_CASE("A singular Fisher matrix is survived without damping") {
  // The observation is 0 everywhere: the weights on it move nothing.
  GaussianPolicy<double> policy = BanditPolicy({4});
  const Batch batch = BanditBatch(policy, 50, 6, /*observation=*/0);
  const UpdateReport report = Trpo({.damping = 0}).Update(batch, batch.rewards, policy, 1);
  CHECK(policy.parameters().allFinite());
  CHECK(report.step_accepted);
  CHECK(report.kl <= 0.01);
}

TEST_CASE("Rewards that are not finite are a NumericalError and leave the policy alone") {
  GaussianPolicy<double> policy = BanditPolicy({4});
  const Batch batch = BanditBatch(policy, 50, 7);
  VectorXd rewards = batch.rewards;
  rewards[3] = std::numeric_limits<double>::quiet_NaN();
  const VectorXd theta = policy.parameters();
  CHECK_THROWS_AS(Trpo().Update(batch, rewards, policy, 1), NumericalError);
  CHECK(policy.parameters() == theta);
}

TEST_CASE("Threads change no bit of an update") {
  const auto update = [](int threads) {
    GaussianPolicy<float> policy(testing::ToySpec(1, 1), {.hidden = {8}}, 1);
    const Batch batch = BanditBatch(policy, 5000, 8);
    Trpo({.fisher_steps = 0}).Update(batch, batch.rewards, policy, threads);
    return policy.parameters();
  };
  CHECK(update(1) == update(3));
}

}  // namespace
}  // namespace vime
