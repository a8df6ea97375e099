// The expectation of every gradient estimator, by enumeration of all batches of a small MDP.
#include <doctest/doctest.h>

#include <cmath>

#include "lib/optim/reinforce.h"
#include "lib/rl/returns.h"
#include "tests/support/finite_mdp.h"
#include "tests/support/gradient_check.h"

namespace vime {
namespace {

using testing::BatchOf;
using testing::Enumerate;
using testing::Expectation;
using testing::FiniteMdp;
using testing::kActions;
using testing::kStates;
using testing::MaxError;
using testing::Path;
using testing::TabularPolicy;

const VectorXd kTheta{{0.4, -0.9}};
const VectorXd kOldTheta{{-0.3, 0.5}};

// E over single trajectories.
double ExpectedReturn(const FiniteMdp& mdp, const TabularPolicy& policy, double gamma) {
  double sum = 0;
  for (const Path& path : Enumerate(mdp, policy)) {
    double discount = 1;
    for (int t = 0; t < mdp.horizon; ++t) {
      sum += path.probability * discount *
             mdp.Reward(path.states[static_cast<std::size_t>(t)],
                        path.actions[static_cast<std::size_t>(t)]);
      discount *= gamma;
    }
  }
  return sum;
}

// Q_t(s, a) of a policy: the discounted reward from step t on.
double ActionValue(const FiniteMdp& mdp, const TabularPolicy& policy, int t, int s, int a,
                   double gamma) {
  double value = mdp.Reward(s, a);
  if (t + 1 == mdp.horizon) return value;
  for (int next = 0; next < kStates; ++next) {
    for (int b = 0; b < kActions; ++b) {
      value += gamma * mdp.Transition(s, a, next) * policy.Probability(next, b) *
               ActionValue(mdp, policy, t + 1, next, b, gamma);
    }
  }
  return value;
}

// sum_t sum_{s,a} P(s_t = s) weight(s, a) score(s, a) Q_t(s, a), the states visited by `visitor`,
// weight included in what `at` returns.
VectorXd SumOverSteps(const FiniteMdp& mdp, const TabularPolicy& visitor,
                      const std::function<double(int t, int s, int a)>& at) {
  VectorXd sum = VectorXd::Zero(kStates);
  VectorXd at_state = VectorXd::Unit(kStates, 0);
  for (int t = 0; t < mdp.horizon; ++t) {
    VectorXd next_state = VectorXd::Zero(kStates);
    for (int s = 0; s < kStates; ++s) {
      for (int a = 0; a < kActions; ++a) {
        sum[s] += at_state[s] * at(t, s, a);
        for (int next = 0; next < kStates; ++next) {
          next_state[next] += at_state[s] * visitor.Probability(s, a) * mdp.Transition(s, a, next);
        }
      }
    }
    at_state = next_state;
  }
  return sum;
}

// What reward-to-go estimates: sum_t E[score_t Q_t], the gradient of J when gamma = 1.
VectorXd RewardToGoTarget(const FiniteMdp& mdp, const TabularPolicy& policy, double gamma) {
  return SumOverSteps(mdp, policy, [&](int t, int s, int a) {
    return policy.Probability(s, a) * policy.Score(s, a) * ActionValue(mdp, policy, t, s, a, gamma);
  });
}

VectorXd GradientOfReturn(const FiniteMdp& mdp, const TabularPolicy& policy, double gamma) {
  VectorXd gradient = VectorXd::Zero(kStates);
  for (const Path& path : Enumerate(mdp, policy)) {
    const Batch batch = BatchOf(mdp, {&path});
    gradient += path.probability * TrajectoryReturns(batch, batch.rewards, gamma)[0] *
                policy.WeightedScore(batch, VectorXd::Ones(mdp.horizon));
  }
  return gradient;
}

VectorXd Target(const FiniteMdp& mdp, const TabularPolicy& policy, ReturnForm form, double gamma) {
  return form == ReturnForm::kTrajectory ? GradientOfReturn(mdp, policy, gamma)
                                         : RewardToGoTarget(mdp, policy, gamma);
}

VectorXd Returns(const Batch& batch, ReturnForm form, double gamma) {
  return form == ReturnForm::kTrajectory
             ? PerStep(batch, TrajectoryReturns(batch, batch.rewards, gamma))
             : RewardToGo(batch, batch.rewards, gamma);
}

// A value function that is wrong, as after a change of policy.
std::unique_ptr<ValueFunction> WrongValue(const FiniteMdp& mdp) {
  auto value = std::make_unique<LinearValue>();
  const TabularPolicy other(VectorXd{{2, -1}});
  std::vector<const Path*> all;
  const std::vector<Path> paths = Enumerate(mdp, other);
  for (const Path& path : paths) all.push_back(&path);
  const Batch batch = BatchOf(mdp, all);
  value->Fit(batch.observations, StepsOf(batch), RewardToGo(batch, batch.rewards, 1));
  return value;
}

Reinforce Estimator(const FiniteMdp& mdp, ReturnForm form, BaselineKind baseline, double gamma) {
  return Reinforce({.gamma = gamma, .form = form, .baseline = baseline, .scale_returns = false},
                   kStates, WrongValue(mdp));
}

constexpr ReturnForm kForms[] = {ReturnForm::kRewardToGo, ReturnForm::kTrajectory};
constexpr BaselineKind kBaselines[] = {BaselineKind::kOptimal, BaselineKind::kMean,
                                       BaselineKind::kTime, BaselineKind::kLinear,
                                       BaselineKind::kNone};

TEST_CASE("The enumerated gradient is the derivative of the enumerated return") {
  const FiniteMdp mdp;
  const TabularPolicy policy(kTheta);
  for (const double gamma : {0.8, 1.0}) {
    const VectorXd numerical = testing::NumericalGradient(
        [&](const VectorXd& theta) { return ExpectedReturn(mdp, TabularPolicy(theta), gamma); },
        kTheta, 1e-4);
    CHECK(MaxError(GradientOfReturn(mdp, policy, gamma), numerical) < 1e-8);
  }
  CHECK(MaxError(RewardToGoTarget(mdp, policy, 1), GradientOfReturn(mdp, policy, 1)) < 1e-14);
  CHECK(MaxError(RewardToGoTarget(mdp, policy, 0.8), GradientOfReturn(mdp, policy, 0.8)) > 0.01);
}

TEST_CASE("REINFORCE is unbiased with every baseline: the sum over all batches is the gradient") {
  for (const int horizon : {3, 2}) {
    const int size = 5 - horizon;  // few enough batches to enumerate
    const FiniteMdp mdp{.horizon = horizon};
    const TabularPolicy policy(kTheta);
    const std::vector<Path> paths = Enumerate(mdp, policy);
    for (const ReturnForm form : kForms) {
      for (const double gamma : {0.8, 1.0}) {
        for (const BaselineKind baseline : kBaselines) {
          CAPTURE(size);
          CAPTURE(static_cast<int>(form));
          CAPTURE(static_cast<int>(baseline));
          const Reinforce reinforce = Estimator(mdp, form, baseline, gamma);
          const VectorXd expectation = Expectation(mdp, paths, size, [&](const Batch& batch) {
            return reinforce.Estimate(batch, Returns(batch, form, gamma), policy, 1).gradient;
          });
          CHECK(MaxError(expectation, Target(mdp, policy, form, gamma)) < 1e-12);
        }
      }
    }
  }
}

// The expectation of the estimator with a kind of importance weights, for batches of two
// trajectories of the old policy.
VectorXd ReuseExpectation(const FiniteMdp& mdp, ImportanceKind kind, ReturnForm form,
                          BaselineKind baseline, double gamma, double clip) {
  const TabularPolicy old(kOldTheta);
  const TabularPolicy policy(kTheta);
  const Reinforce reinforce = Estimator(mdp, form, baseline, gamma);
  return Expectation(mdp, Enumerate(mdp, old), 2, [&](const Batch& batch) {
    const ScoreWeights weights =
        ReuseWeights(kind, batch, policy.RatiosTo(old, batch), batch.rewards,
                     Returns(batch, form, gamma), gamma, form == ReturnForm::kTrajectory, clip);
    return reinforce.Estimate(batch, weights, policy, 1).gradient;
  });
}

TEST_CASE("Trajectory and per-decision weights are unbiased with every baseline") {
  const FiniteMdp mdp;
  const TabularPolicy policy(kTheta);
  for (const ImportanceKind kind : {ImportanceKind::kTrajectory, ImportanceKind::kPerDecision}) {
    for (const ReturnForm form : kForms) {
      for (const double gamma : {0.8, 1.0}) {
        for (const BaselineKind baseline : kBaselines) {
          CAPTURE(static_cast<int>(kind));
          CAPTURE(static_cast<int>(form));
          CAPTURE(static_cast<int>(baseline));
          CHECK(MaxError(ReuseExpectation(mdp, kind, form, baseline, gamma, 0.2),
                         Target(mdp, policy, form, gamma)) < 1e-12);
        }
      }
    }
  }
}

TEST_CASE("Prefix weights count what follows a step as the old policy went on") {
  const FiniteMdp mdp;
  const TabularPolicy old(kOldTheta);
  const TabularPolicy policy(kTheta);
  const VectorXd biased = SumOverSteps(mdp, policy, [&](int t, int s, int a) {
    return policy.Probability(s, a) * policy.Score(s, a) * ActionValue(mdp, old, t, s, a, 1);
  });
  for (const BaselineKind baseline : kBaselines) {
    CHECK(MaxError(ReuseExpectation(mdp, ImportanceKind::kPrefix, ReturnForm::kRewardToGo, baseline,
                                    1, 0.2),
                   biased) < 1e-12);
  }
  CHECK(MaxError(biased, RewardToGoTarget(mdp, policy, 1)) > 0.02);
}

TEST_CASE("Clipped ratios visit states as the old policy did, too") {
  const FiniteMdp mdp;
  const TabularPolicy old(kOldTheta);
  const TabularPolicy policy(kTheta);
  for (const double clip : {0.2, 0.99}) {
    const VectorXd biased = SumOverSteps(mdp, old, [&](int t, int s, int a) {
      const double ratio = policy.Probability(s, a) / old.Probability(s, a);
      return old.Probability(s, a) * std::clamp(ratio, 1 - clip, 1 + clip) * policy.Score(s, a) *
             ActionValue(mdp, old, t, s, a, 1);
    });
    CHECK(MaxError(ReuseExpectation(mdp, ImportanceKind::kClipped, ReturnForm::kRewardToGo,
                                    BaselineKind::kNone, 1, clip),
                   biased) < 1e-12);
    CHECK(MaxError(biased, RewardToGoTarget(mdp, policy, 1)) > 0.02);
  }
}

TEST_CASE("Without a change of policy every kind of weights is the estimate on policy") {
  const FiniteMdp mdp;
  const TabularPolicy policy(kTheta);
  const std::vector<Path> paths = Enumerate(mdp, policy);
  const Batch batch = BatchOf(mdp, {&paths[3], &paths[17], &paths[30]});
  for (const ReturnForm form : kForms) {
    const VectorXd a = Returns(batch, form, 0.8);
    for (const ImportanceKind kind : {ImportanceKind::kTrajectory, ImportanceKind::kPrefix,
                                      ImportanceKind::kClipped, ImportanceKind::kPerDecision}) {
      // The per-decision form leaves out the rewards before a step.
      if (kind == ImportanceKind::kPerDecision && form == ReturnForm::kTrajectory) continue;
      const ScoreWeights weights =
          ReuseWeights(kind, batch, VectorXd::Ones(batch.size()), batch.rewards, a, 0.8,
                       form == ReturnForm::kTrajectory, 0.2);
      CHECK(MaxError(weights.score, a) < 1e-14);
      CHECK(weights.baseline == VectorXd::Ones(batch.size()));
    }
  }
}

TEST_CASE("Sampled batches agree: per-decision weights have the mean of the gradient") {
  const FiniteMdp mdp;
  const TabularPolicy old(kOldTheta);
  const TabularPolicy policy(kTheta);
  const std::vector<Path> paths = Enumerate(mdp, old);
  const Reinforce reinforce = Estimator(mdp, ReturnForm::kRewardToGo, BaselineKind::kOptimal, 1);
  Rng rng({11, Stream::kTest, 0, 0});
  const auto draw = [&]() -> const Path* {
    double u = rng.Uniform();
    for (const Path& path : paths) {
      u -= path.probability;
      if (u < 0) return &path;
    }
    return &paths.back();
  };
  constexpr int kRepeats = 20000;
  VectorXd sum = VectorXd::Zero(kStates);
  VectorXd squares = VectorXd::Zero(kStates);
  for (int i = 0; i < kRepeats; ++i) {
    const Batch batch = BatchOf(mdp, {draw(), draw(), draw(), draw()});
    const VectorXd g =
        reinforce
            .Estimate(batch,
                      ReuseWeights(ImportanceKind::kPerDecision, batch, policy.RatiosTo(old, batch),
                                   batch.rewards, Returns(batch, ReturnForm::kRewardToGo, 1), 1,
                                   false, 0.2),
                      policy, 1)
            .gradient;
    sum += g;
    squares += g.cwiseAbs2();
  }
  const VectorXd mean = sum / kRepeats;
  const VectorXd error = ((squares / kRepeats - mean.cwiseAbs2()) / kRepeats).cwiseSqrt();
  const VectorXd expected = RewardToGoTarget(mdp, policy, 1);
  for (int k = 0; k < kStates; ++k) {  // 5 standard errors: false alarm with probability 1e-6
    CHECK(std::abs(mean[k] - expected[k]) < 5 * error[k]);
    CHECK(error[k] < 0.05);
  }
}

TEST_CASE("The effective sample share is 1 for equal weights and 1/n when one has it all") {
  const Batch batch = testing::EmptyBatch({2, 1, 3});
  VectorXd log_ratios(6);
  log_ratios << 3, -1, 2, 1, 1, 0;  // the weight of a trajectory is the product over its steps
  CHECK(EffectiveSampleShare(batch, log_ratios) == doctest::Approx(1));
  log_ratios << 0, 0, 900, 0, 0, 0;
  CHECK(EffectiveSampleShare(batch, log_ratios) == doctest::Approx(1.0 / 3));
  log_ratios << 0, std::log(3), 0, 0, std::log(2), 0;  // (3 + 1 + 2)^2 / (3 (9 + 1 + 4))
  CHECK(EffectiveSampleShare(batch, log_ratios) == doctest::Approx(36.0 / 42));
}

TEST_CASE("The effective sample share does not depend on a common factor of the weights") {
  const Batch batch = testing::EmptyBatch({1, 1, 1});
  const VectorXd log_ratios{{0, std::log(3), std::log(2)}};
  for (const double shift : {-1e4, -50.0, 50.0, 1e4}) {  // all vanish, all explode
    const VectorXd shifted = log_ratios.array() + shift;
    CHECK(EffectiveSampleShare(batch, shifted) == doctest::Approx(36.0 / 42));
  }
}

TEST_CASE("Exploding and vanishing ratios stay finite") {
  const Batch batch = testing::EmptyBatch({400, 400});
  VectorXd log_ratios = VectorXd::Constant(800, 1e6);
  log_ratios.tail(400).array() = -1e6;
  const VectorXd weights = PrefixWeights(batch, Ratios(log_ratios));
  CHECK(weights.allFinite());
  CHECK(weights.minCoeff() > 0);
  CHECK(EffectiveSampleShare(batch, log_ratios) == doctest::Approx(0.5));
}

}  // namespace
}  // namespace vime
