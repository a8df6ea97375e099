// PPO against the clipped objective it ascends.
#include "lib/optim/ppo.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "lib/core/check.h"
#include "lib/rl/importance.h"
#include "tests/support/bandit.h"
#include "tests/support/gradient_check.h"

namespace vime {
namespace {

using testing::BanditBatch;
using testing::BanditPolicy;
using testing::MaxError;

Ppo MakePpo(const PpoOptions& options, const Policy& policy) {
  return Ppo(
      options,
      AdvantageEstimator({.gamma = 1, .value = ValueKind::kNone}, std::make_unique<NoValue>()),
      policy.num_parameters(), 1);
}

TEST_CASE("ratio * ClippedAdvantages * score is the gradient of the clipped objective") {
  GaussianPolicy<double> policy = BanditPolicy({4});
  const Batch batch = BanditBatch(policy, 80, 1);
  const VectorXd old_log_prob = policy.LogProb(batch);
  const VectorXd a = Standardized(batch.rewards);
  constexpr double kClip = 0.2;
  VectorXd theta = policy.parameters();
  theta.array() += 0.15;  // far enough for ratios beyond the clip on both sides
  const auto objective = [&](const VectorXd& x) {
    policy.SetParameters(x);
    const VectorXd ratio = (policy.LogProb(batch) - old_log_prob).array().exp();
    double sum = 0;
    for (Index t = 0; t < a.size(); ++t) {
      sum += std::min(ratio[t] * a[t], std::clamp(ratio[t], 1 - kClip, 1 + kClip) * a[t]);
    }
    return sum / static_cast<double>(a.size());
  };
  const VectorXd numerical = testing::NumericalGradient(objective, theta);
  policy.SetParameters(theta);
  const VectorXd ratios = Ratios(policy.LogProb(batch) - old_log_prob);
  const VectorXd clipped = ClippedAdvantages(ratios, a, kClip);
  CHECK((clipped.array() == 0).count() > 4);
  CHECK((clipped.array() == 0).count() < 70);
  const VectorXd gradient = policy.WeightedScore(batch, ratios.cwiseProduct(clipped)) / 80;
  CHECK(MaxError(gradient, numerical) < 1e-6);
}

TEST_CASE("One epoch of one minibatch is a step of Adam along the policy gradient") {
  GaussianPolicy<double> policy = BanditPolicy({4});
  const Batch batch = BanditBatch(policy, 80, 2);
  const VectorXd theta = policy.parameters();
  const VectorXd gradient = policy.WeightedScore(batch, Standardized(batch.rewards)) / 80;
  const UpdateReport report =
      MakePpo({.epochs = 1, .minibatch = 1000, .learning_rate = 0.01}, policy)
          .Update(batch, batch.rewards, policy, 1);
  CHECK(report.epochs == 1);
  CHECK(report.gradient_norm == doctest::Approx(gradient.norm()).epsilon(1e-12));
  // The first step of Adam has the size of the learning rate.
  CHECK(MaxError((policy.parameters() - theta).eval(), (0.01 * gradient.cwiseSign()).eval()) <
        1e-4);
}

TEST_CASE("No further epoch begins once the KL is too large") {
  GaussianPolicy<double> policy = BanditPolicy({4});
  const Batch batch = BanditBatch(policy, 80, 3);
  GaussianPolicy<double> free = policy;
  const UpdateReport stopped = MakePpo({.max_kl = 1e-4, .learning_rate = 0.01}, policy)
                                   .Update(batch, batch.rewards, policy, 1);
  CHECK(stopped.epochs == 1);
  CHECK(stopped.kl > 1e-4);
  CHECK(MakePpo({.max_kl = 100, .learning_rate = 0.01}, free)
            .Update(batch, batch.rewards, free, 1)
            .epochs == 10);
}

// Notes the observations of every batch whose scores it is asked for.
class RecordingPolicy final : public GaussianPolicy<double> {
 public:
  using GaussianPolicy<double>::GaussianPolicy;
  std::vector<MatrixXd> TrajectoryScores(const Batch& batch, const MatrixXd& weights,
                                         int num_threads) const override {
    seen.emplace_back(batch.observations.reshaped().begin(), batch.observations.reshaped().end());
    return GaussianPolicy<double>::TrajectoryScores(batch, weights, num_threads);
  }
  mutable std::vector<std::vector<float>> seen;
};

TEST_CASE("Each pass takes every step once, in another order, whatever the minibatches' size") {
  for (const std::size_t minibatch : {1, 7, 80, 81}) {
    CAPTURE(minibatch);
    RecordingPolicy policy(testing::ToySpec(1, 1), {.hidden = {}}, 1);
    const Batch batch = BanditBatch(policy, 80, 4);
    const UpdateReport report =
        MakePpo({.epochs = 2, .minibatch = static_cast<std::int64_t>(minibatch), .max_kl = 1e9},
                policy)
            .Update(batch, batch.rewards, policy, 1);
    CHECK(report.epochs == 2);
    const std::vector<float> all = policy.seen.front();  // for the norm of the gradient
    std::vector<std::vector<float>> passes(2);
    std::size_t call = 1;
    for (std::vector<float>& pass : passes) {
      while (pass.size() < 80) {
        const std::vector<float>& part = policy.seen.at(call++);
        CHECK(part.size() == std::min<std::size_t>(minibatch, 80 - pass.size()));
        pass.insert(pass.end(), part.begin(), part.end());
      }
      CHECK(std::ranges::is_permutation(pass, all));
    }
    CHECK(call == policy.seen.size());
    CHECK(passes[0] != passes[1]);
  }
}

TEST_CASE("Rewards that are not finite are a NumericalError and leave the policy alone") {
  GaussianPolicy<double> policy = BanditPolicy({4});
  const Batch batch = BanditBatch(policy, 50, 5);
  VectorXd rewards = batch.rewards;
  rewards[3] = std::numeric_limits<double>::infinity();
  const VectorXd theta = policy.parameters();
  CHECK_THROWS_AS(MakePpo({}, policy).Update(batch, rewards, policy, 1), NumericalError);
  CHECK(policy.parameters() == theta);
}

}  // namespace
}  // namespace vime
