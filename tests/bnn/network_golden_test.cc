// The Bayesian network against the reference vectors of tests/golden/vime.json: float64,
// hand-derived gradients that were checked by central differences.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

#include "lib/bnn/bayesian_network.h"
#include "lib/bnn/belief_updates.h"
#include "lib/nn/adam.h"
#include "tests/support/golden.h"

namespace vime {
namespace {

using nlohmann::json;
using testing::ToMatrix;
using testing::ToVector;

struct Case {
  BayesianNetwork<double> network;
  MatrixXd x, y;
  Noise<double> noise;
};

// eps[s][l][unit], [s][l][row][unit] or, for direct sampling, [s][l][weight].
Noise<double> ReadNoise(const json& eps, Sampling sampling, bool per_example, Index rows) {
  Noise<double> noise{sampling, static_cast<int>(eps.size()), {}, per_example ? rows : 0, {}};
  std::vector<double> values;
  for (const json& sample : eps) {
    for (const json& layer : sample) {
      if (!per_example) {
        for (const json& value : layer) values.push_back(value.get<double>());
        continue;
      }
      for (std::size_t unit = 0; unit < layer[0].size(); ++unit) {
        for (const json& row : layer) values.push_back(row[unit].get<double>());
      }
    }
  }
  noise.values = Eigen::Map<VectorXd>(values.data(), static_cast<Index>(values.size()));
  return noise;
}

Case Read(const json& c) {
  NetworkShape shape{c["sizes"].get<std::vector<int>>(),
                     c["activation"] == "relu" ? Activation::kRelu : Activation::kTanh};
  const int n = shape.num_parameters();
  const int outputs = shape.num_outputs();
  const MatrixXd x = ToMatrix(c["X"]);
  return {BayesianNetwork<double>(shape, {ToVector(c["mu"]), ToVector(c["rho"])},
                                  VectorXd::Constant(n, c["prior_sd"].get<double>()),
                                  VectorXd::Constant(outputs, c["likelihood_sd"].get<double>())),
          x, ToMatrix(c["Y"]),
          ReadNoise(c["eps"], c["mode"] == "lrt" ? Sampling::kLocal : Sampling::kDirect,
                    c["eps_per_example"].get<bool>(), x.rows())};
}

double RelativeError(double actual, double expected) {
  return std::abs(actual - expected) / std::max(std::abs(expected), 1e-300);
}

// Largest deviation as a share of the largest entry.
double ErrorOfMax(const VectorXd& actual, const VectorXd& expected) {
  return (actual - expected).cwiseAbs().maxCoeff() / expected.cwiseAbs().maxCoeff();
}

template <class Body>
void ForEachCase(const Body& body) {
  const json golden = testing::ReadGolden("vime.json");
  REQUIRE(golden["cases"].size() >= 11);
  for (const json& c : golden["cases"]) {
    CAPTURE(c["name"].get<std::string>());
    body(c, Read(c));
  }
}

TEST_CASE("Predictions, likelihoods, KL and loss equal the reference to 1e-12") {
  ForEachCase([](const json& c, const Case& k) {
    const json& expect = c["expect"];
    const auto predictions = Predict<double>(k.network, k.x, k.noise);
    for (std::size_t s = 0; s < predictions.size(); ++s) {
      const MatrixXd expected = ToMatrix(expect["predictions"][s]);
      CHECK((predictions[s] - expected).cwiseAbs().maxCoeff() <=
            1e-12 * expected.cwiseAbs().maxCoeff());
    }
    const auto elbo =
        ComputeNegativeElbo<double>(k.network, k.x, k.y, c["kl_weight"].get<double>(), k.noise);
    for (Index b = 0; b < k.x.rows(); ++b) {
      CHECK(RelativeError(elbo.log_likelihood[b], expect["loglik_per_row"][b].get<double>()) <=
            1e-12);
    }
    CHECK(RelativeError(elbo.kl, expect["kl_new_prior"].get<double>()) <= 1e-12);
    CHECK(RelativeError(elbo.loss, expect["loss"].get<double>()) <= 1e-12);
  });
}

TEST_CASE("Gradients of the negative ELBO equal the reference to 1e-10 of the largest entry") {
  ForEachCase([](const json& c, const Case& k) {
    const json& expect = c["expect"];
    const Index n = k.network.shape().num_parameters();
    const auto elbo =
        ComputeNegativeElbo<double>(k.network, k.x, k.y, c["kl_weight"].get<double>(), k.noise);
    CHECK(ErrorOfMax(elbo.gradient.head(n), ToVector(expect["grad_loss_mu"])) <= 1e-10);
    CHECK(ErrorOfMax(elbo.gradient.tail(n), ToVector(expect["grad_loss_rho"])) <= 1e-10);
  });
}

// The noise of one row alone.
Noise<double> RowNoise(const Noise<double>& noise, Index row) {
  if (noise.row_stride == 0) return noise;
  Noise<double> one = noise;
  const Index units = noise.values.size() / noise.row_stride;
  one.values.resize(units);
  for (Index k = 0; k < units; ++k) one.values[k] = noise.values[k * noise.row_stride + row];
  one.row_stride = 0;
  return one;
}

TEST_CASE("The Newton step of one transition equals the reference") {
  ForEachCase([](const json& c, const Case& k) {
    const json& expect = c["expect"];
    const Index n = k.network.shape().num_parameters();
    const Noise<double> noise = RowNoise(k.noise, 0);
    const MatrixXd x = k.x.topRows(1);
    const MatrixXd y = k.y.topRows(1);
    const auto row = ComputeNegativeElbo<double>(k.network, x, y, 0, noise);
    CHECK(ErrorOfMax(row.gradient.head(n), ToVector(expect["row0_grad_l_mu"])) <= 1e-10);
    CHECK(ErrorOfMax(row.gradient.tail(n), ToVector(expect["row0_grad_l_rho"])) <= 1e-10);
    const auto step = NewtonStep<double>(k.network, x, y, c["lam"].get<double>(), noise);
    CHECK(ErrorOfMax(step.mean, ToVector(expect["row0_step_mu"])) <= 1e-10);
    CHECK(ErrorOfMax(step.rho, ToVector(expect["row0_step_rho"])) <= 1e-10);
    const DiagonalHessian<double> hessian = KlHessian(k.network.posterior());
    CHECK(RelativeError(hessian.mean.sum(), expect["hessian_mu_sum"].get<double>()) <= 1e-12);
    CHECK(RelativeError(hessian.rho.sum(), expect["hessian_rho_sum"].get<double>()) <= 1e-12);
  });
}

VectorXd Gains(const json& c, const Case& k, GainForm form) {
  return InformationGain<double>(k.network, k.x, k.y, {form, c["lam"].get<double>()}, k.noise);
}

TEST_CASE("The information gain equals the reference: Taylor to 1e-10, exact KL to 1e-7") {
  ForEachCase([](const json& c, const Case& k) {
    const VectorXd taylor = Gains(c, k, GainForm::kTaylor);
    const VectorXd exact = Gains(c, k, GainForm::kExact);
    const VectorXd reversed = Gains(c, k, GainForm::kExactReversed);
    for (Index b = 0; b < k.x.rows(); ++b) {
      const json& expect = c["expect"]["info_gain"][b];
      CHECK(RelativeError(taylor[b], expect["taylor_kl"].get<double>()) <= 1e-10);
      CHECK(RelativeError(exact[b], expect["descent"]["kl_new_old"].get<double>()) <= 1e-7);
      CHECK(RelativeError(reversed[b], expect["descent"]["kl_old_new"].get<double>()) <= 1e-7);
    }
  });
}

TEST_CASE("The formula of the released implementation equals its reference to 1e-10") {
  ForEachCase([](const json& c, const Case& k) {
    const VectorXd released =
        ReleasedFastKl<double>(k.network, k.x, k.y, c["lam"].get<double>(), k.noise);
    for (Index b = 0; b < k.x.rows(); ++b) {
      const json& expect = c["expect"]["info_gain"][b];
      CHECK(RelativeError(released[b], expect["openai_released_fast_kl"].get<double>()) <= 1e-10);
    }
  });
}

TEST_CASE("Adam follows the reference for five steps in both of its published forms") {
  const json adam = testing::ReadGolden("vime.json")["adam"];
  for (const std::string form : {"kingma", "lasagne"}) {
    CAPTURE(form);
    const json& result = adam["result"][form];
    NetworkShape shape{adam["sizes"].get<std::vector<int>>(), Activation::kRelu};
    const Index n = shape.num_parameters();
    BayesianNetwork<double> network(
        shape, {ToVector(adam["mu0"]), ToVector(adam["rho0"])},
        VectorXd::Constant(n, adam["prior_sd"].get<double>()),
        VectorXd::Constant(shape.num_outputs(), adam["likelihood_sd"].get<double>()));
    Adam<double> optimizer(2 * n, {.learning_rate = adam["lr"].get<double>(),
                                   .beta1 = adam["beta1"].get<double>(),
                                   .beta2 = adam["beta2"].get<double>(),
                                   .epsilon = adam["eps_adam"].get<double>(),
                                   .epsilon_before_correction = form == "lasagne"});
    for (std::size_t step = 0; step < adam["steps"].get<std::size_t>(); ++step) {
      const auto elbo =
          ComputeNegativeElbo<double>(network, ToMatrix(adam["X"][step]), ToMatrix(adam["Y"][step]),
                                      adam["kl_weight"].get<double>(),
                                      ReadNoise(adam["eps"][step], Sampling::kLocal, false, 0));
      CHECK(RelativeError(elbo.loss, result["losses"][step].get<double>()) <= 1e-12);
      optimizer.Step(network.phi(), elbo.gradient);
      network.Refresh();
    }
    CHECK(ErrorOfMax(network.posterior().mean, ToVector(result["mu"])) <= 1e-10);
    CHECK(ErrorOfMax(network.posterior().rho, ToVector(result["rho"])) <= 1e-10);
  }
}

}  // namespace
}  // namespace vime
