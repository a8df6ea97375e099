// The Gaussian policy against closed forms, finite differences and its own samples.
#include "lib/rl/gaussian_policy.h"

#include <doctest/doctest.h>

#include <cmath>
#include <numbers>

#include "lib/bnn/bayesian_network.h"
#include "lib/kernels/kernels.h"
#include "tests/support/gradient_check.h"
#include "tests/support/toy_env.h"

namespace vime {
namespace {

using testing::ActAtStart;
using testing::EmptyBatch;
using testing::MaxError;
using testing::RandomBatch;
using testing::ToySpec;

// Parameters of order one, so that no derivative vanishes.
template <class T>
GaussianPolicy<T> MakePolicy(int observations, int actions, std::vector<std::int64_t> hidden,
                             GaussianPolicyOptions options = {}) {
  options.hidden = std::move(hidden);
  GaussianPolicy<T> policy(ToySpec(observations, actions), options, 3);
  Rng rng({4, Stream::kTest, 0, 0});
  VectorXd theta = policy.parameters();
  for (double& value : theta) value = 0.5 * rng.Normal();
  policy.SetParameters(theta);
  return policy;
}

VectorXd Weights(Index n) {
  Rng rng({5, Stream::kTest, 0, 0});
  VectorXd weights(n);
  for (double& w : weights) w = rng.Normal();
  return weights;
}

const std::vector<std::vector<std::int64_t>> kHidden = {{}, {5}, {4, 3}};
constexpr StddevKind kStddevs[] = {StddevKind::kConstant, StddevKind::kState};

// `n` rows in the same state, with actions drawn by the policy.
template <class T>
Batch Samples(const GaussianPolicy<T>& policy, Index n, int actions, std::uint32_t item) {
  Batch batch = EmptyBatch(std::vector<Index>(static_cast<std::size_t>(n), 1), 2, actions);
  batch.observations.col(0).setConstant(0.3f);
  batch.observations.col(1).setConstant(-0.8f);
  Features<float> noise(n, actions);
  Rng rng({6, Stream::kTest, 0, item});
  for (float& z : noise.reshaped()) z = static_cast<float>(rng.Normal());
  ActAtStart(policy, batch.observations, noise, batch.sampled_actions);
  return batch;
}

// (1/N) sum_t KL[old || policy].
double MeanKlFrom(const Batch& batch, const Policy& old, const Policy& policy) {
  return MeanKl(old.Distributions(batch), policy.Distributions(batch));
}

TEST_CASE("log_prob is the Gaussian density of the sampled action around a tanh network") {
  for (const auto& hidden : kHidden) {
    const auto policy = MakePolicy<double>(3, 2, hidden);
    const Batch batch = RandomBatch({4, 2}, 3, 2, 1);
    const VectorXd log_prob = policy.LogProb(batch);
    for (Index t = 0; t < batch.size(); ++t) {
      // The network once more, with loops.
      std::vector<double> h(3);
      for (Index d = 0; d < 3; ++d) h[static_cast<std::size_t>(d)] = batch.observations(t, d);
      const VectorXd& theta = policy.parameters();
      Index p = 0;
      for (std::size_t l = 0; l <= hidden.size(); ++l) {
        const std::size_t outputs = l < hidden.size() ? static_cast<std::size_t>(hidden[l]) : 2;
        std::vector<double> next(outputs);
        for (const double value : h) {
          for (double& a : next) a += value * theta[p++];
        }
        for (double& a : next) a += theta[p++];
        if (l < hidden.size()) {
          for (double& a : next) a = std::tanh(a);
        }
        h = next;
      }
      double expected = 0;
      for (Index k = 0; k < 2; ++k) {
        const double variance = std::exp(2 * theta[p + k]);
        const double deviation = batch.sampled_actions(t, k) - h[static_cast<std::size_t>(k)];
        expected -=
            0.5 * (std::log(2 * std::numbers::pi * variance) + deviation * deviation / variance);
      }
      CHECK(log_prob[t] == doctest::Approx(expected).epsilon(1e-12));
    }
  }
}

TEST_CASE("Observations are scaled by their bounds before the network sees them") {
  EnvSpec spec = ToySpec(1, 1);
  spec.observation[0] = {"x", 2, 6};
  for (const auto normalization :
       {ObservationNormalization::kBounds, ObservationNormalization::kNone}) {
    GaussianPolicy<double> policy(spec, {.hidden = {}, .observation_normalization = normalization},
                                  1);
    policy.SetParameters(VectorXd{{10, 0, 0}});  // mean = 10 x
    const bool scaled = normalization == ObservationNormalization::kBounds;
    const Features<float> x{{2.0f}, {4.0f}, {6.0f}};
    const Features<double> mean = policy.Mean(x);
    CHECK(mean(0, 0) == doctest::Approx(scaled ? -10 : 20));
    CHECK(mean(1, 0) == doctest::Approx(scaled ? 0 : 40));
    CHECK(mean(2, 0) == doctest::Approx(scaled ? 10 : 60));
  }
}

TEST_CASE("WeightedScore is the gradient of the weighted sum of log_prob") {
  const auto check = [](const std::vector<std::int64_t>& hidden, int actions, StddevKind stddev) {
    CAPTURE(hidden.size());
    CAPTURE(actions);
    CAPTURE(static_cast<int>(stddev));
    auto policy = MakePolicy<double>(2, actions, hidden, {.stddev = stddev});
    const Batch batch = RandomBatch({5, 1, 3}, 2, actions, 2);
    const VectorXd weights = Weights(batch.size());
    const VectorXd theta = policy.parameters();
    const VectorXd score = policy.WeightedScore(batch, weights);
    const auto sum = [&](const VectorXd& x) {
      policy.SetParameters(x);
      return weights.dot(policy.LogProb(batch));
    };
    CHECK(testing::GradientError(sum, theta, score) < 1e-8);
    CHECK(testing::GradientError(sum, theta, 1.0001 * score) > 1e-5);
  };
  for (const auto& hidden : kHidden) {
    for (const StddevKind stddev : kStddevs) {
      check(hidden, 1, stddev);
      check(hidden, 3, stddev);
    }
  }
}

TEST_CASE("The standard deviation of a state is squeezed between its bounds by a tanh") {
  // Without hidden layers and at the observation 0 the outputs are the biases: theta = (w_mean,
  // w_r, mean, r), and log sd = c + h tanh(r/h) with e^(c - h) = 0.01, e^(c + h) = 4.
  GaussianPolicy<double> policy(
      ToySpec(1, 1),
      {.hidden = {}, .stddev = StddevKind::kState, .min_stddev = 0.01, .max_stddev = 4}, 1);
  const Batch batch = EmptyBatch({1});
  const double centre = 0.5 * (std::log(0.01) + std::log(4));
  const double half_width = 0.5 * (std::log(4) - std::log(0.01));
  for (const double r : {-1e3, -5.0, -0.3, 0.0, 0.7, 9.0, 1e3}) {
    CAPTURE(r);
    policy.SetParameters(VectorXd{{0, 0, 0, r}});
    const double log_stddev = policy.Distributions(batch).log_stddev(0, 0);
    CHECK(log_stddev ==
          doctest::Approx(centre + half_width * std::tanh(r / half_width)).epsilon(1e-14));
    CHECK(policy.MeanStddev(batch) == doctest::Approx(std::exp(log_stddev)).epsilon(1e-14));
    CHECK(policy.MeanStddev(batch) >= 0.01 * (1 - 1e-12));
    CHECK(policy.MeanStddev(batch) <= 4 * (1 + 1e-12));
    // The action is the mean, 0, so the score of log sd is -1: that of r is minus the slope, which
    // is 1 in the middle, less towards either bound, never negative.
    const double slope = -policy.WeightedScore(batch, VectorXd::Ones(1))[3];
    CHECK(slope == doctest::Approx(1 - std::pow(std::tanh(r / half_width), 2)).epsilon(1e-13));
    CHECK(slope >= 0);
  }
}

TEST_CASE("A standard deviation that depends on the state differs between states") {
  const auto policy = MakePolicy<double>(2, 2, {5}, {.stddev = StddevKind::kState});
  const Batch batch = RandomBatch({9}, 2, 2, 12);
  const ActionDistributions distributions = policy.Distributions(batch);
  REQUIRE(distributions.log_stddev.rows() == 9);
  REQUIRE(distributions.log_stddev.cols() == 2);
  CHECK(std::abs(distributions.log_stddev(0, 0) - distributions.log_stddev(1, 0)) > 1e-3);
  CHECK(policy.MeanStddev(batch) ==
        doctest::Approx(distributions.log_stddev.array().exp().mean()).epsilon(1e-13));
  // Act draws with the same mean and standard deviation.
  const Features<float> noise = Features<float>::Constant(9, 2, 0.5f);
  Features<float> actions(9, 2);
  ActAtStart(policy, batch.observations, noise, actions);
  const Features<double> expected =
      distributions.mean.array() + 0.5 * distributions.log_stddev.array().exp();
  CHECK(MaxError(actions.cast<double>(), expected) < 1e-6);
}

TEST_CASE("TrajectoryScores keep trajectories and weight channels apart") {
  const auto policy = MakePolicy<double>(2, 2, {4});
  const Batch batch = RandomBatch({5, 1, 20}, 2, 2, 3);
  const Index n = batch.size();
  MatrixXd weights(n, 3);
  weights.col(0).setOnes();
  weights.col(1) = Weights(n);
  weights.col(2).setZero();
  const auto scores = policy.TrajectoryScores(batch, weights, 1);
  REQUIRE(scores.size() == 3);
  CHECK(scores[2].isZero(0));
  for (Index c = 0; c < 2; ++c) {
    const MatrixXd& of_channel = scores[static_cast<std::size_t>(c)];
    REQUIRE(of_channel.rows() == 3);
    CHECK(MaxError(of_channel.colwise().sum().transpose(),
                   policy.WeightedScore(batch, weights.col(c))) < 1e-13);
    for (Index i = 0; i < 3; ++i) {  // the others' weights do not matter
      const Trajectory& trajectory = batch.trajectories[static_cast<std::size_t>(i)];
      VectorXd own = VectorXd::Zero(n);
      own.segment(trajectory.begin, trajectory.length) =
          weights.col(c).segment(trajectory.begin, trajectory.length);
      CHECK(MaxError(of_channel.row(i).transpose(), policy.WeightedScore(batch, own)) < 1e-13);
    }
  }
}

TEST_CASE("FisherVectorProduct is the Hessian of the mean KL, symmetric and not negative") {
  const auto check = [](const std::vector<std::int64_t>& hidden, StddevKind stddev) {
    CAPTURE(hidden.size());
    CAPTURE(static_cast<int>(stddev));
    auto policy = MakePolicy<double>(2, 2, hidden, {.stddev = stddev});
    const Batch batch = RandomBatch({7}, 2, 2, 4);
    const VectorXd theta = policy.parameters();
    const std::unique_ptr<Policy> old = policy.Clone();
    const auto kl = [&](const VectorXd& x) {
      policy.SetParameters(x);
      return MeanKlFrom(batch, *old, policy);
    };
    const MatrixXd hessian = testing::NumericalHessian(kl, theta);
    policy.SetParameters(theta);
    MatrixXd fisher(theta.size(), theta.size());
    for (Index i = 0; i < theta.size(); ++i) {
      fisher.col(i) = policy.FisherVectorProduct(batch, VectorXd::Unit(theta.size(), i));
    }
    CHECK(MaxError(fisher, hessian) < 1e-5);
    CHECK(MaxError(fisher, fisher.transpose().eval()) < 1e-14);
    const VectorXd v = Weights(theta.size());
    CHECK(MaxError(policy.FisherVectorProduct(batch, v), (fisher * v).eval()) < 1e-13);
    CHECK(v.dot(policy.FisherVectorProduct(batch, v)) > 0);
  };
  for (const auto& hidden : kHidden) {
    for (const StddevKind stddev : kStddevs) check(hidden, stddev);
  }
}

TEST_CASE("The Fisher information is the covariance of the score") {
  // Over all entries within 6 standard errors: false alarm below 1e-6.
  for (const StddevKind stddev : kStddevs) {
    const auto policy = MakePolicy<double>(2, 1, {2}, {.stddev = stddev});
    constexpr Index kDraws = 20000;
    const Batch batch = Samples(policy, kDraws, 1, 1);
    const MatrixXd scores = policy.TrajectoryScores(batch, VectorXd::Ones(kDraws), 1).front();
    for (Index i = 0; i < scores.cols(); ++i) {
      const VectorXd row = policy.FisherVectorProduct(batch, VectorXd::Unit(scores.cols(), i));
      for (Index j = 0; j < scores.cols(); ++j) {
        const Eigen::ArrayXd products = scores.col(i).array() * scores.col(j).array();
        const double sd = std::sqrt((products - products.mean()).square().mean());
        CHECK(std::abs(products.mean() - row[j]) <= 6 * sd / std::sqrt(kDraws) + 1e-12);
      }
    }
  }
}

TEST_CASE("MeanKl to itself is zero, otherwise the mean of log ratios under the old policy") {
  for (const StddevKind stddev : kStddevs) {
    const auto old = MakePolicy<double>(2, 2, {3}, {.stddev = stddev});
    auto policy = old;
    constexpr Index kDraws = 50000;
    const Batch batch = Samples(old, kDraws, 2, 2);
    CHECK(MeanKlFrom(batch, old, policy) == 0);
    VectorXd theta = old.parameters();
    for (double& value : theta) value += 0.2;
    policy.SetParameters(theta);
    const Eigen::ArrayXd ratio = (old.LogProb(batch) - policy.LogProb(batch)).array();
    const double sd = std::sqrt((ratio - ratio.mean()).square().mean());
    const double kl = MeanKlFrom(batch, old, policy);
    CHECK(kl > 0.01);
    // 5 standard errors: false alarm with probability 6e-7.
    CHECK(std::abs(ratio.mean() - kl) < 5 * sd / std::sqrt(kDraws));
    CHECK(std::abs(kl - MeanKlFrom(batch, policy, old)) >
          1e-3);  // not symmetric: the order matters
  }
}

TEST_CASE("MeanKl is the closed form for two Gaussians, first the old one") {
  // Without hidden layers and at the observation 0 the mean is the bias: theta = (w, b, log sd).
  GaussianPolicy<double> old(ToySpec(1, 1), {.hidden = {}}, 1);
  GaussianPolicy<double> policy = old;
  old.SetParameters(VectorXd{{0, 0.3, std::log(0.5)}});
  policy.SetParameters(VectorXd{{0, 1, std::log(2)}});
  const Batch batch = EmptyBatch({3});
  // log(s2/s1) + (s1^2 + (m1 - m2)^2) / (2 s2^2) - 1/2
  CHECK(MeanKlFrom(batch, old, policy) ==
        doctest::Approx(std::log(4) + (0.25 + 0.49) / 8 - 0.5).epsilon(1e-14));
  CHECK(MeanKlFrom(batch, policy, old) ==
        doctest::Approx(-std::log(4) + (4 + 0.49) / 0.5 - 0.5).epsilon(1e-14));
}

TEST_CASE("The expected score is zero") {
  const auto policy = MakePolicy<double>(2, 2, {3});
  constexpr Index kDraws = 50000;
  const Batch batch = Samples(policy, kDraws, 2, 3);
  const MatrixXd scores = policy.TrajectoryScores(batch, VectorXd::Ones(kDraws), 1).front();
  for (Index k = 0; k < scores.cols(); ++k) {
    // 5 standard errors, 17 parameters: false alarm with probability 1e-5.
    CHECK(std::abs(scores.col(k).mean()) <
          5 * std::sqrt(scores.col(k).array().square().mean() / kDraws));
  }
}

TEST_CASE("Samples have the mean and the standard deviation of the policy") {
  const auto policy = MakePolicy<float>(2, 2, {3});
  constexpr Index kDraws = 50000;
  const Batch batch = Samples(policy, kDraws, 2, 4);
  const Features<float> mean = policy.Mean(batch.observations.topRows(1));
  for (Index k = 0; k < 2; ++k) {
    const Eigen::ArrayXd a = batch.sampled_actions.col(k).cast<double>().array();
    const double sd = static_cast<double>(policy.stddev()[k]);
    const double measured = std::sqrt((a - a.mean()).square().mean());
    // 5 standard errors each: false alarm with probability 3e-6.
    CHECK(std::abs(a.mean() - static_cast<double>(mean(0, k))) < 5 * sd / std::sqrt(kDraws));
    CHECK(std::abs(measured / sd - 1) < 5 / std::sqrt(2.0 * kDraws));
  }
}

TEST_CASE("Zero noise gives the mean action") {
  const auto check = [](const auto& policy) {
    const Batch batch = RandomBatch({37}, 3, 2, 5);
    const Features<float> noise = Features<float>::Zero(37, 2);
    Features<float> actions(37, 2);
    ActAtStart(policy, batch.observations, noise, actions);
    CHECK(actions == policy.Mean(batch.observations).template cast<float>());
  };
  check(MakePolicy<float>(3, 2, {8}));
  check(MakePolicy<double>(3, 2, {8}));
}

TEST_CASE("Single and double precision agree to the accuracy of float") {
  const auto check = [](const std::vector<std::int64_t>& hidden, StddevKind stddev) {
    const auto single = MakePolicy<float>(3, 2, hidden, {.stddev = stddev});
    const auto exact = MakePolicy<double>(3, 2, hidden, {.stddev = stddev});
    const Batch batch = RandomBatch({40, 7, 1}, 3, 2, 6);
    const VectorXd weights = Weights(batch.size());
    CHECK(MaxError(single.Mean(batch.observations).cast<double>(), exact.Mean(batch.observations)) <
          1e-6);
    CHECK(MaxError(single.LogProb(batch), exact.LogProb(batch)) < 1e-5);
    CHECK(MaxError(single.WeightedScore(batch, weights), exact.WeightedScore(batch, weights)) <
          1e-5);
    const VectorXd v = Weights(exact.num_parameters());
    CHECK(MaxError(single.FisherVectorProduct(batch, v), exact.FisherVectorProduct(batch, v)) <
          1e-5);
  };
  for (const auto& hidden : kHidden) {
    for (const StddevKind stddev : kStddevs) check(hidden, stddev);
  }
}

TEST_CASE("Threads and instruction sets change no bit of actions and scores") {
  for (const StddevKind stddev : kStddevs) {
    const auto policy = MakePolicy<float>(3, 2, {32, 5}, {.stddev = stddev});
    const Batch batch = RandomBatch({40, 7, 1, 16, 33}, 3, 2, 7);
    const VectorXd weights = Weights(batch.size());
    const VectorXd v = Weights(policy.num_parameters());
    const MatrixXd scores = policy.TrajectoryScores(batch, weights, 1).front();
    const VectorXd product = policy.FisherVectorProduct(batch, v);
    const ActionDistributions distributions = policy.Distributions(batch);
    CHECK(policy.TrajectoryScores(batch, weights, 4).front() == scores);
    for (const std::string_view name : AvailableKernels()) {
      CAPTURE(name);
      SelectKernels(name);
      CHECK(policy.TrajectoryScores(batch, weights, 4).front() == scores);
      CHECK(policy.FisherVectorProduct(batch, v) == product);
      CHECK(policy.Distributions(batch).mean == distributions.mean);
      CHECK(policy.Distributions(batch).log_stddev == distributions.log_stddev);
    }
    SelectKernels("auto");
  }
}

TEST_CASE("The score of a trajectory does not depend on where it lies in the batch") {
  const auto policy = MakePolicy<float>(2, 1, {8});
  const Batch batch = RandomBatch({5, 19, 3}, 2, 1, 8);
  Batch alone = EmptyBatch({19}, 2, 1);
  alone.CopyRows(0, batch, 5, 19);
  const auto together = policy.TrajectoryScores(batch, VectorXd::Ones(batch.size()), 1).front();
  const auto single = policy.TrajectoryScores(alone, VectorXd::Ones(19), 1).front();
  CHECK(together.row(1) == single.row(0));
}

TEST_CASE("Setting parameters keeps standard deviations within their bounds") {
  GaussianPolicy<double> policy(ToySpec(1, 3), {.hidden = {}, .min_stddev = 0.1, .max_stddev = 2},
                                1);
  VectorXd theta = policy.parameters();
  theta.tail(3) << -50, 0.5, 50;
  policy.SetParameters(theta);
  CHECK(policy.stddev()[0] == doctest::Approx(0.1).epsilon(1e-14));
  CHECK(policy.stddev()[1] == doctest::Approx(std::exp(0.5)).epsilon(1e-14));
  CHECK(policy.stddev()[2] == doctest::Approx(2).epsilon(1e-14));
  CHECK(policy.MeanStddev(EmptyBatch({1}, 1, 3)) ==
        doctest::Approx((0.1 + std::exp(0.5) + 2) / 3).epsilon(1e-14));
  CHECK(policy.parameters().tail(3).isApprox(VectorXd{{std::log(0.1), 0.5, std::log(2)}}, 1e-14));
  CHECK(policy.parameters().head(6) == theta.head(6));
}

TEST_CASE("A new policy has the stated initial distribution") {
  GaussianPolicyOptions options;
  options.hidden = {200, 100};
  options.initial_stddev = 0.7;
  options.output_init_stddev = 0.05;
  const GaussianPolicy<double> policy(ToySpec(50, 40), options, 8);
  const VectorXd& theta = policy.parameters();
  Index p = 0;
  for (std::size_t l = 0; l < 3; ++l) {
    const int in = policy.sizes()[l];
    const int out = policy.sizes()[l + 1];
    const Index n = Index{in} * out;
    const double sd = l == 2 ? 0.05 : std::sqrt(2.0 / (in + out));
    const double measured = std::sqrt(theta.segment(p, n).array().square().mean());
    // 5 standard errors: false alarm with probability 2e-6.
    CHECK(std::abs(measured / sd - 1) < 5 / std::sqrt(2.0 * static_cast<double>(n)));
    p += n;
    CHECK(theta.segment(p, out).isZero(0));
    p += out;
  }
  CHECK(theta.tail(40).isApproxToConstant(std::log(0.7), 1e-14));
  options.stddev = StddevKind::kState;
  options.output_init_stddev = 0;
  const GaussianPolicy<double> state(ToySpec(50, 40), options, 8);
  CHECK(state.num_parameters() == theta.size() + 40 * 100);  // weights; biases replace parameters
  CHECK(state.Distributions(RandomBatch({5}, 50, 40, 13))
            .log_stddev.isApproxToConstant(std::log(0.7), 1e-13));
  options.stddev = StddevKind::kConstant;
  options.output_init_stddev = 0.05;
  const GaussianPolicy<double> same(ToySpec(50, 40), options, 8);
  const GaussianPolicy<double> other(ToySpec(50, 40), options, 9);
  CHECK(theta == same.parameters());
  CHECK(theta != other.parameters());
}

TEST_CASE("Running normalisation uses the moments of everything observed") {
  auto policy = MakePolicy<double>(
      2, 1, {3}, {.observation_normalization = ObservationNormalization::kRunning});
  CHECK(policy.scaling().offset() == VectorXd::Zero(2));
  CHECK(policy.scaling().scale() == VectorXd::Ones(2));
  Batch first = RandomBatch({30, 11}, 2, 1, 9);
  first.observations.col(1).array() += 100;
  Batch second = RandomBatch({50}, 2, 1, 10);
  second.observations.col(1).array() += 101;
  policy.ObserveBatch(first);
  policy.ObserveBatch(second);
  MatrixXd all(first.size() + second.size(), 2);
  all << first.observations.cast<double>(), second.observations.cast<double>();
  const VectorXd mean = all.colwise().mean().transpose();
  const VectorXd variance =
      (all.rowwise() - mean.transpose()).array().square().colwise().mean().transpose();
  CHECK(MaxError(policy.scaling().offset(), mean) < 1e-13);
  CHECK(MaxError(policy.scaling().scale(), variance.array().rsqrt().matrix().eval()) < 1e-10);

  auto fixed = MakePolicy<double>(2, 1, {3});
  const VectorXd scale = fixed.scaling().scale();
  fixed.ObserveBatch(first);
  CHECK(fixed.scaling().scale() == scale);
}

TEST_CASE("A clone is independent of its original") {
  auto policy = MakePolicy<double>(2, 1, {3});
  const std::unique_ptr<Policy> clone = policy.Clone();
  const VectorXd theta = policy.parameters();
  policy.SetParameters(VectorXd::Zero(theta.size()));
  CHECK(clone->parameters() == theta);
}

}  // namespace
}  // namespace vime
