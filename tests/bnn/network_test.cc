// The Bayesian network against theory: finite differences, closed forms, Monte Carlo with a stated
// probability of false alarm, and an independent implementation.
#include <doctest/doctest.h>

#include <cmath>

#include "lib/bnn/bayesian_network.h"
#include "lib/kernels/kernels.h"
#include "tests/bnn/eigen_reference.h"

namespace vime {
namespace {

template <class T>
struct Problem {
  BayesianNetwork<T> network;
  Features<T> x, y;
};

// A network with random belief and random rows, the same numbers in float and in double.
template <class T>
Problem<T> RandomProblem(std::vector<int> sizes, Activation activation, Index rows,
                         double likelihood_stddev = 0.7) {
  NetworkShape shape{std::move(sizes), activation};
  const int n = shape.num_parameters();
  Rng rng({11, Stream::kTest, static_cast<std::uint32_t>(n), 0});
  const auto draw = [&](double scale, double offset) {
    return static_cast<T>(static_cast<float>(offset + scale * rng.Normal()));
  };
  DiagonalGaussian<T> q{Vector<T>(n), Vector<T>(n)};
  for (T& mean : q.mean) mean = draw(0.6, 0);
  for (T& rho : q.rho) rho = draw(0.5, -1.5);
  Features<T> x(rows, shape.num_inputs());
  Features<T> y(rows, shape.num_outputs());
  for (T& value : x.reshaped()) value = draw(1, 0);
  for (T& value : y.reshaped()) value = draw(1, 0);
  const int outputs = shape.num_outputs();
  return {BayesianNetwork<T>(shape, q, Vector<T>::Constant(n, static_cast<T>(0.5)),
                             Vector<T>::Constant(outputs, static_cast<T>(likelihood_stddev))),
          x, y};
}

constexpr NoiseKey kKey{5, Stream::kTest, 1, 0};

TEST_CASE("Arguments that do not fit the network are refused before a kernel reads them") {
  const auto p = RandomProblem<double>({3, 6, 2}, Activation::kRelu, 4);
  const auto gain = [](const Problem<double>& problem, const Features<double>& x,
                       const Features<double>& y, const Noise<double>& noise) {
    InformationGain<double>(problem.network, x, y, {}, noise);
    ComputeNegativeElbo<double>(problem.network, x, y, 0, noise);
    Predict<double>(problem.network, x, noise);
  };
  const auto noise = [&](Sampling sampling) {
    return MakeNoise<double>(p.network.shape(), sampling, 3, kKey);
  };
  for (const Sampling sampling : {Sampling::kMoments, Sampling::kLocal, Sampling::kDirect}) {
    CHECK_NOTHROW(gain(p, p.x, p.y, noise(sampling)));
    CHECK_THROWS_AS(gain(p, p.x.leftCols(2), p.y, noise(sampling)), std::logic_error);
    CHECK_THROWS_AS(gain(p, p.x, p.y.leftCols(1), noise(sampling)), std::logic_error);
    CHECK_THROWS_AS(gain(p, p.x, p.y.topRows(3), noise(sampling)), std::logic_error);
  }
  Noise<double> some = noise(Sampling::kDirect);
  some.values.conservativeResize(some.values.size() - 1);
  CHECK_THROWS_AS(gain(p, p.x, p.y, some), std::logic_error);
  some = noise(Sampling::kLocal);
  some.values = NormalSequence<double>(kKey, 3 * 8 - 1);  // one per unit and sample
  CHECK_THROWS_AS(gain(p, p.x, p.y, some), std::logic_error);
  some.values = NormalSequence<double>(kKey, 3 * 8 * 4 - 1);
  some.row_stride = 4;
  CHECK_THROWS_AS(gain(p, p.x, p.y, some), std::logic_error);

  // There are no closed-form moments of these.
  for (const auto& other : {RandomProblem<double>({3, 6, 5, 2}, Activation::kRelu, 4),
                            RandomProblem<double>({3, 6, 2}, Activation::kTanh, 4),
                            RandomProblem<double>({3, 2}, Activation::kRelu, 4)}) {
    CHECK_THROWS_AS(gain(other, other.x, other.y, noise(Sampling::kMoments)), std::logic_error);
  }
}

TEST_CASE("The ELBO gradient equals central differences for every way of sampling") {
  struct Setting {
    std::vector<int> sizes;
    Activation activation;
    Sampling sampling;
  };
  for (const Setting& setting : {
           Setting{{3, 7, 2}, Activation::kRelu, Sampling::kMoments},
           Setting{{2, 5, 3}, Activation::kTanh, Sampling::kLocal},
           Setting{{2, 4, 5, 1}, Activation::kTanh, Sampling::kLocal},
           Setting{{2, 4, 5, 1}, Activation::kTanh, Sampling::kDirect},
           Setting{{3, 2}, Activation::kRelu, Sampling::kLocal},
       }) {
    auto problem = RandomProblem<double>(setting.sizes, setting.activation, 6);
    BayesianNetwork<double>& network = problem.network;
    const auto noise = MakeNoise<double>(network.shape(), setting.sampling, 3, kKey);
    const auto loss = [&] {
      network.Refresh();
      return ComputeNegativeElbo<double>(network, problem.x, problem.y, 0.3, noise);
    };
    const VectorXd gradient = loss().gradient;
    for (Index p = 0; p < gradient.size(); ++p) {
      const double h = 1e-5;
      const double at = network.phi()[p];
      network.phi()[p] = at + h;
      const double above = loss().loss;
      network.phi()[p] = at - h;
      const double below = loss().loss;
      network.phi()[p] = at;
      CHECK(std::abs((above - below) / (2 * h) - gradient[p]) < 1e-6 * (1 + std::abs(gradient[p])));
    }
    network.Refresh();
  }
}

// Standard deviations of the likelihood that differ from row to row.
template <class T>
Features<T> RowStddev(Index rows, Index outputs) {
  Features<T> stddev(rows, outputs);
  for (Index o = 0; o < outputs; ++o) {
    for (Index b = 0; b < rows; ++b) {
      stddev(b, o) = static_cast<T>(0.25) * static_cast<T>(1 + (3 * b + 2 * o) % 7);
    }
  }
  return stddev;
}

// 37 rows are two full packs of sixteen and a part of one; gains use chunks of rows as well.
TEST_CASE_TEMPLATE("A row with its own likelihood counts as in a network with that likelihood", T,
                   float, double) {
  constexpr Index kRows = 37;
  const auto problem = RandomProblem<T>({3, 6, 2}, Activation::kRelu, kRows);
  const BayesianNetwork<T>& network = problem.network;
  const Features<T> stddev = RowStddev<T>(kRows, 2);
  for (const Sampling sampling : {Sampling::kMoments, Sampling::kLocal, Sampling::kDirect}) {
    CAPTURE(static_cast<int>(sampling));
    const auto noise = MakeNoise<T>(network.shape(), sampling, 3, kKey);
    for (const GainForm form : {GainForm::kTaylor, GainForm::kExact, GainForm::kExactReversed}) {
      const InformationGainOptions options{.form = form, .step_size = 0.01};
      const Vector<T> gain =
          InformationGain<T>(network, problem.x, problem.y, options, noise, 2, &stddev);
      const auto parts = ComputeNegativeElbo<T>(network, problem.x, problem.y, 0, noise, &stddev);
      for (Index b = 0; b < kRows; ++b) {
        const BayesianNetwork<T> own(network.shape(), network.posterior(), network.prior_stddev(),
                                     stddev.row(b).transpose());
        CHECK(gain[b] == InformationGain<T>(own, problem.x, problem.y, options, noise)[b]);
        CHECK(parts.log_likelihood[b] ==
              ComputeNegativeElbo<T>(own, problem.x, problem.y, 0, noise).log_likelihood[b]);
      }
    }
  }
}

TEST_CASE("With likelihoods of their own the gradient of the rows equals central differences") {
  auto problem = RandomProblem<double>({3, 7, 2}, Activation::kRelu, 6);
  BayesianNetwork<double>& network = problem.network;
  const Features<double> stddev = RowStddev<double>(6, 2);
  for (const Sampling sampling : {Sampling::kMoments, Sampling::kLocal}) {
    const auto noise = MakeNoise<double>(network.shape(), sampling, 3, kKey);
    const auto evaluate = [&] {
      network.Refresh();
      return ComputeNegativeElbo<double>(network, problem.x, problem.y, 0, noise, &stddev);
    };
    const VectorXd gradient = evaluate().gradient;
    for (Index p = 0; p < gradient.size(); ++p) {
      const double h = 1e-5;
      const double at = network.phi()[p];
      network.phi()[p] = at + h;
      const VectorXd above = evaluate().log_likelihood;
      network.phi()[p] = at - h;
      const VectorXd below = evaluate().log_likelihood;
      network.phi()[p] = at;
      CHECK(std::abs((below - above).sum() / (2 * h) - gradient[p]) <
            2e-5 * (1 + std::abs(gradient[p])));
    }
    network.Refresh();
  }
}

TEST_CASE("Closed-form moments equal their Monte Carlo estimate") {
  auto problem = RandomProblem<double>({3, 8, 2}, Activation::kRelu, 5);
  const auto moments = ComputeNegativeElbo<double>(problem.network, problem.x, problem.y, 0,
                                                   {Sampling::kMoments, 1, {}, 0, {}});
  const auto predicted =
      Predict<double>(problem.network, problem.x, {Sampling::kMoments, 1, {}, 0, {}}).front();
  // 5 standard errors on 20 numbers: a false alarm has probability below 2e-5.
  constexpr int kDraws = 4000;
  for (Index b = 0; b < problem.x.rows(); ++b) {
    for (Index o = 0; o < 2; ++o) {
      double sum = 0, sum2 = 0, square = 0, square2 = 0;
      for (int draw = 0; draw < kDraws; ++draw) {
        NoiseKey key = kKey;
        key.iteration = static_cast<std::uint32_t>(draw);
        const auto noise = MakeNoise<double>(problem.network.shape(), Sampling::kLocal, 1, key);
        const double f = Predict<double>(problem.network, problem.x.row(b), noise).front()(0, o);
        const double r = (f - problem.y(b, o)) * (f - problem.y(b, o));
        sum += f;
        sum2 += f * f;
        square += r;
        square2 += r * r;
      }
      const auto error = [](double s, double s2) {
        return 5 * std::sqrt((s2 / kDraws - s * s / kDraws / kDraws) / kDraws);
      };
      CHECK(std::abs(sum / kDraws - predicted(b, o)) < error(sum, sum2));
      CHECK(std::abs(square / kDraws - moments.squared_residual(b, o)) < error(square, square2));
    }
  }
}

TEST_CASE("Local and direct sampling have the same expected log-likelihood") {
  auto problem = RandomProblem<double>({2, 6, 2}, Activation::kTanh, 4);
  const auto mean_and_error = [&](Sampling sampling) {
    double sum = 0, sum2 = 0;
    constexpr int kDraws = 3000;
    for (int draw = 0; draw < kDraws; ++draw) {
      NoiseKey key = kKey;
      key.iteration = static_cast<std::uint32_t>(draw);
      const auto noise = MakeNoise<double>(problem.network.shape(), sampling, 2, key);
      const double loss =
          ComputeNegativeElbo<double>(problem.network, problem.x, problem.y, 0, noise).loss;
      sum += loss;
      sum2 += loss * loss;
    }
    const double mean = sum / kDraws;
    return std::pair(mean, (sum2 / kDraws - mean * mean) / kDraws);
  };
  const auto [local, local_variance] = mean_and_error(Sampling::kLocal);
  const auto [direct, direct_variance] = mean_and_error(Sampling::kDirect);
  CHECK(std::abs(local - direct) < 5 * std::sqrt(local_variance + direct_variance));
}

TEST_CASE("The Monte Carlo form of the ELBO agrees with the closed form in expectation") {
  auto problem = RandomProblem<double>({2, 4, 1}, Activation::kTanh, 3);
  double sum = 0, sum2 = 0;
  constexpr int kDraws = 4000;
  for (int draw = 0; draw < kDraws; ++draw) {
    NoiseKey key = kKey;
    key.iteration = static_cast<std::uint32_t>(draw);
    const auto noise = MakeNoise<double>(problem.network.shape(), Sampling::kDirect, 2, key);
    // Both on the same weights: what remains is log q - log p against KL[q || p].
    const double difference =
        MonteCarloNegativeElbo<double>(problem.network, problem.x, problem.y, 1, noise) -
        ComputeNegativeElbo<double>(problem.network, problem.x, problem.y, 1, noise).loss;
    sum += difference;
    sum2 += difference * difference;
  }
  CHECK(std::abs(sum / kDraws) < 5 * std::sqrt(sum2 / kDraws / kDraws));
}

TEST_CASE("With one weight the ELBO equals its closed form") {
  // f = w x + b with w ~ N(m, s^2), b ~ N(c, t^2): E (f - y)^2 = (m x + c - y)^2 + x^2 s^2 + t^2.
  auto problem = RandomProblem<double>({1, 1}, Activation::kRelu, 1);
  const auto q = problem.network.posterior();
  const VectorXd sigma = q.StandardDeviation();
  const double x = problem.x(0, 0), y = problem.y(0, 0), sd = 0.7f;
  const double expected = std::pow(q.mean[0] * x + q.mean[1] - y, 2) + std::pow(x * sigma[0], 2) +
                          std::pow(sigma[1], 2);
  // Gauss-Hermite with two nodes, eps = +-1, is exact for this square.
  Noise<double> noise{Sampling::kLocal, 2, Eigen::Vector2d(1, -1), 0, {}};
  const auto elbo = ComputeNegativeElbo<double>(problem.network, problem.x, problem.y, 0, noise);
  CHECK(elbo.squared_residual(0, 0) == doctest::Approx(expected).epsilon(1e-13));
  CHECK(elbo.log_likelihood[0] ==
        doctest::Approx(-0.5 * expected / (sd * sd) - std::log(sd) - 0.5 * std::log(2 * M_PI))
            .epsilon(1e-7));
}

TEST_CASE("The Taylor form approaches the exact information gain, with an error cubic in lambda") {
  for (const Sampling sampling : {Sampling::kLocal, Sampling::kDirect, Sampling::kMoments}) {
    auto problem = RandomProblem<double>({2, 6, 2}, Activation::kRelu, 8);
    const auto noise = MakeNoise<double>(problem.network.shape(), sampling, 4, kKey);
    const auto gap = [&](double lambda, GainForm form) {
      const auto exact =
          InformationGain<double>(problem.network, problem.x, problem.y, {form, lambda}, noise);
      const auto taylor = InformationGain<double>(problem.network, problem.x, problem.y,
                                                  {GainForm::kTaylor, lambda}, noise);
      return VectorXd((exact - taylor).cwiseAbs());
    };
    for (const GainForm form : {GainForm::kExact, GainForm::kExactReversed}) {
      const VectorXd ratio = gap(2e-3, form).cwiseQuotient(gap(1e-3, form));
      for (const double r : ratio) CHECK(r == doctest::Approx(8).epsilon(0.15));
    }
  }
}

TEST_CASE(
    "The exact information gain is the KL between the belief after a Newton step and before") {
  for (const Sampling sampling : {Sampling::kLocal, Sampling::kDirect, Sampling::kMoments}) {
    auto problem = RandomProblem<double>({3, 5, 2}, Activation::kRelu, 1);
    const auto noise = MakeNoise<double>(problem.network.shape(), sampling, 4, kKey);
    const auto q = problem.network.posterior();
    for (const double lambda : {0.05, 1e-4}) {  // beyond the series for small steps, and by them
      const auto stepped = NewtonStep<double>(problem.network, problem.x, problem.y, lambda, noise);
      const auto gain = [&](GainForm form) {
        return InformationGain<double>(problem.network, problem.x, problem.y, {form, lambda},
                                       noise)[0];
      };
      CHECK(gain(GainForm::kExact) ==
            doctest::Approx(KlDivergence(stepped, q)).epsilon(1e-10).scale(0));
      CHECK(gain(GainForm::kExactReversed) ==
            doctest::Approx(KlDivergence(q, stepped)).epsilon(1e-10));
      CHECK(gain(GainForm::kTaylor) ==
            doctest::Approx(TaylorKl<double>(q, stepped.mean - q.mean, stepped.rho - q.rho))
                .epsilon(1e-10));
    }
  }
}

TEST_CASE("A perfectly predicted transition teaches nothing to a certain network") {
  // With zero noise and y = f(x) the gradient of the likelihood vanishes.
  auto problem = RandomProblem<double>({2, 6, 2}, Activation::kRelu, 4);
  const Noise<double> zero{
      Sampling::kLocal, 1, VectorXd::Zero(problem.network.shape().num_units()), 0, {}};
  const Features<double> y = PredictAtMean<double>(problem.network, problem.x);
  const auto gain = InformationGain<double>(problem.network, problem.x, y, {}, zero);
  CHECK(gain.cwiseAbs().maxCoeff() < 1e-28);
}

TEST_CASE("Rows do not influence each other and threads change nothing") {
  auto problem = RandomProblem<float>({3, 32, 2}, Activation::kRelu, 1000);
  const auto noise = MakeNoise<float>(problem.network.shape(), Sampling::kLocal, 10, kKey);
  const auto all =
      InformationGain<float>(problem.network, problem.x, problem.y, {}, noise, /*threads=*/1);
  CHECK(InformationGain<float>(problem.network, problem.x, problem.y, {}, noise, 4) == all);
  // Rows 17 .. 40 alone, under their own names.
  Noise<float> shifted = noise;
  shifted.key.item += 17;
  const auto some = InformationGain<float>(problem.network, problem.x.middleRows(17, 24),
                                           problem.y.middleRows(17, 24), {}, shifted);
  CHECK(some == all.segment(17, 24));
}

TEST_CASE("All kernels of this machine give the same bits") {
  auto problem = RandomProblem<float>({3, 32, 2}, Activation::kRelu, 77);
  auto deep = RandomProblem<float>({4, 9, 7, 3}, Activation::kTanh, 77);
  struct Results {
    Vector<float> gain, exact, moments, deep, gradient, normals;
  };
  const auto run = [&] {
    const auto noise = MakeNoise<float>(problem.network.shape(), Sampling::kLocal, 10, kKey);
    const auto deep_noise = MakeNoise<float>(deep.network.shape(), Sampling::kLocal, 3, kKey);
    const Noise<float> none{Sampling::kMoments, 1, {}, 0, {}};
    return Results{
        InformationGain<float>(problem.network, problem.x, problem.y, {}, noise),
        InformationGain<float>(problem.network, problem.x, problem.y, {GainForm::kExact, 0.01},
                               noise),
        InformationGain<float>(problem.network, problem.x, problem.y, {}, none),
        InformationGain<float>(deep.network, deep.x, deep.y, {}, deep_noise),
        ComputeNegativeElbo<float>(problem.network, problem.x, problem.y, 0.2, noise).gradient,
        NormalSequence<float>(kKey, 1003)};
  };
  SelectKernels("portable");
  const Results portable = run();
  for (const std::string_view name : AvailableKernels()) {
    CAPTURE(name);
    SelectKernels(name);
    const Results results = run();
    CHECK(results.gain == portable.gain);
    CHECK(results.exact == portable.exact);
    CHECK(results.moments == portable.moments);
    CHECK(results.deep == portable.deep);
    CHECK(results.gradient == portable.gradient);
    CHECK(results.normals == portable.normals);
  }
  SelectKernels("auto");
}

TEST_CASE("Float kernels agree with an independent double implementation on the same noise") {
  struct Setting {
    std::vector<int> sizes;
    Activation activation;
  };
  for (const Setting& setting :
       {Setting{{3, 32, 2}, Activation::kRelu}, Setting{{26, 32, 20}, Activation::kRelu},
        Setting{{4, 9, 7, 3}, Activation::kTanh}, Setting{{3, 2}, Activation::kRelu}}) {
    for (const double lambda : {1e-5, 0.01}) {
      constexpr Index kRows = 40;
      auto problem = RandomProblem<float>(setting.sizes, setting.activation, kRows, 5.0);
      auto exact_problem = RandomProblem<double>(setting.sizes, setting.activation, kRows, 5.0);
      const NetworkShape& shape = problem.network.shape();
      const auto noise = MakeNoise<float>(shape, Sampling::kLocal, 10, kKey);
      const auto taylor = InformationGain<float>(problem.network, problem.x, problem.y,
                                                 {GainForm::kTaylor, lambda}, noise);
      const auto exact = InformationGain<float>(problem.network, problem.x, problem.y,
                                                {GainForm::kExact, lambda}, noise);
      for (Index b = 0; b < kRows; ++b) {
        NoiseKey key = kKey;
        key.item += static_cast<std::uint32_t>(b);
        const VectorXd eps = NormalSequence<float>(key, 10 * shape.num_units()).cast<double>();
        const auto expected = testing::ReferenceInformationGain(
            shape, exact_problem.network.posterior(), exact_problem.network.likelihood_stddev(),
            exact_problem.x.row(b), exact_problem.y.row(b), eps, 10, lambda);
        CHECK(static_cast<double>(taylor[b]) == doctest::Approx(expected.taylor).epsilon(1e-5));
        CHECK(static_cast<double>(exact[b]) == doctest::Approx(expected.exact).epsilon(1e-5));
      }
    }
  }
}

TEST_CASE("In float the ELBO gradient is that in double, whatever is left over of sixteen lanes") {
  struct Setting {
    std::vector<int> sizes;
    Activation activation;
    Sampling sampling;
  };
  for (const Setting& setting : {Setting{{3, 2, 2}, Activation::kRelu, Sampling::kMoments},
                                 Setting{{3, 2, 2}, Activation::kRelu, Sampling::kLocal},
                                 Setting{{3, 9, 2}, Activation::kTanh, Sampling::kLocal},
                                 Setting{{4, 16, 3}, Activation::kRelu, Sampling::kMoments},
                                 Setting{{4, 17, 3}, Activation::kRelu, Sampling::kMoments},
                                 Setting{{20, 33, 5}, Activation::kRelu, Sampling::kLocal},
                                 Setting{{4, 9, 7, 3}, Activation::kTanh, Sampling::kLocal},
                                 Setting{{4, 9, 7, 3}, Activation::kTanh, Sampling::kDirect},
                                 Setting{{5, 3}, Activation::kRelu, Sampling::kLocal}}) {
    const auto gradient = [&]<class T>(T) -> VectorXd {
      const auto problem = RandomProblem<T>(setting.sizes, setting.activation, 23);
      const auto noise = MakeNoise<T>(problem.network.shape(), setting.sampling, 3, kKey);
      return ComputeNegativeElbo<T>(problem.network, problem.x, problem.y, 0.3, noise)
          .gradient.template cast<double>();
    };
    const VectorXd expected = gradient(double());
    for (const std::string_view name : AvailableKernels()) {
      CAPTURE(name);
      CAPTURE(setting.sizes[1]);
      SelectKernels(name);
      const VectorXd difference = gradient(float()) - expected;
      CHECK(difference.cwiseAbs().maxCoeff() < 1e-5 * expected.cwiseAbs().maxCoeff());
    }
  }
  SelectKernels("auto");
}

TEST_CASE("Noise keyed by row equals the sequence of that row, in float and in double") {
  const auto problem = RandomProblem<float>({1, 1}, Activation::kRelu, 20);
  // One sample of a linear unit: prediction = m + sd eps.
  const auto noise = MakeNoise<float>(problem.network.shape(), Sampling::kLocal, 1, kKey);
  const auto prediction = Predict<float>(problem.network, problem.x, noise).front();
  const auto mean = PredictAtMean<float>(problem.network, problem.x);
  const Vector<float> sigma = problem.network.posterior().StandardDeviation();
  for (Index b = 0; b < 20; ++b) {
    NoiseKey key = kKey;
    key.item += static_cast<std::uint32_t>(b);
    const double eps = static_cast<double>(NormalSequence<float>(key, 1)[0]);
    CHECK(eps == doctest::Approx(NormalSequence<double>(key, 1)[0]).epsilon(1e-6));
    const double x = static_cast<double>(problem.x(b, 0));
    const double sd = std::hypot(static_cast<double>(sigma[0]) * x, static_cast<double>(sigma[1]));
    CHECK(static_cast<double>(prediction(b, 0)) ==
          doctest::Approx(static_cast<double>(mean(b, 0)) + sd * eps).epsilon(1e-5));
  }
}

}  // namespace
}  // namespace vime
