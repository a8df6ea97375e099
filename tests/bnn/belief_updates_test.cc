// The rivals of the information gain against their definitions.
#include "lib/bnn/belief_updates.h"

#include <doctest/doctest.h>

#include <cmath>

#include "lib/kernels/kernels.h"
#include "tests/support/gradient_check.h"

namespace vime {
namespace {

using testing::MaxError;

constexpr Index kRows = 300;  // more than one chunk of work

struct Problem {
  BayesianNetwork<double> network;
  Features<double> x, y;
};

Problem MakeProblem(std::vector<int> sizes = {3, 6, 2}, Activation activation = Activation::kRelu) {
  const NetworkShape shape{std::move(sizes), activation};
  const Index n = shape.num_parameters();
  Rng rng({21, Stream::kTest, 0, 0});
  const auto normals = [&](Index size) {
    VectorXd v(size);
    for (double& value : v) value = rng.Normal();
    return v;
  };
  const VectorXd mean = 0.5 * normals(n);
  const VectorXd stddev = 0.1 + 0.2 * normals(n).array().abs();
  Problem problem{
      BayesianNetwork<double>(shape, DiagonalGaussian<double>::FromStandardDeviation(mean, stddev),
                              VectorXd::Constant(n, 0.7), VectorXd{{0.6, 1.3}}),
      Features<double>(kRows, shape.num_inputs()), Features<double>(kRows, 2)};
  problem.x.reshaped() = normals(problem.x.size());
  problem.y.reshaped() = normals(problem.y.size());
  return problem;
}

Noise<double> LocalNoise(const Problem& problem, std::uint32_t item = 0) {
  return MakeNoise<double>(problem.network.shape(), Sampling::kLocal, 10,
                           {3, Stream::kTest, 0, item});
}

Noise<double> Moments(const Problem& problem) {
  return MakeNoise<double>(problem.network.shape(), Sampling::kMoments, 1, {});
}

TEST_CASE("A chain of one row is the information gain, the second row starts where it led") {
  const Problem p = MakeProblem();
  const InformationGainOptions options{.form = GainForm::kExact, .step_size = 0.1};
  const Features<double> stddev =
      (0.5 + p.y.array().abs()).matrix();  // any positive numbers, one per row and output
  const Features<double>* none = nullptr;
  for (const Features<double>* row_stddev : {none, &stddev}) {
    for (const Noise<double>& noise : {LocalNoise(p), Moments(p)}) {
      std::vector<RowRange> single, pairs;
      for (Index b = 0; b < kRows; ++b) single.push_back({b, 1});
      for (Index b = 0; b < kRows; b += 2) pairs.push_back({b, 2});
      const auto chained = [&](const std::vector<RowRange>& sequences, int threads) {
        return ChainedInformationGain<double>(p.network, p.x, p.y, sequences, options, noise,
                                              threads, row_stddev);
      };
      const VectorXd gain =
          InformationGain<double>(p.network, p.x, p.y, options, noise, 1, row_stddev);
      CHECK(chained(single, 1) == gain);
      const VectorXd pair = chained(pairs, 3);
      CHECK(pair == chained(pairs, 1));
      for (Index b = 0; b < kRows; b += 14) {
        CHECK(pair[b] == gain[b]);
        Noise<double> first = noise;
        first.key.item += static_cast<std::uint32_t>(b);
        Features<double> own;
        if (row_stddev != nullptr) own = row_stddev->row(b);
        const auto q = NewtonStep<double>(p.network, p.x.row(b), p.y.row(b), options.step_size,
                                          first, row_stddev != nullptr ? &own : nullptr);
        BayesianNetwork<double> after = p.network;
        after.phi() << q.mean, q.rho;
        after.Refresh();
        CHECK(pair[b + 1] ==
              InformationGain<double>(after, p.x, p.y, options, noise, 1, row_stddev)[b + 1]);
      }
    }
  }
}

TEST_CASE("Along a chain the same transition gains less each time") {
  Problem p = MakeProblem();
  for (Index b = 1; b < kRows; ++b) {
    p.x.row(b) = p.x.row(0);
    p.y.row(b) = p.y.row(0);
  }
  const RowRange whole{0, kRows};
  const VectorXd gain = ChainedInformationGain<double>(
      p.network, p.x, p.y, {&whole, 1}, {.form = GainForm::kTaylor, .step_size = 0.05}, Moments(p));
  for (Index b = 1; b < kRows; ++b) CHECK(gain[b] < gain[b - 1]);
  CHECK(gain[kRows - 1] < 0.1 * gain[0]);
}

TEST_CASE("The gain in log likelihood is 2/lambda of the Taylor form, to first order in lambda") {
  const Problem p = MakeProblem();
  for (const Noise<double>& noise : {LocalNoise(p), Moments(p)}) {
    const auto error = [&](double lambda) {
      const VectorXd gain = LogLikelihoodGain<double>(p.network, p.x, p.y, lambda, noise);
      const VectorXd taylor = InformationGain<double>(
          p.network, p.x, p.y, {.form = GainForm::kTaylor, .step_size = lambda}, noise);
      return MaxError(gain, (2 / lambda * taylor).eval());
    };
    CHECK(error(1e-4) < 1e-2);
    CHECK(error(1e-4) < 0.2 * error(1e-3));
  }
}

TEST_CASE("The gain in log likelihood is the difference of two likelihoods") {
  const Problem p = MakeProblem();
  const Noise<double> noise = Moments(p);
  const VectorXd gain = LogLikelihoodGain<double>(p.network, p.x, p.y, 0.1, noise);
  for (const Index b : {Index{0}, kRows - 1}) {
    const Features<double> x = p.x.row(b);
    const Features<double> y = p.y.row(b);
    BayesianNetwork<double> after = p.network;
    const auto q = NewtonStep<double>(p.network, x, y, 0.1, noise);
    after.phi() << q.mean, q.rho;
    after.Refresh();
    const auto log_likelihood = [&](const BayesianNetwork<double>& network) {
      return ComputeNegativeElbo<double>(network, x, y, 0, noise).log_likelihood[0];
    };
    CHECK(gain[b] ==
          doctest::Approx(log_likelihood(after) - log_likelihood(p.network)).epsilon(1e-12));
  }
}

TEST_CASE("One gradient step moves the belief by lambda times the gradient of the likelihood") {
  const Problem p = MakeProblem();
  const Noise<double> noise = LocalNoise(p);
  const double lambda = 0.01;
  const VectorXd gain = GradientStepsGain<double>(p.network, p.x, p.y, 1, lambda, noise);
  Noise<double> row_noise = noise;
  row_noise.key.item += 5;
  const Features<double> x = p.x.row(5);
  const Features<double> y = p.y.row(5);
  const VectorXd gradient = ComputeNegativeElbo<double>(p.network, x, y, 0, row_noise).gradient;
  DiagonalGaussian<double> q = p.network.posterior();
  q.mean -= lambda * gradient.head(q.size());
  q.rho -= lambda * gradient.tail(q.size());
  CHECK(gain[5] == doctest::Approx(KlDivergence(q, p.network.posterior())).epsilon(1e-12).scale(0));
}

// The measures as their definitions say, one row and one network at a time.
struct ByDefinition {
  const Problem& p;
  Features<double> x, y;
  Noise<double> noise;

  ByDefinition(const Problem& problem, const Noise<double>& all, Index b)
      : p(problem), x(problem.x.row(b)), y(problem.y.row(b)), noise(all) {
    noise.key.item += static_cast<std::uint32_t>(b);
  }

  double LogLikelihoodGain(double lambda) const {
    const auto log_likelihood = [&](const BayesianNetwork<double>& network) {
      return ComputeNegativeElbo<double>(network, x, y, 0, noise).log_likelihood[0];
    };
    BayesianNetwork<double> after = p.network;
    const auto q = NewtonStep<double>(p.network, x, y, lambda, noise);
    after.phi() << q.mean, q.rho;
    after.Refresh();
    return log_likelihood(after) - log_likelihood(p.network);
  }

  double GradientStepsGain(int steps, double lambda) const {
    const DiagonalGaussian<double> start = p.network.posterior();
    const VectorXd sigma = start.StandardDeviation();
    BayesianNetwork<double> moved = p.network;
    for (int k = 0; k < steps; ++k) {
      VectorXd gradient = ComputeNegativeElbo<double>(moved, x, y, 0, noise).gradient;
      const DiagonalGaussian<double> q = moved.posterior();
      const VectorXd stddev = q.StandardDeviation();
      for (Index i = 0; i < q.size(); ++i) {
        const double variance = sigma[i] * sigma[i];
        gradient[i] += (q.mean[i] - start.mean[i]) / variance;
        gradient[q.size() + i] += (stddev[i] / variance - 1 / stddev[i]) * Sigmoid(q.rho[i]);
      }
      moved.phi() -= lambda * gradient;
      moved.Refresh();
    }
    return KlDivergence(moved.posterior(), start);
  }
};

TEST_CASE("Networks of every depth, and rows of every chunk, are measured by the definitions") {
  const Problem problems[] = {MakeProblem(), MakeProblem({3, 5, 4, 2}, Activation::kTanh),
                              MakeProblem({3, 4, 3, 3, 2}), MakeProblem({3, 2})};
  for (const Problem& p : problems) {
    for (const Sampling sampling : {Sampling::kLocal, Sampling::kDirect}) {
      const NoiseKey key{3, Stream::kTest, 0, 0};
      const auto noise = MakeNoise<double>(p.network.shape(), sampling, 5, key);
      const VectorXd likelihood = LogLikelihoodGain<double>(p.network, p.x, p.y, 0.1, noise, 2);
      const VectorXd steps = GradientStepsGain<double>(p.network, p.x, p.y, 3, 1e-3, noise, 2);
      for (const Index b : {Index{0}, Index{17}, Index{256}, kRows - 1}) {
        CAPTURE(b);
        const ByDefinition row(p, noise, b);
        CHECK(likelihood[b] == doctest::Approx(row.LogLikelihoodGain(0.1)).epsilon(1e-9).scale(0));
        CHECK(steps[b] == doctest::Approx(row.GradientStepsGain(3, 1e-3)).epsilon(1e-8).scale(0));
      }
    }
  }
}

TEST_CASE("Gradient steps descend KL[q || q_0] - E_q[log p]: the KL holds them back") {
  const Problem p = MakeProblem();
  const Noise<double> noise = Moments(p);
  const Features<double> x = p.x.row(3);
  const Features<double> y = p.y.row(3);
  const auto gain = [&](int steps) {
    return GradientStepsGain<double>(p.network, x, y, steps, 1e-3, noise)[0];
  };
  CHECK(gain(0) == 0);
  CHECK(gain(1) > 0);
  CHECK(gain(5) > gain(1));
  // At the minimum of the loss a further step changes nothing.
  CHECK(gain(20001) == doctest::Approx(gain(20000)).epsilon(1e-6).scale(0));
}

TEST_CASE("In float the gains are those in double, and every kernel gives the same bits") {
  const Problem p = MakeProblem();
  const NetworkShape& shape = p.network.shape();
  const DiagonalGaussian<double> q = p.network.posterior();
  const BayesianNetwork<float> network(shape, {q.mean.cast<float>(), q.rho.cast<float>()},
                                       p.network.prior_stddev().cast<float>(),
                                       p.network.likelihood_stddev().cast<float>());
  const Features<float> x = p.x.cast<float>();
  const Features<float> y = p.y.cast<float>();
  for (const Sampling sampling : {Sampling::kLocal, Sampling::kDirect, Sampling::kMoments}) {
    const NoiseKey key{3, Stream::kTest, 0, 0};
    const auto noise = MakeNoise<float>(shape, sampling, 10, key);
    const auto exact_noise = MakeNoise<double>(shape, sampling, 10, key);
    const auto likelihood = [&] { return LogLikelihoodGain<float>(network, x, y, 0.1, noise); };
    const auto steps = [&] { return GradientStepsGain<float>(network, x, y, 4, 1e-3, noise); };
    const VectorXd exact_likelihood =
        LogLikelihoodGain<double>(p.network, p.x, p.y, 0.1, exact_noise);
    const VectorXd exact_steps =
        GradientStepsGain<double>(p.network, p.x, p.y, 4, 1e-3, exact_noise);
    CHECK(likelihood().cast<double>().isApprox(exact_likelihood, 1e-5));
    CHECK(steps().cast<double>().isApprox(exact_steps, 1e-5));
    const Vector<float> first_likelihood = likelihood();
    const Vector<float> first_steps = steps();
    for (const std::string_view name : AvailableKernels()) {
      CAPTURE(name);
      SelectKernels(name);
      CHECK(likelihood() == first_likelihood);
      CHECK(steps() == first_steps);
    }
    SelectKernels("auto");
  }
}

TEST_CASE("Predictive moments are those of the samples, and in closed form those of q") {
  const Problem p = MakeProblem();
  const Noise<double> noise = LocalNoise(p);
  const auto samples = Predict<double>(p.network, p.x, noise);
  const auto moments = Predictive<double>(p.network, p.x, noise);
  Features<double> mean = Features<double>::Zero(kRows, 2);
  for (const auto& sample : samples) mean += sample / 10;
  Features<double> variance = Features<double>::Zero(kRows, 2);
  for (const auto& sample : samples) variance += (sample - mean).cwiseAbs2() / 10;
  CHECK(MaxError(moments.mean, mean) < 1e-13);
  CHECK(MaxError(moments.variance, variance) < 1e-12);

  // 4,000 samples of the local form: a variance is within 5 standard errors, about 11 % (false
  // alarm below 1e-4 over all entries).
  const Features<double> few = p.x.topRows(50);
  const auto many = Predictive<double>(
      p.network, few,
      MakeNoise<double>(p.network.shape(), Sampling::kLocal, 4000, {4, Stream::kTest, 0, 0}));
  const auto exact = Predictive<double>(p.network, few, Moments(p));
  CHECK(((many.variance - exact.variance).array().abs() < 0.15 * exact.variance.array()).all());
  CHECK((exact.variance.array() > 0).all());
}

TEST_CASE("A row is measured the same alone as among others, by any number of threads") {
  const Problem p = MakeProblem();
  const Noise<double> noise = LocalNoise(p, 100);
  const auto measures = [&](const Features<double>& x, const Features<double>& y,
                            const Noise<double>& eps, int threads) {
    MatrixXd all(x.rows(), 3);
    all.col(0) = LogLikelihoodGain<double>(p.network, x, y, 0.01, eps, threads);
    all.col(1) = GradientStepsGain<double>(p.network, x, y, 3, 0.01, eps, threads);
    all.col(2) = ReleasedFastKl<double>(p.network, x, y, 0.01, eps, threads);
    return all;
  };
  const MatrixXd together = measures(p.x, p.y, noise, 1);
  CHECK(measures(p.x, p.y, noise, 3) == together);
  Noise<double> last = noise;
  last.key.item += kRows - 1;
  CHECK(measures(p.x.bottomRows(1), p.y.bottomRows(1), last, 1) == together.bottomRows(1));
}

}  // namespace
}  // namespace vime
