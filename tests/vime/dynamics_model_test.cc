// The dynamics model on linear dynamics: what it learns, and when it cannot.
#include "lib/vime/dynamics_model.h"

#include <doctest/doctest.h>

#include <cmath>

#include "lib/core/check.h"
#include "lib/rl/gaussian_policy.h"
#include "lib/rl/rollout.h"
#include "tests/support/gradient_check.h"
#include "tests/support/toy_env.h"

namespace vime {
namespace {

using testing::LinearEnv;
using testing::MaxError;

Batch LinearBatch(Index steps, std::uint32_t iteration) {
  Rollout rollout(LinearEnv::Make, 10, 3);
  const GaussianPolicy<float> policy(rollout.spec(), {}, 1);
  Batch batch;
  rollout.Collect(policy, steps, iteration, 1, batch);
  return batch;
}

// The published model, but for settings that let it learn: a likelihood that fits and the ELBO of
// the whole pool.
DynamicsModelOptions Learning() {
  DynamicsModelOptions options;
  options.hidden = {16};
  options.target = Target::kNextObservation;
  options.prior_scale = PriorScale::kConstant;
  options.likelihood = Likelihood::kFixed;
  options.sampling = Sampling::kLocal;
  options.likelihood_stddev = 0.1;
  options.kl_schedule = KlSchedule::kData;
  options.kl_weight = 1;
  options.learning_rate = 0.01;
  options.updates = 1000;
  return options;
}

struct Trained {
  PredictionErrors before, after;
  FitReport report;
};

// Fits one batch and measures on another.
Trained Train(const DynamicsModelOptions& options, std::uint32_t fits = 1) {
  DynamicsModel model(LinearEnv().spec(), options, 5);
  model.Observe(LinearBatch(2000, 0));
  const Batch fresh = LinearBatch(500, 1);
  Trained trained;
  trained.before = model.belief().Errors(fresh);
  for (std::uint32_t i = 0; i < fits; ++i) trained.report = model.Fit(i);
  trained.after = model.belief().Errors(fresh);
  return trained;
}

TEST_CASE("With a likelihood that fits and the KL of the whole pool the model learns") {
  for (const TrainingNoise noise : {TrainingNoise::kShared, TrainingNoise::kPerExample}) {
    for (const Target target : {Target::kNextObservation, Target::kDelta}) {
      CAPTURE(static_cast<int>(noise));
      CAPTURE(static_cast<int>(target));
      DynamicsModelOptions options = Learning();
      options.training_noise = noise;
      options.target = target;
      const Trained trained = Train(options);
      CHECK(trained.after.predict_zero == doctest::Approx(1).epsilon(0.2));
      CHECK(trained.after.mean_prediction < 0.01 * trained.after.predict_zero);
      CHECK(trained.before.mean_prediction > 0.5 * trained.after.predict_zero);
    }
  }
}

TEST_CASE("With the default settings the model learns") {
  const Trained trained = Train({}, 10);
  CHECK(trained.after.mean_prediction < 0.05 * trained.after.identity);
  CHECK(trained.after.mean_prediction < 0.05 * trained.after.predict_zero);
}

TEST_CASE("Every way of sampling, depth and activation learns") {
  const auto error = [](auto change) {
    DynamicsModelOptions options = Learning();
    change(options);
    return Train(options).after.mean_prediction;
  };
  CHECK(error([](auto& o) { o.sampling = Sampling::kMoments; }) < 0.03);
  CHECK(error([](auto& o) { o.sampling = Sampling::kDirect; }) < 0.1);
  CHECK(error([](auto& o) { o.activation = Activation::kTanh; }) < 0.03);
  CHECK(error([](auto& o) { o.hidden = {8, 8}; }) < 0.1);
  CHECK(error([](auto& o) { o.hidden = {}; }) < 0.03);
  CHECK(error([](auto& o) { o.prior_scale = PriorScale::kFanIn; }) < 0.03);
}

TEST_CASE("A learned likelihood finds the size of the residual") {
  DynamicsModelOptions options = Learning();
  options.likelihood = Likelihood::kLearned;
  DynamicsModel model(LinearEnv().spec(), options, 5);
  model.Observe(LinearBatch(2000, 0));
  CHECK(model.belief().network().likelihood_stddev().isOnes(1e-6f));
  model.Fit(0);
  const Batch fresh = LinearBatch(500, 1);
  CHECK(model.belief().Errors(fresh).mean_prediction < 0.03);
  for (const float sd : model.belief().network().likelihood_stddev()) {
    CHECK(sd >= 0.03f);
    CHECK(sd < 0.3f);
  }
}

// A likelihood of 5 sd says that one transition tells next to nothing, and a KL weight of 0.2 for
// every minibatch of 10 counts the prior again and again: the belief returns to the prior.
TEST_CASE("The published likelihood and KL weight make the network collapse to the prior") {
  DynamicsModelOptions options = Learning();
  options.likelihood_stddev = 5;
  options.kl_schedule = KlSchedule::kConstant;
  options.kl_weight = 0.2;
  options.learning_rate = 0.001;
  const Trained trained = Train(options, 10);
  CHECK(trained.after.mean_prediction > 0.98 * trained.after.predict_zero);
  CHECK(trained.after.mean_prediction < 1.02 * trained.after.predict_zero);
}

TEST_CASE("The errors are those of the standardised targets") {
  DynamicsModelOptions options = Learning();
  for (const Target target : {Target::kNextObservation, Target::kDelta}) {
    options.target = target;
    DynamicsModel model(LinearEnv().spec(), options, 5);
    const Batch seen = LinearBatch(300, 0);
    model.Observe(seen);
    const auto targets = [&](const Batch& batch) -> MatrixXd {
      const MatrixXd next = batch.next_observations.cast<double>();
      return target == Target::kDelta ? next - batch.observations.cast<double>() : next;
    };
    const MatrixXd y = targets(seen);
    const VectorXd mean = y.colwise().mean().transpose();
    const VectorXd sd =
        (y.rowwise() - mean.transpose()).cwiseAbs2().colwise().mean().cwiseSqrt().transpose();
    const auto standardised = [&](const MatrixXd& rows) -> MatrixXd {
      return (rows.rowwise() - mean.transpose()) * sd.cwiseInverse().asDiagonal();
    };
    const Batch fresh = LinearBatch(200, 1);
    const MatrixXd unchanged = target == Target::kDelta
                                   ? MatrixXd::Zero(fresh.size(), 2)
                                   : MatrixXd(fresh.observations.cast<double>());
    const PredictionErrors errors = model.belief().Errors(fresh);
    CHECK(errors.predict_zero ==
          doctest::Approx(standardised(targets(fresh)).cwiseAbs2().mean()).epsilon(1e-5));
    CHECK(
        errors.identity ==
        doctest::Approx((standardised(unchanged) - standardised(targets(fresh))).cwiseAbs2().mean())
            .epsilon(1e-5));
    // On what it was standardised by, "predict zero" is 1.
    CHECK(model.belief().Errors(seen).predict_zero == doctest::Approx(1).epsilon(1e-5));
  }
}

TEST_CASE("The unit and origin of observations and actions do not matter") {
  const auto errors = [](float unit, float origin) {
    DynamicsModelOptions options = Learning();
    options.updates = 100;
    DynamicsModel model(LinearEnv().spec(), options, 5);
    Batch batch = LinearBatch(500, 0);
    const auto change = [&](Features<float>& rows) {
      rows = (unit * rows.array() + origin).matrix();
    };
    change(batch.observations);
    change(batch.next_observations);
    change(batch.executed_actions);
    model.Observe(batch);
    model.Fit(0);
    return model.belief().Errors(batch).mean_prediction;
  };
  CHECK(errors(1024, 0) == doctest::Approx(errors(1, 0)).epsilon(1e-3));
  CHECK(errors(8, 4) == doctest::Approx(errors(1, 0)).epsilon(1e-2));
}

TEST_CASE("A feature that never moves does no harm") {
  DynamicsModelOptions options = Learning();
  options.updates = 100;
  DynamicsModel model(LinearEnv().spec(), options, 5);
  Batch batch = LinearBatch(500, 0);
  batch.observations.col(1).setConstant(3);
  batch.next_observations.col(1).setConstant(3);
  model.Observe(batch);
  model.Fit(0);
  CHECK(std::isfinite(model.belief().Errors(batch).mean_prediction));
  CHECK(model.belief().Gain(batch, {}, {1}, 1).allFinite());
}

TEST_CASE("A difference that is rounding alone is not scaled up") {
  // A clock that advances by 0.05, stored as floats: its differences spread by about 1e-8.
  Batch batch = LinearBatch(500, 0);
  for (Index t = 0; t < batch.size(); ++t) {
    batch.observations(t, 0) = 0.05f * static_cast<float>(t % 20);
    batch.next_observations(t, 0) = 0.05f * static_cast<float>(t % 20 + 1);
  }
  TransitionScaler scaler(LinearEnv().spec().observation_dim(), LinearEnv().spec().action_dim(),
                          Target::kDelta);
  scaler.Observe(batch);
  const Features<float> y = scaler.Apply(batch).y;
  CHECK(y.col(0).cwiseAbs().maxCoeff() < 1e-6f);
  CHECK(y.col(1).cwiseAbs().maxCoeff() > 0.5f);
}

TEST_CASE("The pool holds the last transitions, the standardisation knows all") {
  DynamicsModelOptions options = Learning();
  options.pool_capacity = 120;
  DynamicsModel model(LinearEnv().spec(), options, 5);
  CHECK_FALSE(model.ready());
  CHECK_THROWS(model.Fit(0));
  model.Observe(LinearBatch(100, 0));
  CHECK(model.ready());
  CHECK(model.pool().size() == 100);
  model.Observe(LinearBatch(100, 1));
  CHECK(model.pool().size() == 120);
  CHECK(model.pool().capacity() == 120);
}

TEST_CASE("The ELBO is that of a transition: with little weight on the prior it approaches log p") {
  // A residual far below the likelihood's sd leaves E[log p] = -sum_o log(sd sqrt(2 pi)).
  DynamicsModelOptions options = Learning();
  options.likelihood_stddev = 1;
  options.kl_weight = 0;
  options.updates = 2000;
  const double limit = -2 * std::log(std::sqrt(2 * 3.14159265358979));
  const double elbo = Train(options, 2).report.elbo.value();  // of the second fit
  CHECK(elbo < limit);
  CHECK(elbo > limit - 0.05);
}

TEST_CASE("A transition bears its share of the KL: weight over minibatch size") {
  DynamicsModelOptions options = Learning();
  options.kl_schedule = KlSchedule::kConstant;
  options.learning_rate = 0;  // nothing moves
  options.minibatch = 8;
  options.updates = 20;
  const auto elbo = [&](double weight) {
    options.kl_weight = weight;
    return Train(options).report.elbo.value();
  };
  const double kl = DynamicsModel(LinearEnv().spec(), options, 5).belief().network().KlToPrior();
  CHECK(elbo(0) - elbo(4) == doctest::Approx(kl / 2));
}

TEST_CASE("Training is a function of seed and iteration") {
  const auto phi = [](std::uint64_t seed, std::uint32_t iteration) -> Vector<float> {
    DynamicsModelOptions options = Learning();
    options.updates = 20;
    DynamicsModel model(LinearEnv().spec(), options, seed);
    model.Observe(LinearBatch(100, 0));
    model.Fit(iteration);
    return model.belief().network().phi();
  };
  CHECK(phi(1, 0) == phi(1, 0));
  CHECK(phi(1, 0) != phi(1, 1));
  CHECK(phi(1, 0) != phi(2, 0));
}

TEST_CASE("Training that leaves the finite numbers is a NumericalError") {
  DynamicsModelOptions options = Learning();
  options.learning_rate = 1e30;
  DynamicsModel model(LinearEnv().spec(), options, 5);
  model.Observe(LinearBatch(100, 0));
  CHECK_THROWS_AS(model.Fit(0), NumericalError);
}

TEST_CASE("Fitting makes the familiar less informative than the unfamiliar") {
  DynamicsModelOptions options = Learning();
  options.likelihood = Likelihood::kLearned;
  DynamicsModel model(LinearEnv().spec(), options, 5);
  model.Observe(LinearBatch(2000, 0));
  model.Fit(0);
  const Batch familiar = LinearBatch(500, 1);
  Batch strange = familiar;
  strange.observations *= 5;
  strange.next_observations *= -5;
  const auto mean_gain = [&](const Batch& batch) {
    return model.belief().Gain(batch, {}, {1, Stream::kBonusNoise, 1, 0}, 1).mean();
  };
  CHECK(mean_gain(strange) > 100 * mean_gain(familiar));
}

}  // namespace
}  // namespace vime
