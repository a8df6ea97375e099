// Baselines against exact expectations, refits and hand calculation.
#include "lib/rl/baselines.h"

#include <doctest/doctest.h>

#include <cmath>

#include "tests/support/golden.h"
#include "tests/support/gradient_check.h"
#include "tests/support/toy_env.h"

namespace vime {
namespace {

using nlohmann::json;
using testing::EmptyBatch;
using testing::MaxError;
using testing::ToVector;

// A distribution over finitely many outcomes: probability, score and return of each.
struct Outcomes {
  VectorXd p;
  MatrixXd g;  // outcomes x parameters
  VectorXd r;
};

Outcomes SoftmaxBandit(const VectorXd& logits, const VectorXd& r) {
  const VectorXd weights = (logits.array() - logits.maxCoeff()).exp();
  const VectorXd p = weights / weights.sum();
  MatrixXd g = -p.transpose().replicate(p.size(), 1);  // d log p_a / d logit_k = [a = k] - p_k
  g.diagonal().array() += 1;
  return {p, g, r};
}

// a ~ N(0, 1) as the five points of Gauss-Hermite quadrature, exact for polynomials up to degree 9;
// scores for the mean and the log standard deviation.
Outcomes StandardNormal(const std::function<double(double)>& reward) {
  const double root = std::sqrt(10.0);
  const double near = std::sqrt(5 - root);
  const double far = std::sqrt(5 + root);
  const VectorXd a{{-far, -near, 0, near, far}};
  const double p_near = (7 + 2 * root) / 60;
  const double p_far = (7 - 2 * root) / 60;
  Outcomes outcomes{VectorXd{{p_far, p_near, 8. / 15, p_near, p_far}}, MatrixXd(5, 2), a};
  outcomes.g << a, a.array().square() - 1;
  for (double& value : outcomes.r) value = reward(value);
  return outcomes;
}

Outcomes Read(const json& c) {
  if (c["kind"] == "softmax_bandit_exact")
    return SoftmaxBandit(ToVector(c["logits"]), ToVector(c["R"]));
  REQUIRE(c["kind"] == "gaussian_policy_exact");
  if (c["reward"] == "a") return StandardNormal([](double a) { return a; });
  if (c["reward"] == "a2") return StandardNormal([](double a) { return a * a; });
  REQUIRE(c["reward"] == "-(a-1)^2");
  return StandardNormal([](double a) { return -(a - 1) * (a - 1); });
}

// OptimalBaseline sums over rows; rows scaled by sqrt(p) turn its sums into expectations.
VectorXd ExactOptimalBaseline(const Outcomes& o) {
  const MatrixXd scores = o.p.cwiseSqrt().asDiagonal() * o.g;
  return OptimalBaseline(scores, o.r.asDiagonal() * scores);
}

// Var[g_k (R - b_k)].
VectorXd Variance(const Outcomes& o, const VectorXd& b) {
  const MatrixXd x =
      o.g.cwiseProduct(o.r.replicate(1, b.size()) - b.transpose().replicate(o.r.size(), 1));
  const VectorXd mean = x.transpose() * o.p;
  return x.cwiseAbs2().transpose() * o.p - mean.cwiseAbs2();
}

void CheckClose(const VectorXd& actual, const VectorXd& expected) {
  REQUIRE(actual.size() == expected.size());
  // Exact zeros come out as differences of numbers of order `scale`.
  const double scale = std::max(1.0, expected.cwiseAbs().maxCoeff());
  for (Index k = 0; k < actual.size(); ++k) {
    CHECK(std::abs(actual[k] - expected[k]) <= 1e-12 * std::abs(expected[k]) + 1e-14 * scale);
  }
}

TEST_CASE("The optimal baseline and its variance equal exact expectations") {
  const json cases = testing::ReadGolden("gaussian.json")["optimal_baseline"];
  REQUIRE(cases.size() >= 7);
  for (const json& c : cases) {
    CAPTURE(c.dump());
    const Outcomes o = Read(c);
    const VectorXd b = ExactOptimalBaseline(o);
    const VectorXd mean = VectorXd::Constant(b.size(), o.p.dot(o.r));
    CheckClose(b, ToVector(c["b_opt"]));
    CheckClose(o.g.transpose() * o.p.cwiseProduct(o.r), ToVector(c["gradient"]));
    CheckClose(Variance(o, VectorXd::Zero(b.size())), ToVector(c["var_none"]));
    CheckClose(Variance(o, mean), ToVector(c["var_mean"]));
    CheckClose(Variance(o, b), ToVector(c["var_opt"]));
  }
}

TEST_CASE("No constant baseline has a smaller variance than the optimal one") {
  const Outcomes o = SoftmaxBandit(VectorXd{{0.5, -0.2, 0.1, 0.9}}, VectorXd{{10, 11, 9, 10.5}});
  const VectorXd b = ExactOptimalBaseline(o);
  const VectorXd least = Variance(o, b);
  for (const double shift : {-10.0, -1.0, -1e-3, 1e-3, 1.0}) {
    const VectorXd other = Variance(o, (b.array() + shift).matrix());
    CHECK((other.array() > least.array()).all());
  }
  CHECK((Variance(o, VectorXd::Zero(4)).array() > least.array()).all());
}

struct Sample {
  MatrixXd scores;           // trajectories x parameters
  MatrixXd weighted_scores;  // not a multiple of the scores: reward-to-go form
};

Sample RandomSample(Index trajectories, Index parameters, std::uint32_t item) {
  Rng rng({2, Stream::kTest, 0, item});
  Sample sample{MatrixXd(trajectories, parameters), MatrixXd(trajectories, parameters)};
  for (double& x : sample.scores.reshaped()) x = rng.Normal();
  for (double& x : sample.weighted_scores.reshaped()) x = 3 * rng.Normal();
  sample.weighted_scores += 2 * sample.scores;
  return sample;
}

TEST_CASE("On a sample the optimal baseline minimises the second moment of the estimate") {
  const Sample s = RandomSample(9, 4, 1);
  const VectorXd b = OptimalBaseline(s.scores, s.weighted_scores);
  const auto second_moment = [&](const VectorXd& x) {
    return (s.weighted_scores - s.scores * x.asDiagonal()).squaredNorm();
  };
  CHECK(testing::NumericalGradient(second_moment, b).cwiseAbs().maxCoeff() < 1e-7);
  CHECK(second_moment(b) < second_moment(VectorXd::Zero(4)));
  for (Index k = 0; k < 4; ++k) {
    CHECK(b[k] == doctest::Approx(s.scores.col(k).dot(s.weighted_scores.col(k)) /
                                  s.scores.col(k).squaredNorm()));
  }
}

TEST_CASE("The leave-one-out baseline is the optimal baseline refitted without the trajectory") {
  const Sample s = RandomSample(6, 5, 2);
  const MatrixXd b = LeaveOneOutOptimalBaseline(s.scores, s.weighted_scores);
  for (Index i = 0; i < 6; ++i) {
    MatrixXd scores(5, 5);
    MatrixXd weighted(5, 5);
    scores << s.scores.topRows(i), s.scores.bottomRows(5 - i);
    weighted << s.weighted_scores.topRows(i), s.weighted_scores.bottomRows(5 - i);
    CHECK(MaxError(b.row(i).transpose(), OptimalBaseline(scores, weighted)) < 1e-12);
  }
}

TEST_CASE("A parameter without scores gets the baseline zero, with or without a trajectory") {
  const MatrixXd scores{{0, 2}, {0, 0}, {0, 0}};
  const MatrixXd weighted{{1, 6}, {1, 1}, {1, 1}};
  CHECK(OptimalBaseline(scores, weighted) == VectorXd{{0, 3}});
  const MatrixXd expected{{0, 0}, {0, 3}, {0, 3}};  // without row 0 nothing is known
  CHECK(LeaveOneOutOptimalBaseline(scores, weighted) == expected);
}

TEST_CASE("The leave-one-out estimate is unbiased, exactly: all samples of a bandit enumerated") {
  const Outcomes o = SoftmaxBandit(VectorXd{{1, 0, -1}}, VectorXd{{0, 2, 5}});
  const VectorXd gradient = o.g.transpose() * o.p.cwiseProduct(o.r);
  VectorXd leave_one_out = VectorXd::Zero(3);
  VectorXd in_sample = VectorXd::Zero(3);
  constexpr Index kTrajectories = 4;
  MatrixXd scores(kTrajectories, 3);
  MatrixXd weighted(kTrajectories, 3);
  for (int sample = 0; sample < 81; ++sample) {
    double p = 1;
    int rest = sample;
    for (Index i = 0; i < kTrajectories; ++i, rest /= 3) {
      const int arm = rest % 3;
      p *= o.p[arm];
      scores.row(i) = o.g.row(arm);
      weighted.row(i) = o.r[arm] * o.g.row(arm);
    }
    const MatrixXd loo =
        weighted - scores.cwiseProduct(LeaveOneOutOptimalBaseline(scores, weighted));
    const MatrixXd fitted = weighted - scores * OptimalBaseline(scores, weighted).asDiagonal();
    leave_one_out += p * loo.colwise().mean().transpose();
    in_sample += p * fitted.colwise().mean().transpose();
  }
  CHECK(MaxError(leave_one_out, gradient) < 1e-13);
  CHECK(MaxError(in_sample, gradient) > 0.05);  // what leaving one out is for
}

TEST_CASE("For rewards of pure noise only the leave-one-out variance is not below none") {
  double in_sample = 0;
  double leave_one_out = 0;
  constexpr int kRepeats = 200;
  for (std::uint32_t repeat = 0; repeat < kRepeats; ++repeat) {
    Rng rng({3, Stream::kTest, 0, repeat});
    MatrixXd scores(8, 20);
    for (double& x : scores.reshaped()) x = rng.Normal();
    VectorXd r(8);
    for (double& x : r) x = rng.Normal();
    const MatrixXd weighted = r.asDiagonal() * scores;
    const double none = Variances(weighted).sum();
    const VectorXd b = OptimalBaseline(scores, weighted);
    in_sample += Variances(weighted - scores * b.asDiagonal()).sum() / none;
    const MatrixXd loo = LeaveOneOutOptimalBaseline(scores, weighted);
    leave_one_out += Variances(weighted - scores.cwiseProduct(loo)).sum() / none;
  }
  // No baseline can help here: b = 0 is optimal. Measured 0.75 and 1.5, standard errors below 0.05.
  CHECK(in_sample / kRepeats < 0.9);
  CHECK(leave_one_out / kRepeats > 1.1);
}

TEST_CASE("Variances are the unbiased ones of the columns") {
  // Column 0: 1, 2, 3 (variance 1). Column 1: 0, 0, 6 (variance 12).
  CHECK(MaxError(Variances(MatrixXd{{1, 0}, {2, 0}, {3, 6}}), VectorXd{{1, 12}}) < 1e-15);
  CHECK(Variances(MatrixXd{{1, 5}, {1, 5}}) == VectorXd::Zero(2));
}

TEST_CASE("The time baseline is the mean over the trajectories that last until t") {
  const Batch batch = EmptyBatch({3, 1, 2});
  const VectorXd advantages{{1, 2, 4, 8, 16, 32}};
  CHECK(TimeBaseline(batch, advantages, false)
            .isApprox(VectorXd{{25. / 3, 17, 4, 25. / 3, 25. / 3, 17}}, 1e-15));
  // Without the own trajectory: (8 + 16)/2, 32, none | (1 + 16)/2 | (1 + 8)/2, 2.
  CHECK(TimeBaseline(batch, advantages, true) == VectorXd{{12, 32, 0, 8.5, 4.5, 2}});
}

}  // namespace
}  // namespace vime
