// Generalised advantage estimation against its definition.
#include "lib/rl/advantages.h"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>

#include "lib/core/check.h"
#include "lib/rl/returns.h"
#include "tests/support/gradient_check.h"
#include "tests/support/toy_env.h"

namespace vime {
namespace {

using testing::MaxError;
using testing::RandomBatch;

// V(s, t) = 2 s_0 + 0.1 t; counts its fits.
class KnownValue final : public ValueFunction {
 public:
  VectorXd Predict(const FeaturesRef<float>& observations, const VectorXd& steps) const override {
    return 2 * observations.col(0).cast<double>() + 0.1 * steps;
  }
  void Fit(const FeaturesRef<float>& /*observations*/, const VectorXd& /*steps*/,
           const VectorXd& targets) override {
    last_targets = targets;
  }
  void Serialize(Archive& /*archive*/) override {}

  static inline VectorXd last_targets;
};

// Predicts 1 until a fit, then the mean of what it was fitted to.
class MeanValue final : public ValueFunction {
 public:
  VectorXd Predict(const FeaturesRef<float>& observations,
                   const VectorXd& /*steps*/) const override {
    return VectorXd::Constant(observations.rows(), mean_);
  }
  void Fit(const FeaturesRef<float>& /*observations*/, const VectorXd& /*steps*/,
           const VectorXd& targets) override {
    mean_ = targets.mean();
  }
  void Serialize(Archive& /*archive*/) override {}

 private:
  double mean_ = 1;
};

AdvantageEstimator Known(double gamma, double lambda, bool bootstrap, bool standardize = false) {
  return AdvantageEstimator(
      {.gamma = gamma, .gae_lambda = lambda, .bootstrap = bootstrap, .standardize = standardize},
      std::make_unique<KnownValue>());
}

Batch TwoEpisodes() {
  Batch batch = RandomBatch({5, 3}, 2, 1, 1);
  batch.trajectories[0].terminated = true;  // the second was cut
  return batch;
}

TEST_CASE("With lambda 1 the advantage is the return minus the value") {
  const Batch batch = TwoEpisodes();
  const VectorXd values = KnownValue().Predict(batch.observations, StepsOf(batch));
  const Advantages a = Known(0.9, 1, false).Estimate(batch, batch.rewards);
  CHECK(MaxError(a.values, (RewardToGo(batch, batch.rewards, 0.9) - values).eval()) < 1e-14);
}

TEST_CASE("With lambda 0 the advantage is the temporal difference") {
  const Batch batch = TwoEpisodes();
  const VectorXd v = KnownValue().Predict(batch.observations, StepsOf(batch));
  const Advantages a = Known(0.9, 0, true).Estimate(batch, batch.rewards);
  const double after_cut =
      2 * static_cast<double>(batch.next_observations(7, 0)) + 0.1 * 3;  // V(s_T, T)
  for (Index t = 0; t < 8; ++t) {
    const double next = t == 4 ? 0 : t == 7 ? after_cut : v[t + 1];
    CHECK(a.values[t] == doctest::Approx(batch.rewards[t] + 0.9 * next - v[t]).epsilon(1e-12));
  }
}

TEST_CASE("In between it is the sum of temporal differences, weighted by (gamma lambda)^l") {
  const Batch batch = TwoEpisodes();
  const VectorXd deltas = Known(0.9, 0, true).Estimate(batch, batch.rewards).values;
  const Advantages a = Known(0.9, 0.7, true).Estimate(batch, batch.rewards);
  CHECK(MaxError(a.values, RewardToGo(batch, deltas, 0.9 * 0.7)) < 1e-14);
}

TEST_CASE("The value is fitted to returns that go on with V(s_T) after a cut, not after an end") {
  const Batch batch = TwoEpisodes();
  Known(0.9, 0.5, true).Estimate(batch, batch.rewards);
  const VectorXd bootstrapped = KnownValue::last_targets;
  Known(0.9, 0.5, false).Estimate(batch, batch.rewards);
  const VectorXd returns = RewardToGo(batch, batch.rewards, 0.9);
  CHECK(MaxError(KnownValue::last_targets, returns) < 1e-14);
  const double after_cut = 2 * static_cast<double>(batch.next_observations(7, 0)) + 0.1 * 3;
  CHECK(bootstrapped.head(5) == KnownValue::last_targets.head(5));
  for (Index t = 5; t < 8; ++t) {
    CHECK(bootstrapped[t] ==
          doctest::Approx(returns[t] + std::pow(0.9, 8 - t) * after_cut).epsilon(1e-12));
  }
}

TEST_CASE("V fitted before has seen the returns of the batch, V fitted after has not") {
  const Batch batch = TwoEpisodes();
  const VectorXd rewards_to_go = RewardToGo(batch, batch.rewards, 0.9);
  const auto returns = [&](double value) {  // the second episode goes on with it
    VectorXd r = rewards_to_go;
    for (Index t = 5; t < 8; ++t) r[t] += std::pow(0.9, 8 - t) * value;
    return r;
  };
  const auto advantages = [&](ValueFit fit) {
    AdvantageEstimator estimator({.gamma = 0.9, .value_fit = fit, .standardize = false},
                                 std::make_unique<MeanValue>());
    return estimator.Estimate(batch, batch.rewards);
  };
  const double fitted = returns(1).mean();
  CHECK(MaxError(advantages(ValueFit::kAfter).values, (returns(1).array() - 1).matrix().eval()) <
        1e-14);
  CHECK(MaxError(advantages(ValueFit::kBefore).values,
                 (returns(fitted).array() - fitted).matrix().eval()) < 1e-14);
  // Out of sample in both cases: a constant explains nothing.
  CHECK(advantages(ValueFit::kBefore).explained_variance == doctest::Approx(0));
}

TEST_CASE("Standardised advantages have mean 0 and standard deviation 1; constant ones are 0") {
  const Batch batch = TwoEpisodes();
  const VectorXd a = Known(0.9, 1, true, true).Estimate(batch, batch.rewards).values;
  CHECK(std::abs(a.mean()) < 1e-14);
  CHECK(std::sqrt((a.array() - a.mean()).square().mean()) == doctest::Approx(1).epsilon(1e-12));
  CHECK(Standardized(VectorXd::Constant(7, 0.1)) == VectorXd::Zero(7));
}

TEST_CASE("Advantages that are not finite are a NumericalError") {
  const Batch batch = TwoEpisodes();
  for (const double bad : {std::numeric_limits<double>::quiet_NaN(), 1e300}) {
    VectorXd rewards = batch.rewards;
    rewards[2] = bad;
    CHECK_THROWS_AS(Known(0.9, 1, true).Estimate(batch, rewards), NumericalError);
  }
}

}  // namespace
}  // namespace vime
