// The recurrent policy against its equations, finite differences through time and rollouts.
#include "lib/rl/gru_policy.h"

#include <doctest/doctest.h>

#include <cmath>
#include <numbers>

#include "lib/rl/rollout.h"
#include "tests/support/gradient_check.h"
#include "tests/support/toy_env.h"

namespace vime {
namespace {

using testing::CountingEnv;
using testing::EmptyBatch;
using testing::MaxError;
using testing::RandomBatch;
using testing::ToySpec;

constexpr StddevKind kStddevs[] = {StddevKind::kConstant, StddevKind::kState};

VectorXd Normals(Index n, std::uint32_t item) {
  Rng rng({5, Stream::kTest, 0, item});
  VectorXd numbers(n);
  for (double& value : numbers) value = rng.Normal();
  return numbers;
}

// Parameters of order one, so that no derivative vanishes.
GruPolicy MakePolicy(int observations, int actions, int hidden,
                     GaussianPolicyOptions options = {}) {
  options.hidden = {hidden};
  GruPolicy policy(ToySpec(observations, actions), options, 3);
  policy.SetParameters(0.7 * Normals(policy.num_parameters(), 1));
  return policy;
}

TEST_CASE("A GRU computes the equations of Cho et al.") {
  constexpr Index kInputs = 2, kHidden = 3, kOutputs = 2, kSteps = 6;
  const Gru gru(kInputs, kHidden, kOutputs);
  const VectorXd weights = Normals(gru.num_weights(), 2);
  const MatrixXd x = Normals(kInputs * kSteps, 3).reshaped(kInputs, kSteps);
  // W and U with a row per unit, and b, as the paper writes them.
  using RowMajor = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
  Index next = 0;
  const auto matrix = [&](Index in, Index out) -> MatrixXd {
    const MatrixXd m = Eigen::Map<const RowMajor>(weights.data() + next, in, out).transpose();
    next += in * out;
    return m;
  };
  const MatrixXd w_r = matrix(kInputs, kHidden), u_r = matrix(kHidden, kHidden),
                 b_r = matrix(1, kHidden), w_z = matrix(kInputs, kHidden),
                 u_z = matrix(kHidden, kHidden), b_z = matrix(1, kHidden),
                 w = matrix(kInputs, kHidden), u = matrix(kHidden, kHidden), b = matrix(1, kHidden),
                 v = matrix(kHidden, kOutputs), b_y = matrix(1, kOutputs);
  REQUIRE(next == gru.num_weights());
  const auto sigmoid = [](double a) { return 1 / (1 + std::exp(-a)); };
  const auto tanh = [](double a) { return std::tanh(a); };
  const MatrixXd outputs = gru.Forward(weights, x).outputs;
  MatrixXd h = MatrixXd::Zero(kHidden, 1);
  for (Index t = 0; t < kSteps; ++t) {
    const MatrixXd r = (w_r * x.col(t) + u_r * h + b_r).unaryExpr(sigmoid);
    const MatrixXd z = (w_z * x.col(t) + u_z * h + b_z).unaryExpr(sigmoid);
    const MatrixXd c = (w * x.col(t) + u * r.cwiseProduct(h) + b).unaryExpr(tanh);
    h = z.cwiseProduct(h) + (1 - z.array()).matrix().cwiseProduct(c);
    CHECK(MaxError(outputs.col(t), (v * h + b_y).eval()) < 1e-14);
  }
}

TEST_CASE("The derivatives of a GRU are finite differences through time") {
  for (const Index steps : {1, 2, 9}) {
    CAPTURE(steps);
    const Gru gru(2, 4, 3);
    const VectorXd weights = Normals(gru.num_weights(), 4);
    const MatrixXd x = Normals(2 * steps, 5).reshaped(2, steps);
    const MatrixXd cotangents = Normals(3 * steps, 6).reshaped(3, steps);
    const GruTrace trace = gru.Forward(weights, x);
    VectorXd gradient = VectorXd::Zero(gru.num_weights());
    gru.Vjp(weights, trace, cotangents,
            {gradient.data(), static_cast<std::size_t>(gradient.size())});
    const auto sum = [&](const VectorXd& at) {
      return gru.Forward(at, x).outputs.cwiseProduct(cotangents).sum();
    };
    CHECK(testing::GradientError(sum, weights, gradient) < 1e-8);
    CHECK(testing::GradientError(sum, weights, 1.0001 * gradient) > 1e-5);
    const VectorXd direction = Normals(gru.num_weights(), 7);
    const double h = 1e-5;
    const MatrixXd change = (gru.Forward(weights + h * direction, x).outputs -
                             gru.Forward(weights - h * direction, x).outputs) /
                            (2 * h);
    CHECK(MaxError(gru.Jvp(weights, trace, direction), change) < 1e-8);
    // <c, J v> = <J^T c, v>
    CHECK(gru.Jvp(weights, trace, direction).cwiseProduct(cotangents).sum() ==
          doctest::Approx(gradient.dot(direction)).epsilon(1e-12));
  }
}

TEST_CASE("WeightedScore is the gradient of the weighted sum of log_prob, through time") {
  for (const StddevKind stddev : kStddevs) {
    for (const int actions : {1, 2}) {
      CAPTURE(static_cast<int>(stddev));
      CAPTURE(actions);
      GruPolicy policy = MakePolicy(2, actions, 3, {.stddev = stddev});
      const Batch batch = RandomBatch({7, 1, 4}, 2, actions, 2);
      const VectorXd weights = Normals(batch.size(), 8);
      const VectorXd theta = policy.parameters();
      const VectorXd score = policy.WeightedScore(batch, weights);
      const auto sum = [&](const VectorXd& x) {
        policy.SetParameters(x);
        return weights.dot(policy.LogProb(batch));
      };
      CHECK(testing::GradientError(sum, theta, score) < 1e-8);
      CHECK(testing::GradientError(sum, theta, 1.0001 * score) > 1e-5);
    }
  }
}

TEST_CASE("FisherVectorProduct is the Hessian of the mean KL, through time") {
  for (const StddevKind stddev : kStddevs) {
    CAPTURE(static_cast<int>(stddev));
    GruPolicy policy = MakePolicy(1, 2, 2, {.stddev = stddev});
    const Batch batch = RandomBatch({5, 2}, 1, 2, 4);
    const VectorXd theta = policy.parameters();
    const ActionDistributions old = policy.Distributions(batch);
    const auto kl = [&](const VectorXd& x) {
      policy.SetParameters(x);
      return MeanKl(old, policy.Distributions(batch));
    };
    const MatrixXd hessian = testing::NumericalHessian(kl, theta);
    policy.SetParameters(theta);
    MatrixXd fisher(theta.size(), theta.size());
    for (Index i = 0; i < theta.size(); ++i) {
      fisher.col(i) = policy.FisherVectorProduct(batch, VectorXd::Unit(theta.size(), i));
    }
    CHECK(MaxError(fisher, hessian) < 1e-5);
    CHECK(MaxError(fisher, fisher.transpose().eval()) < 1e-14);
    const VectorXd v = Normals(theta.size(), 9);
    CHECK(MaxError(policy.FisherVectorProduct(batch, v), (fisher * v).eval()) < 1e-13);
    CHECK(v.dot(policy.FisherVectorProduct(batch, v)) > 0);
  }
}

TEST_CASE("TrajectoryScores keep trajectories and weight channels apart; threads change no bit") {
  const GruPolicy policy = MakePolicy(2, 2, 4);
  const Batch batch = RandomBatch({5, 1, 20}, 2, 2, 3);
  MatrixXd weights(batch.size(), 2);
  weights.col(0).setOnes();
  weights.col(1) = Normals(batch.size(), 10);
  const auto scores = policy.TrajectoryScores(batch, weights, 1);
  CHECK(policy.TrajectoryScores(batch, weights, 4) == scores);
  const VectorXd v = Normals(policy.num_parameters(), 11);
  CHECK(policy.FisherVectorProduct(batch, v, 4) == policy.FisherVectorProduct(batch, v, 1));
  REQUIRE(scores.size() == 2);
  for (Index c = 0; c < 2; ++c) {
    for (Index i = 0; i < 3; ++i) {
      const Trajectory& trajectory = batch.trajectories[static_cast<std::size_t>(i)];
      Batch alone = EmptyBatch({trajectory.length}, 2, 2);
      alone.CopyRows(0, batch, trajectory.begin, trajectory.length);
      const VectorXd own = weights.col(c).segment(trajectory.begin, trajectory.length);
      CHECK(scores[static_cast<std::size_t>(c)].row(i).transpose() ==
            policy.WeightedScore(alone, own));
    }
  }
}

TEST_CASE("An observation moves the distributions of its step and of those after it") {
  const GruPolicy policy = MakePolicy(2, 1, 4);
  Batch batch = RandomBatch({8, 5}, 2, 1, 5);
  const VectorXd before = policy.Distributions(batch).mean.col(0);
  batch.observations(3, 1) += 0.5f;
  const VectorXd after = policy.Distributions(batch).mean.col(0);
  for (Index t = 0; t < batch.size(); ++t) {
    CAPTURE(t);
    CHECK((before[t] != after[t]) == (t >= 3 && t < 8));
  }
}

TEST_CASE("A rollout carries the memory through an episode and starts the next one without") {
  // Episodes of all lengths in up to sixteen lanes, which do not listen to actions: the noise of
  // step t is (a_t - mean_t) / sd, and the same as that of any other policy.
  const testing::CountingOptions options{
      .length = 40, .random_length = true, .ignore_actions = true};
  Rollout rollout(CountingEnv::Factory(options), 30, 4);
  GaussianPolicy<float> noise_policy(rollout.spec(), {.hidden = {}}, 1);
  noise_policy.SetParameters(VectorXd::Zero(noise_policy.num_parameters()));
  Batch noise, batch;
  rollout.Collect(noise_policy, 900, 0, 1, noise);
  for (const StddevKind stddev : kStddevs) {
    const GruPolicy policy = MakePolicy(2, 1, 5, {.stddev = stddev});
    for (const int threads : {1, 3}) {
      rollout.Collect(policy, 900, 0, threads, batch);
      REQUIRE(batch.size() == noise.size());
      const ActionDistributions distributions = policy.Distributions(batch);
      double error = 0;
      for (Index t = 0; t < batch.size(); ++t) {
        const double sd =
            std::exp(distributions.log_stddev(stddev == StddevKind::kState ? t : 0, 0));
        const double expected =
            distributions.mean(t, 0) + sd * static_cast<double>(noise.sampled_actions(t, 0));
        error =
            std::max(error, std::abs(static_cast<double>(batch.sampled_actions(t, 0)) - expected));
      }
      CHECK(error < 1e-5);
    }
  }
}

TEST_CASE("A new policy has the stated initial distribution") {
  for (const StddevKind stddev : kStddevs) {
    GaussianPolicyOptions options{
        .hidden = {60}, .stddev = stddev, .initial_stddev = 0.7, .output_init_stddev = 0};
    const GruPolicy policy(ToySpec(40, 3), options, 8);
    const Batch batch = RandomBatch({4, 3}, 40, 3, 6);
    const ActionDistributions distributions = policy.Distributions(batch);
    CHECK(distributions.mean.isZero(0));
    CHECK(distributions.log_stddev.isApproxToConstant(std::log(0.7), 1e-13));
    CHECK(policy.MeanStddev(batch) == doctest::Approx(0.7).epsilon(1e-13));
    Index p = 0;
    for (int gate = 0; gate < 3; ++gate) {
      constexpr Index kNumbers = 100 * 60;
      const double measured =
          std::sqrt(policy.parameters().segment(p, kNumbers).array().square().mean());
      // 5 standard errors: false alarm with probability 4e-6.
      CHECK(std::abs(measured / std::sqrt(2.0 / 160) - 1) < 5 / std::sqrt(2.0 * kNumbers));
      p += kNumbers;
      CHECK(policy.parameters().segment(p, 60).isZero(0));
      p += 60;
    }
  }
}

}  // namespace
}  // namespace vime
