#include <doctest/doctest.h>

#include <Eigen/LU>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "lib/bnn/diagonal_gaussian.h"
#include "lib/bnn/elbo.h"
#include "lib/bnn/full_gaussian.h"
#include "lib/core/check.h"
#include "tests/support/golden.h"

namespace vime {
namespace {

using Diagonal = DiagonalGaussian<double>;

bool Near(double value, double expected, double relative, double absolute) {
  return std::abs(value - expected) <= relative * std::abs(expected) + absolute;
}

// Tolerances of the reference vectors.
bool NearGolden(double value, double expected) { return Near(value, expected, 1e-12, 1e-14); }

VectorXd RandomVector(Rng& rng, Index n, double scale = 1) {
  VectorXd v(n);
  for (Index i = 0; i < n; ++i) v[i] = scale * rng.Normal();
  return v;
}

MatrixXd RandomMatrix(Rng& rng, Index rows, Index cols) {
  MatrixXd m(rows, cols);
  for (Index i = 0; i < rows; ++i) m.row(i) = RandomVector(rng, cols).transpose();
  return m;
}

Diagonal RandomDiagonal(Rng& rng, Index n) { return {RandomVector(rng, n), RandomVector(rng, n)}; }

FullGaussian RandomFull(Rng& rng, Index n) {
  const MatrixXd a = RandomMatrix(rng, n, n);
  return {RandomVector(rng, n), a * a.transpose() + 0.1 * MatrixXd::Identity(n, n)};
}

Diagonal Shifted(const Diagonal& q, const VectorXd& delta_mean, const VectorXd& delta_rho) {
  return {q.mean + delta_mean, q.rho + delta_rho};
}

Diagonal Univariate(double mean, double stddev) {
  return Diagonal::FromStandardDeviation(VectorXd::Constant(1, mean),
                                         VectorXd::Constant(1, stddev));
}

// Mean of f(x) over draws x ~ q, with its standard error.
template <class Q, class Function>
MonteCarloEstimate Average(const Q& q, int draws, Rng& rng, const Function& f) {
  double sum = 0, squares = 0;
  for (int i = 0; i < draws; ++i) {
    const double value = f(Sample(q, rng));
    sum += value;
    squares += value * value;
  }
  const double mean = sum / draws;
  return {mean, std::sqrt((squares / draws - mean * mean) / draws)};
}

bool Within5StandardErrors(const MonteCarloEstimate& estimate, double expected) {
  return std::abs(estimate.mean - expected) < 5 * estimate.standard_error;
}

// ---- Divergence, entropy -----------------------------------------------------------------------

TEST_CASE("The divergence of a Gaussian from itself is exactly zero") {
  Rng rng({1, Stream::kTest, 0, 0});
  for (const double rho : {-700., -300., -40., -1., 0., 0.5, 1., 300., 700.}) {
    const Diagonal q{RandomVector(rng, 3), VectorXd::Constant(3, rho)};
    CHECK(KlDivergence(q, q) == 0);
  }
  for (Index n = 1; n <= 16; ++n) {
    const FullGaussian q = RandomFull(rng, n);
    CHECK(KlDivergence(q, q) == 0);
  }
  const DiagonalGaussian<float> f{Vector<float>::Constant(2, 0.3f),
                                  Vector<float>::Constant(2, -3.f)};
  CHECK(KlDivergence(f, f) == 0);
}

TEST_CASE("The divergence of two different Gaussians is positive and depends on their order") {
  Rng rng({2, Stream::kTest, 0, 0});
  for (int trial = 0; trial < 100; ++trial) {
    const Diagonal q = RandomDiagonal(rng, 3), p = RandomDiagonal(rng, 3);
    CHECK(KlDivergence(q, p) > 0);
    CHECK(std::abs(KlDivergence(q, p) - KlDivergence(p, q)) > 1e-6);
    const FullGaussian f = RandomFull(rng, 3), g = RandomFull(rng, 3);
    CHECK(KlDivergence(f, g) > 0);
    CHECK(std::abs(KlDivergence(f, g) - KlDivergence(g, f)) > 1e-6);
  }
}

TEST_CASE("The divergence is the expected difference of the log densities") {
  Rng rng({3, Stream::kTest, 0, 0});
  const Diagonal q = RandomDiagonal(rng, 4), p = RandomDiagonal(rng, 4);
  CHECK(Within5StandardErrors(
      Average(q, 100000, rng,
              [&](const VectorXd& x) { return LogDensity(q, x) - LogDensity(p, x); }),
      KlDivergence(q, p)));
  const FullGaussian f = RandomFull(rng, 3), g = RandomFull(rng, 3);
  CHECK(Within5StandardErrors(
      Average(f, 100000, rng,
              [&](const VectorXd& x) { return LogDensity(f, x) - LogDensity(g, x); }),
      KlDivergence(f, g)));
}

TEST_CASE("The entropy is minus the expected log density") {
  Rng rng({4, Stream::kTest, 0, 0});
  const Diagonal q = RandomDiagonal(rng, 4);
  CHECK(Within5StandardErrors(
      Average(q, 100000, rng, [&](const VectorXd& x) { return -LogDensity(q, x); }), Entropy(q)));
  const FullGaussian f = RandomFull(rng, 4);
  CHECK(Within5StandardErrors(
      Average(f, 100000, rng, [&](const VectorXd& x) { return -LogDensity(f, x); }), Entropy(f)));
}

TEST_CASE("A density integrates to one") {
  const Diagonal q = Univariate(0.7, 0.4);
  constexpr double kStep = 0.01;
  double sum = 0;
  for (int i = -1000; i <= 1000; ++i) {
    sum += kStep * std::exp(LogDensity<double>(q, VectorXd::Constant(1, kStep * i)));
  }
  CHECK(Near(sum, 1, 1e-12, 0));
}

TEST_CASE("Samples have the mean and the covariance of their distribution") {
  Rng rng({5, Stream::kTest, 0, 0});
  const FullGaussian f = RandomFull(rng, 3);
  const Diagonal q = RandomDiagonal(rng, 3);
  const VectorXd sigma = q.StandardDeviation();
  for (Index i = 0; i < 3; ++i) {
    for (Index j = 0; j <= i; ++j) {
      CHECK(Within5StandardErrors(
          Average(f, 50000, rng,
                  [&](const VectorXd& x) { return (x[i] - f.mean()[i]) * (x[j] - f.mean()[j]); }),
          f.covariance()(i, j)));
      CHECK(Within5StandardErrors(
          Average(q, 50000, rng,
                  [&](const VectorXd& x) { return (x[i] - q.mean[i]) * (x[j] - q.mean[j]); }),
          i == j ? sigma[i] * sigma[i] : 0));
    }
    CHECK(Within5StandardErrors(Average(f, 50000, rng, [&](const VectorXd& x) { return x[i]; }),
                                f.mean()[i]));
    CHECK(Within5StandardErrors(Average(q, 50000, rng, [&](const VectorXd& x) { return x[i]; }),
                                q.mean[i]));
  }
}

TEST_CASE("Diagonal and full Gaussians agree when the covariance is diagonal") {
  Rng rng({6, Stream::kTest, 0, 0});
  for (Index n = 1; n <= 16; n *= 2) {
    const Diagonal q = RandomDiagonal(rng, n), p = RandomDiagonal(rng, n);
    const FullGaussian full_q(q), full_p(p);
    const VectorXd x = RandomVector(rng, n);
    CHECK(Near(KlDivergence(full_q, full_p), KlDivergence(q, p), 1e-13, 0));
    CHECK(Near(LogDensity(full_q, x), LogDensity(q, x), 1e-13, 1e-13));
    CHECK(Near(Entropy(full_q), Entropy(q), 1e-13, 1e-13));
    Rng one({7, Stream::kTest, 0, 0}), two({7, Stream::kTest, 0, 0});
    CHECK((Sample(full_q, one) - Sample(q, two)).norm() < 1e-13);
  }
}

TEST_CASE("The full divergence does not change under an invertible affine map") {
  Rng rng({8, Stream::kTest, 0, 0});
  for (Index n = 1; n <= 8; ++n) {
    const FullGaussian q = RandomFull(rng, n), p = RandomFull(rng, n);
    const MatrixXd a = RandomMatrix(rng, n, n) + 3 * MatrixXd::Identity(n, n);
    const VectorXd b = RandomVector(rng, n);
    const auto map = [&](const FullGaussian& g) {
      const MatrixXd s = a * g.covariance() * a.transpose();
      return FullGaussian(a * g.mean() + b, 0.5 * (s + s.transpose()));
    };
    CHECK(Near(KlDivergence(map(q), map(p)), KlDivergence(q, p), 1e-10, 0));
  }
}

TEST_CASE("A matrix that is no covariance is refused, and the message says why") {
  const VectorXd mean = VectorXd::Zero(2);
  MatrixXd s(2, 2);
  s << 1, 2, 2, 1;
  CHECK_THROWS_WITH_AS(FullGaussian(mean, s), doctest::Contains("not positive definite"),
                       NumericalError);
  s << 1, 1, 1, 1;
  CHECK_THROWS_AS(FullGaussian(mean, s), NumericalError);
  s << 0, 0, 0, 1;
  CHECK_THROWS_AS(FullGaussian(mean, s), NumericalError);
  s << 1, 0.5, 0.2, 1;
  CHECK_THROWS_WITH_AS(FullGaussian(mean, s), doctest::Contains("not symmetric"), NumericalError);
  s << 1, 0, 0, std::nan("");
  CHECK_THROWS_AS(FullGaussian(mean, s), NumericalError);
  s << 1, 0, 0, std::numeric_limits<double>::infinity();
  CHECK_THROWS_AS(FullGaussian(mean, s), NumericalError);
  s << 1e-12, 0, 0, 1e12;  // badly scaled is not singular
  CHECK_NOTHROW(FullGaussian(mean, s));
}

// ---- Expansion ---------------------------------------------------------------------------------

TEST_CASE("The Hessian equals finite differences of the divergence") {
  Rng rng({9, Stream::kTest, 0, 0});
  const Diagonal q = RandomDiagonal(rng, 3);
  const DiagonalHessian<double> hessian = KlHessian(q);
  const Index n = q.size();
  constexpr double kStep = 1e-4;
  // Coordinates 0 .. n - 1 are the means, n .. 2 n - 1 the rhos.
  const auto divergence = [&](Index a, double step_a, Index b, double step_b) {
    VectorXd delta = VectorXd::Zero(2 * n);
    delta[a] += step_a;
    delta[b] += step_b;
    return KlDivergence(Shifted(q, delta.head(n), delta.tail(n)), q);
  };
  for (Index a = 0; a < 2 * n; ++a) {
    for (Index b = 0; b < 2 * n; ++b) {
      const double numeric = (divergence(a, kStep, b, kStep) - divergence(a, kStep, b, -kStep) -
                              divergence(a, -kStep, b, kStep) + divergence(a, -kStep, b, -kStep)) /
                             (4 * kStep * kStep);
      const double diagonal = a < n ? hessian.mean[a] : hessian.rho[a - n];
      CHECK(Near(numeric, a == b ? diagonal : 0, 1e-6, 1e-7));
    }
  }
}

TEST_CASE("The Hessian is the same for both directions of the divergence") {
  Rng rng({10, Stream::kTest, 0, 0});
  const Diagonal q = RandomDiagonal(rng, 3);
  const VectorXd dm = RandomVector(rng, 3, 1e-5), dr = RandomVector(rng, 3, 1e-5);
  const Diagonal moved = Shifted(q, dm, dr);
  CHECK(Near(KlDivergence(moved, q), TaylorKl(q, dm, dr), 1e-4, 0));
  CHECK(Near(KlDivergence(q, moved), TaylorKl(q, dm, dr), 1e-4, 0));
}

TEST_CASE("The expansion approaches the exact divergence with the third power of the step") {
  Rng rng({11, Stream::kTest, 0, 0});
  const Diagonal q = RandomDiagonal(rng, 5);
  const VectorXd dm = RandomVector(rng, 5), dr = RandomVector(rng, 5);
  const auto error = [&](double t) {
    return KlDivergence(Shifted(q, t * dm, t * dr), q) - TaylorKl<double>(q, t * dm, t * dr);
  };
  for (const double t : {1e-2, 1e-3}) {
    CHECK(Near(error(t) / error(t / 2), 8, 20 * t, 0));
  }
}

TEST_CASE("The divergence of nearly equal Gaussians does not cancel") {
  // The exact divergence differs from its expansion by a relative O(t).
  Rng rng({12, Stream::kTest, 0, 0});
  const Diagonal q{VectorXd::Zero(5), RandomVector(rng, 5, 0.1)};
  const VectorXd direction = RandomVector(rng, 5);
  for (double t = 1e-4; t > 1e-13; t /= 10) {
    // The rho that is reached is rounded, and that is the change that counts.
    const VectorXd moved = q.rho + t * direction;
    const VectorXd change = moved - q.rho;
    const double expected = TaylorKl<double>(q, VectorXd::Zero(5), change);
    CHECK(Near(KlDivergence<double>({q.mean, moved}, q), expected, 10 * t + 1e-13, 0));
    // So the full form, of standard deviations that differ in relative t.
    const VectorXd u = t * direction;
    const VectorXd sd = VectorXd::Ones(5) + u;
    const double quadratic = (sd - VectorXd::Ones(5)).squaredNorm();
    const auto full = [](const VectorXd& s) {
      return FullGaussian(VectorXd::Zero(5), s.cwiseAbs2().asDiagonal());
    };
    CHECK(Near(KlDivergence(full(sd), full(VectorXd::Ones(5))), quadratic, 10 * t + 1e-15 / t, 0));
  }
}

// ---- Extremes ----------------------------------------------------------------------------------

long double LongSoftplus(double rho) { return log1pl(expl(static_cast<long double>(rho))); }

TEST_CASE_TEMPLATE("The series for small changes of sigma agrees with the general formula", T,
                   double, float) {
  const double tolerance = std::is_same_v<T, float> ? 2e-6 : 2e-13;
  for (double rho = -15; rho <= 40; rho += 0.37) {
    const double sigma = Softplus(rho), slope = Sigmoid(rho);
    for (const double share : {-1.0, -0.7, -1e-2, -1e-6, 1e-6, 1e-2, 0.7, 1.0}) {
      const double delta = share * static_cast<double>(kSmallStretch<T>);
      const T there =
          SmallStretch(static_cast<T>(slope), static_cast<T>(1 / sigma), static_cast<T>(delta));
      const T back = -there / (1 + there);
      CAPTURE(rho);
      CAPTURE(delta);
      CHECK(static_cast<double>(KlOfSmallStretch(there)) ==
            doctest::Approx(KlOfChange(rho, 0.0, delta)).epsilon(tolerance).scale(0));
      CHECK(static_cast<double>(KlOfSmallStretch(back)) ==
            doctest::Approx(KlOfChange(rho + delta, 0.0, -delta)).epsilon(tolerance).scale(0));
    }
  }
}

TEST_CASE("Divergence, entropy, density and expansion are right for rho from -700 to 700") {
  const double rhos[] = {-700, -300, -40, -1, 0, 0.5, 1, 40, 300, 700};
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  const auto near = [&](double value, long double expected) {
    if (expected > std::numeric_limits<double>::max()) return value == kInfinity;
    return Near(value, static_cast<double>(expected), 2e-13, 0);
  };
  for (const double rho_q : rhos) {
    for (const double rho_p : rhos) {
      CAPTURE(rho_q);
      CAPTURE(rho_p);
      const long double s_q = LongSoftplus(rho_q), s_p = LongSoftplus(rho_p);
      const Diagonal p{VectorXd::Zero(1), VectorXd::Constant(1, rho_p)};
      const Diagonal q{VectorXd::Constant(1, static_cast<double>(0.7L * s_p)),
                       VectorXd::Constant(1, rho_q)};
      const long double z = q.mean[0] / s_p;
      const long double r = s_q * s_q / (s_p * s_p);
      CHECK(near(KlDivergence(q, p), 0.5L * (r - 1 - logl(r) + z * z)));
      // The mean alone: finite however small sigma is.
      CHECK(near(KlDivergence<double>({q.mean, p.rho}, p), 0.5L * z * z));
    }
    CAPTURE(rho_q);
    const long double s = LongSoftplus(rho_q);
    const Diagonal q{VectorXd::Zero(1), VectorXd::Constant(1, rho_q)};
    const long double half_log_2_pi = 0.918938533204672741780L;
    CHECK(near(q.StandardDeviation()[0], s));
    CHECK(near(-Entropy(q), -(half_log_2_pi + 0.5L + logl(s))));
    const double x = static_cast<double>(1.5L * s);
    CHECK(near(LogDensity<double>(q, VectorXd::Constant(1, x)),
               -half_log_2_pi - logl(s) - 0.5L * (x / s) * (x / s)));
    const long double slope = s == 0 ? 1 : 1 / (1 + expl(-static_cast<long double>(rho_q))) / s;
    const DiagonalHessian<double> h = KlHessian(q);
    CHECK(near(h.mean[0], 1 / (s * s)));
    CHECK(near(h.rho[0], 2 * slope * slope));
    CHECK(near(TaylorKl<double>(q, VectorXd::Constant(1, x), VectorXd::Constant(1, 0.25)),
               0.5L * (x / s) * (x / s) + 0.0625L * slope * slope));
  }
}

TEST_CASE("A belief whose standard deviations underflow still has finite divergences from it") {
  const Diagonal q{VectorXd::Constant(1, 0.5), VectorXd::Constant(1, -2000)};
  const Diagonal p{VectorXd::Zero(1), VectorXd::Zero(1)};
  const double s = std::log(2.);
  CHECK(Near(KlDivergence(q, p), 2000 + std::log(s) - 0.5 + 0.125 / (s * s), 1e-13, 0));
  CHECK(KlDivergence(p, q) == std::numeric_limits<double>::infinity());
  CHECK(KlDivergence(q, q) == 0);
  const Diagonal moved{q.mean, VectorXd::Constant(1, -2000.5)};
  CHECK(Near(KlDivergence(moved, q), 0.5 * (std::exp(-1.) - 1 + 1), 1e-13, 0));
}

TEST_CASE("Single precision gives the divergence to five digits, also of nearly equal Gaussians") {
  Rng rng({13, Stream::kTest, 0, 0});
  for (const float base : {-80.f, -20.f, -3.f, 0.f, 3.f, 80.f}) {
    for (const float step : {1e-3f, 0.1f, 1.f, 5.f}) {
      DiagonalGaussian<float> q, p;
      p = {Vector<float>::Zero(3), Vector<float>::Constant(3, base)};
      q = p;
      for (Index i = 0; i < 3; ++i) q.rho[i] += step * static_cast<float>(rng.Normal());
      CAPTURE(base);
      CAPTURE(step);
      const Diagonal wide_q{q.mean.cast<double>(), q.rho.cast<double>()};
      const Diagonal wide_p{p.mean.cast<double>(), p.rho.cast<double>()};
      CHECK(Near(KlDivergence(q, p), KlDivergence(wide_q, wide_p), 1e-5, 0));
      CHECK(Near(Entropy(q), Entropy(wide_q), 1e-6, 1e-6));
    }
  }
}

TEST_CASE("A Gaussian built from standard deviations has them") {
  for (const double sd : {1e-300, 1e-30, 1e-8, 0.1, 0.6931, 1., 3., 50., 800., 1e5}) {
    CHECK(Near(Univariate(0, sd).StandardDeviation()[0], sd, 2e-13, 0));
  }
  CHECK_THROWS_AS(Univariate(0, 0), std::logic_error);
  CHECK_THROWS_AS(Univariate(0, -1), std::logic_error);
}

// ---- Evidence lower bound ----------------------------------------------------------------------

LinearRegression RandomRegression(Rng& rng, Index rows, Index n) {
  LinearRegression model{RandomMatrix(rng, rows, n), VectorXd(rows), 0.4, 0.8};
  model.y = model.x * RandomVector(rng, n) + 0.4 * RandomVector(rng, rows);
  return model;
}

TEST_CASE("The evidence lower bound is tight at the exact posterior") {
  Rng rng({14, Stream::kTest, 0, 0});
  for (Index n = 1; n <= 6; ++n) {
    const LinearRegression model = RandomRegression(rng, 8, n);
    CHECK(Near(Elbo(model, ExactPosterior(model)), LogEvidence(model), 1e-11, 1e-11));
  }
}

TEST_CASE("The gap of the evidence lower bound is the divergence from the exact posterior") {
  Rng rng({15, Stream::kTest, 0, 0});
  for (Index n = 1; n <= 6; ++n) {
    const LinearRegression model = RandomRegression(rng, 8, n);
    const FullGaussian posterior = ExactPosterior(model);
    const FullGaussian full = RandomFull(rng, n);
    CHECK(Near(LogEvidence(model) - Elbo(model, full), KlDivergence(full, posterior), 1e-10, 0));
    const Diagonal diagonal = RandomDiagonal(rng, n);
    const double gap = LogEvidence(model) - Elbo(model, diagonal);
    CHECK(gap > 0);
    CHECK(Near(gap, KlDivergence(FullGaussian(diagonal), posterior), 1e-10, 0));
  }
}

TEST_CASE("The best diagonal belief has the posterior mean and the inverse precisions") {
  Rng rng({16, Stream::kTest, 0, 0});
  const LinearRegression model = RandomRegression(rng, 8, 3);
  const FullGaussian posterior = ExactPosterior(model);
  const MatrixXd precision = posterior.covariance().inverse();
  const Diagonal best = Diagonal::FromStandardDeviation(
      posterior.mean(), precision.diagonal().cwiseInverse().cwiseSqrt());
  const double bound = Elbo(model, best);
  CHECK(bound < LogEvidence(model));
  for (int trial = 0; trial < 50; ++trial) {
    const VectorXd dm = RandomVector(rng, 3, 0.01), dr = RandomVector(rng, 3, 0.01);
    CHECK(Elbo(model, Shifted(best, dm, dr)) < bound);
  }
}

TEST_CASE("Sampling gives the evidence lower bound in expectation") {
  Rng rng({17, Stream::kTest, 0, 0});
  const LinearRegression model = RandomRegression(rng, 8, 3);
  const auto log_joint = [&](const VectorXd& w) { return LogJoint(model, w); };
  const Diagonal diagonal = RandomDiagonal(rng, 3);
  const MonteCarloEstimate one = MonteCarloElbo(diagonal, log_joint, 20000, rng);
  CHECK(Within5StandardErrors(one, Elbo(model, diagonal)));
  CHECK(one.standard_error < 0.05 * std::abs(one.mean));
  const FullGaussian full = RandomFull(rng, 3);
  CHECK(Within5StandardErrors(MonteCarloElbo(full, log_joint, 20000, rng), Elbo(model, full)));
}

TEST_CASE("At the exact posterior every sample of the evidence lower bound is the evidence") {
  Rng rng({18, Stream::kTest, 0, 0});
  const LinearRegression model = RandomRegression(rng, 8, 3);
  const MonteCarloEstimate estimate = MonteCarloElbo(
      ExactPosterior(model), [&](const VectorXd& w) { return LogJoint(model, w); }, 100, rng);
  CHECK(Near(estimate.mean, LogEvidence(model), 1e-11, 1e-11));
  CHECK(estimate.standard_error < 1e-10);
}

// ---- Reference vectors -------------------------------------------------------------------------

TEST_CASE("The full divergence agrees with the reference vectors in both directions") {
  const nlohmann::json golden = testing::ReadGolden("gaussian.json");
  REQUIRE(golden["gaussian_full_kl"].size() >= 10);
  for (const nlohmann::json& c : golden["gaussian_full_kl"]) {
    CAPTURE(c["name"].get<std::string>());
    const FullGaussian one(testing::ToVector(c["mu1"]), testing::ToMatrix(c["S1"]));
    const FullGaussian two(testing::ToVector(c["mu2"]), testing::ToMatrix(c["S2"]));
    CHECK(NearGolden(KlDivergence(one, two), c["kl_1_2"]));
    CHECK(NearGolden(KlDivergence(two, one), c["kl_2_1"]));
    if (c.contains("factorised_formula")) {
      const auto diagonal = [](const FullGaussian& g) {
        return Diagonal::FromStandardDeviation(g.mean(), g.covariance().diagonal().cwiseSqrt());
      };
      CHECK(NearGolden(KlDivergence(diagonal(one), diagonal(two)), c["factorised_formula"]));
    }
  }
}

TEST_CASE("The univariate divergence agrees with the reference vectors in both directions") {
  const nlohmann::json golden = testing::ReadGolden("gaussian.json");
  REQUIRE(golden["univariate"].size() >= 4);
  for (const nlohmann::json& c : golden["univariate"]) {
    const Diagonal q = Univariate(c["mu_q"], c["sd_q"]);
    const Diagonal p = Univariate(c["mu_p"], c["sd_p"]);
    CHECK(NearGolden(KlDivergence(q, p), c["kl_q_p"]));
    CHECK(NearGolden(KlDivergence(p, q), c["kl_p_q"]));
    CHECK(NearGolden(-KlDivergence(q, p), c["elbo_term"]));
  }
}

// KL[p || q] of two discrete distributions, in nats.
double DiscreteKl(const VectorXd& p, const VectorXd& q) {
  double sum = 0;
  for (Index i = 0; i < p.size(); ++i) {
    // Terms p (u - log(1 + u)) with u = q/p - 1: they have one sign, and the u sum to zero.
    const double u = (q[i] - p[i]) / p[i];
    sum += p[i] * (u - Log1p(u));
  }
  return sum;
}

// 1/2 d^T diag(1/at) d, the expansion with the Fisher information of the distribution `at`.
double FisherQuadratic(const VectorXd& at, const VectorXd& d) {
  return 0.5 * (d.array().square() / at.array()).sum();
}

TEST_CASE("The expansion of a discrete divergence agrees with the reference vectors") {
  const nlohmann::json c = testing::ReadGolden("gaussian.json")["categorical"];
  const VectorXd p = testing::ToVector(c["p"]), q = testing::ToVector(c["q"]);
  const VectorXd d = q - p;
  CHECK(NearGolden(DiscreteKl(p, q), c["kl_pq_nats"]));
  CHECK(NearGolden(DiscreteKl(p, q) / std::log(2.), c["kl_pq_bits"]));
  CHECK(NearGolden(DiscreteKl(q, p), c["kl_qp_nats"]));
  const double kl = c["kl_pq_nats"];
  CHECK(NearGolden(FisherQuadratic(p, d), c["quad_fisher_at_p_nats"]));
  CHECK(NearGolden(FisherQuadratic(q, d), c["quad_fisher_at_q_nats"]));
  CHECK(NearGolden(FisherQuadratic(p, d) - kl, c["error_quad_p"]));
  CHECK(NearGolden(FisherQuadratic(q, d) - kl, c["error_quad_q"]));
  for (Index i = 0; i < 2; ++i) {
    const auto at = static_cast<std::size_t>(i);
    CHECK(NearGolden(1 / p[i], c["fisher_at_p_diag"][at]));
    CHECK(NearGolden(1 / q[i], c["fisher_at_q_diag"][at]));
    // The Hessian of q -> KL[p || q] at q, which is the Fisher information only where p = q.
    CHECK(NearGolden(p[i] / (q[i] * q[i]), c["seed_matrix"][at]));
  }
  CHECK(NearGolden(1 / (p[0] * p[1]), c["bernoulli_fisher_at_p"]));
  CHECK(NearGolden(1 / (q[0] * q[1]), c["bernoulli_fisher_at_q"]));
  const double third = (d.array().cube() / p.array().square()).sum() / 3;
  CHECK(NearGolden(FisherQuadratic(p, d) - third, c["third_order_at_p_nats"]));
  const auto hessian_form = [&](const VectorXd& at, const VectorXd& step) {
    return 0.5 * (p.array() * step.array().square() / at.array().square()).sum();
  };
  CHECK(NearGolden(hessian_form(q, d), c["seed_quadratic"]));
  CHECK(NearGolden(c["kl_pq_bits"].get<double>() - hessian_form(q, d),
                   c["seed_reported_difference"]));
  CHECK(NearGolden(hessian_form(q, d) - kl, c["error_seed_in_nats"]));
  REQUIRE(c["convergence"].size() >= 5);
  for (const nlohmann::json& row : c["convergence"]) {
    const VectorXd step = row["t"].get<double>() * d;
    const VectorXd target = p + step;
    CHECK(NearGolden(DiscreteKl(p, target), row["kl"]));
    CHECK(NearGolden(FisherQuadratic(p, step), row["fisher_p"]));
    CHECK(NearGolden(hessian_form(target, step), row["seed_form"]));
  }
}

}  // namespace
}  // namespace vime
