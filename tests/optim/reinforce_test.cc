// REINFORCE on problems whose gradient is known in closed form.
#include "lib/optim/reinforce.h"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>

#include "lib/core/check.h"
#include "lib/rl/gaussian_policy.h"
#include "lib/rl/returns.h"
#include "tests/support/gradient_check.h"
#include "tests/support/toy_env.h"

namespace vime {
namespace {

using testing::EmptyBatch;
using testing::MaxError;

// Two steps from s_0 = 0.4 with a_t ~ N(w s_t + b, sd^2):
//   r_0 = -(a_0 - 1)^2,  s_1 = s_0 + a_0,  r_1 = -(s_1 + a_1)^2.
constexpr double kStart = 0.4;

// E[r_0] + gamma E[r_1] when step t follows theta_t = (w, b, log sd); theta = (theta_0, theta_1).
double TwoStepReturn(const VectorXd& theta, double gamma) {
  const double w = theta[3];
  const double mean0 = theta[0] * kStart + theta[1];
  const double variance0 = std::exp(2 * theta[2]);
  const double variance1 = std::exp(2 * theta[5]);
  const double r0 = -(std::pow(mean0 - 1, 2) + variance0);
  const double r1 = -(std::pow((1 + w) * (kStart + mean0) + theta[4], 2) +
                      std::pow(1 + w, 2) * variance0 + variance1);
  return r0 + gamma * r1;
}

const VectorXd kTheta{{-0.3, 0.5, std::log(0.6)}};

// The expectation that a form estimates.
VectorXd TrueGradient(ReturnForm form, double gamma) {
  VectorXd both(6);
  both << kTheta, kTheta;
  const VectorXd gradient = testing::NumericalGradient(
      [gamma](const VectorXd& theta) { return TwoStepReturn(theta, gamma); }, both, 1e-4);
  // Reward-to-go counts the return of step 1 from there: without its factor gamma.
  const double later = form == ReturnForm::kRewardToGo ? 1 / gamma : 1;
  return gradient.head(3) + later * gradient.tail(3);
}

GaussianPolicy<double> TwoStepPolicy() {
  GaussianPolicy<double> policy(
      testing::ToySpec(1, 1),
      {.hidden = {}, .observation_normalization = ObservationNormalization::kNone}, 1);
  policy.SetParameters(kTheta);
  return policy;
}

Batch TwoStepBatch(Index trajectories, std::uint32_t item) {
  Batch batch = EmptyBatch(std::vector<Index>(static_cast<std::size_t>(trajectories), 2));
  Rng rng({7, Stream::kTest, 0, item});
  const double sd = std::exp(kTheta[2]);
  for (const Trajectory& trajectory : batch.trajectories) {
    double s = kStart;
    for (Index t = trajectory.begin; t < trajectory.begin + 2; ++t) {
      batch.observations(t, 0) = static_cast<float>(s);
      batch.sampled_actions(t, 0) =
          static_cast<float>(kTheta[0] * s + kTheta[1] + sd * rng.Normal());
      const double a = batch.sampled_actions(t, 0);
      batch.rewards[t] = t == trajectory.begin ? -(a - 1) * (a - 1) : -(s + a) * (s + a);
      s += a;
    }
  }
  return batch;
}

VectorXd Advantages(const Batch& batch, ReturnForm form, double gamma) {
  return form == ReturnForm::kRewardToGo
             ? RewardToGo(batch, batch.rewards, gamma)
             : PerStep(batch, TrajectoryReturns(batch, batch.rewards, gamma));
}

struct MonteCarlo {
  VectorXd mean, standard_error;
};

template <class Estimator>
MonteCarlo Average(int repeats, Index trajectories, const Estimator& estimate) {
  VectorXd sum = VectorXd::Zero(3);
  VectorXd squares = VectorXd::Zero(3);
  for (int i = 0; i < repeats; ++i) {
    const VectorXd g = estimate(TwoStepBatch(trajectories, static_cast<std::uint32_t>(i)));
    sum += g;
    squares += g.cwiseAbs2();
  }
  const VectorXd mean = sum / repeats;
  return {mean, ((squares / repeats - mean.cwiseAbs2()) / repeats).cwiseSqrt()};
}

MonteCarlo AverageGradient(ReturnForm form, BaselineKind baseline, double gamma, int repeats,
                           Index trajectories) {
  GaussianPolicy<double> policy = TwoStepPolicy();
  Reinforce reinforce({.gamma = gamma,
                       .form = form,
                       .baseline = baseline,
                       .scale_returns = false,
                       .step = GradientStep::kSgd,
                       .learning_rate = 0},
                      3);
  // Fits the linear baseline, on a batch of its own.
  const Batch other = TwoStepBatch(50, 1u << 20);
  reinforce.Update(other, other.rewards, policy, 1);
  return Average(repeats, trajectories, [&](const Batch& batch) {
    return reinforce.Estimate(batch, Advantages(batch, form, gamma), policy, 1).gradient;
  });
}

constexpr ReturnForm kForms[] = {ReturnForm::kRewardToGo, ReturnForm::kTrajectory};
constexpr double kGamma = 0.7;

// 5 standard errors in 3 parameters: false alarm with probability 2e-6 per check.
void CheckMean(const MonteCarlo& estimate, const VectorXd& expected) {
  for (Index k = 0; k < 3; ++k) {
    CAPTURE(k);
    CHECK(std::abs(estimate.mean[k] - expected[k]) < 5 * estimate.standard_error[k]);
    CHECK(estimate.standard_error[k] < 0.05 * expected.cwiseAbs().maxCoeff());
  }
}

TEST_CASE("The forms differ in what they estimate when gamma < 1 and agree when gamma = 1") {
  CHECK(MaxError(TrueGradient(ReturnForm::kRewardToGo, 1),
                 TrueGradient(ReturnForm::kTrajectory, 1)) < 1e-9);
  CHECK(MaxError(TrueGradient(ReturnForm::kRewardToGo, kGamma),
                 TrueGradient(ReturnForm::kTrajectory, kGamma)) > 0.1);
}

TEST_CASE("The gradient is unbiased with every baseline, with few trajectories too") {
  for (const ReturnForm form : kForms) {
    for (const double gamma : {kGamma, 1.0}) {
      for (const BaselineKind baseline :
           {BaselineKind::kOptimal, BaselineKind::kMean, BaselineKind::kTime, BaselineKind::kLinear,
            BaselineKind::kNone}) {
        CAPTURE(static_cast<int>(form));
        CAPTURE(static_cast<int>(baseline));
        CheckMean(AverageGradient(form, baseline, gamma, 8000, 3), TrueGradient(form, gamma));
      }
    }
  }
}

TEST_CASE("With one trajectory there is nothing to fit a baseline to, and the gradient remains") {
  const Batch batch = TwoStepBatch(1, 4);
  const GaussianPolicy<double> policy = TwoStepPolicy();
  const VectorXd advantages = Advantages(batch, ReturnForm::kRewardToGo, kGamma);
  const auto gradient = [&](BaselineKind baseline) {
    return Reinforce({.baseline = baseline}, 3).Estimate(batch, advantages, policy, 1).gradient;
  };
  for (const BaselineKind baseline :
       {BaselineKind::kOptimal, BaselineKind::kMean, BaselineKind::kTime}) {
    CHECK(gradient(baseline) == gradient(BaselineKind::kNone));
  }
}

TEST_CASE("Baselines lower the variance of the gradient, which the reported ratio says") {
  const GaussianPolicy<double> policy = TwoStepPolicy();
  Batch batch = TwoStepBatch(400, 1);
  batch.rewards.array() += 10;  // far from zero, where a baseline matters most
  for (const ReturnForm form : kForms) {
    const VectorXd advantages = Advantages(batch, form, kGamma);
    const auto ratio = [&](BaselineKind baseline) {
      return Reinforce({.form = form, .baseline = baseline}, 3)
          .Estimate(batch, advantages, policy, 1)
          .variance_ratio;
    };
    CHECK(ratio(BaselineKind::kNone) == 1);
    CHECK(ratio(BaselineKind::kOptimal) < 0.2);
    CHECK(ratio(BaselineKind::kTime) < 0.2);
    CHECK(ratio(BaselineKind::kMean) < 0.3);
    CHECK(ratio(BaselineKind::kLinear) == 1);  // nothing fitted yet
  }
}

TEST_CASE("The variance ratio is out of sample: above 1 on average for rewards of pure noise") {
  const GaussianPolicy<double> policy = TwoStepPolicy();
  for (const BaselineKind baseline :
       {BaselineKind::kOptimal, BaselineKind::kMean, BaselineKind::kTime}) {
    const Reinforce reinforce({.baseline = baseline}, 3);
    double sum = 0;
    constexpr int kRepeats = 400;
    for (std::uint32_t i = 0; i < kRepeats; ++i) {
      const Batch batch = TwoStepBatch(6, i);
      Rng rng({8, Stream::kTest, 0, i});
      VectorXd noise(batch.size());
      for (double& a : noise) a = rng.Normal();
      sum += reinforce.Estimate(batch, noise, policy, 1).variance_ratio;
    }
    CHECK(sum / kRepeats > 1.02);
  }
}

TEST_CASE("The variance ratio needs three trajectories and a variance") {
  const GaussianPolicy<double> policy = TwoStepPolicy();
  const Reinforce reinforce({}, 3);
  const auto ratio = [&](Index n, double advantage) {
    const Batch batch = TwoStepBatch(n, 2);
    return reinforce.Estimate(batch, VectorXd::Constant(batch.size(), advantage), policy, 1)
        .variance_ratio;
  };
  CHECK(std::isnan(ratio(1, 1)));
  CHECK(std::isnan(ratio(2, 1)));
  CHECK(std::isfinite(ratio(3, 1)));
  CHECK(std::isnan(ratio(3, 0)));
}

TEST_CASE("SGD adds the learning rate times the gradient") {
  GaussianPolicy<double> policy = TwoStepPolicy();
  const Batch batch = TwoStepBatch(8, 3);
  Reinforce reinforce(
      {.gamma = kGamma, .scale_returns = false, .step = GradientStep::kSgd, .learning_rate = 0.125},
      3);
  const VectorXd gradient =
      reinforce.Estimate(batch, Advantages(batch, ReturnForm::kRewardToGo, kGamma), policy, 1)
          .gradient;
  const UpdateReport report = reinforce.Update(batch, batch.rewards, policy, 1);
  CHECK(policy.parameters() == kTheta + 0.125 * gradient);
  CHECK(report.gradient_norm == doctest::Approx(gradient.norm()).epsilon(1e-14));
}

TEST_CASE("The first step of Adam moves every parameter uphill by the learning rate") {
  GaussianPolicy<double> policy = TwoStepPolicy();
  const Batch batch = TwoStepBatch(8, 3);
  Reinforce reinforce({.gamma = kGamma, .scale_returns = false, .learning_rate = 0.02}, 3);
  const VectorXd gradient =
      reinforce.Estimate(batch, Advantages(batch, ReturnForm::kRewardToGo, kGamma), policy, 1)
          .gradient;
  reinforce.Update(batch, batch.rewards, policy, 1);
  CHECK(MaxError((policy.parameters() - kTheta).eval(), (0.02 * gradient.cwiseSign()).eval()) <
        1e-6);
}

TEST_CASE("With scaled returns the unit of the rewards does not matter") {
  for (const GradientStep step : {GradientStep::kAdam, GradientStep::kSgd}) {
    for (const BaselineKind baseline :
         {BaselineKind::kOptimal, BaselineKind::kMean, BaselineKind::kTime, BaselineKind::kLinear,
          BaselineKind::kNone}) {
      const auto train = [&](double unit) {
        GaussianPolicy<double> policy = TwoStepPolicy();
        Reinforce reinforce({.baseline = baseline, .step = step}, 3);
        for (std::uint32_t i = 0; i < 4; ++i) {
          const Batch batch = TwoStepBatch(8, i);
          reinforce.Update(batch, unit * batch.rewards, policy, 1);
        }
        return policy.parameters();
      };
      CHECK(MaxError(train(1000), train(1)) < 1e-9);
      CHECK(MaxError(train(1), kTheta) > 1e-3);
    }
  }
}

TEST_CASE("The linear baseline keeps its units when the spread of the returns changes") {
  GaussianPolicy<double> policy = TwoStepPolicy();
  Reinforce reinforce({.gamma = 0, .baseline = BaselineKind::kLinear, .learning_rate = 0}, 3);
  Batch batch = TwoStepBatch(50, 4);
  // Around the same level 100, first with a spread of about 0.1, then with one of about 10.
  const VectorXd narrow = 100 + 0.1 * batch.rewards.array();
  const VectorXd wide = 100 + 10 * batch.rewards.array();
  reinforce.Update(batch, narrow, policy, 1);
  const UpdateReport report = reinforce.Update(batch, wide, policy, 1);
  CHECK(report.gradient_variance_ratio < 0.5);
  // Of a fit that is nearly constant beside targets that spread a hundred times wider.
  CHECK(std::abs(report.value_explained_variance) < 0.1);
}

TEST_CASE("Equal returns are not scaled up to rounding errors") {
  for (const BaselineKind baseline :
       {BaselineKind::kOptimal, BaselineKind::kMean, BaselineKind::kTime}) {
    GaussianPolicy<double> policy = TwoStepPolicy();
    Reinforce reinforce({.form = ReturnForm::kTrajectory,
                         .baseline = baseline,
                         .step = GradientStep::kSgd,
                         .learning_rate = 1},
                        3);
    for (const Index n : {3, 7, 25, 2500}) {
      for (const double reward : {0.1, -0.3, 1e9 / 7}) {
        const Batch batch = TwoStepBatch(n, 5);
        reinforce.Update(batch, VectorXd::Constant(batch.size(), reward), policy, 1);
        CHECK(MaxError(policy.parameters(), kTheta) < 1e-6);
      }
    }
  }
}

TEST_CASE("Rewards that are not finite are a NumericalError and leave the policy alone") {
  for (const bool scale : {false, true}) {
    for (const double bad : {std::numeric_limits<double>::quiet_NaN(),
                             std::numeric_limits<double>::infinity(), 1e308}) {
      CAPTURE(bad);
      GaussianPolicy<double> policy = TwoStepPolicy();
      Reinforce reinforce({.scale_returns = scale}, 3);
      const Batch batch = TwoStepBatch(5, 6);
      VectorXd rewards = batch.rewards;
      rewards[3] = bad;
      rewards[4] = -bad;
      CHECK_THROWS_AS(reinforce.Update(batch, rewards, policy, 1), NumericalError);
      CHECK(policy.parameters() == kTheta);
    }
  }
}

TEST_CASE("Threads change no bit of an update") {
  const auto update = [](int threads) {
    GaussianPolicy<float> policy(testing::ToySpec(1, 1), {.hidden = {8}}, 1);
    Reinforce reinforce({}, policy.num_parameters());
    const Batch batch = TwoStepBatch(40, 7);
    reinforce.Update(batch, batch.rewards, policy, threads);
    return policy.parameters();
  };
  CHECK(update(1) == update(4));
}

}  // namespace
}  // namespace vime
