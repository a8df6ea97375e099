// Value functions against functions they can represent.
#include "lib/rl/value_function.h"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>

#include "lib/core/check.h"
#include "tests/support/gradient_check.h"
#include "tests/support/toy_env.h"

namespace vime {
namespace {

using testing::EmptyBatch;
using testing::MaxError;

VectorXd Predict(const ValueFunction& value, const Batch& batch) {
  return value.Predict(batch.observations, StepsOf(batch));
}

void Fit(ValueFunction& value, const Batch& batch, const VectorXd& targets) {
  value.Fit(batch.observations, StepsOf(batch), targets);
}

TEST_CASE("StepsOf counts from 0 in every trajectory") {
  CHECK(StepsOf(EmptyBatch({2, 1, 3})) == VectorXd{{0, 1, 0, 0, 1, 2}});
}

TEST_CASE("The linear baseline recovers what is linear in its features") {
  const Batch fit = testing::RandomBatch({100, 40, 70}, 2, 1, 4);
  const Batch fresh = testing::RandomBatch({60, 30}, 2, 1, 5);
  const auto target = [](const Batch& batch) {
    VectorXd a(batch.size());
    for (const Trajectory& trajectory : batch.trajectories) {
      for (Index k = 0; k < trajectory.length; ++k) {
        const Index row = trajectory.begin + k;
        const double x = batch.observations(row, 0);
        const double y = batch.observations(row, 1);
        const double t = static_cast<double>(k) / 100;
        a[row] = 3 * x - 2 * y * y + 5 + 4 * t - 2 * t * t + 0.5 * t * t * t;
      }
    }
    return a;
  };
  LinearValue value;
  CHECK(Predict(value, fresh) == VectorXd::Zero(fresh.size()));
  Fit(value, fit, target(fit));
  // Up to the shrinkage by the ridge.
  CHECK(MaxError(Predict(value, fresh), target(fresh)) < 0.01);
  // A refit forgets the past.
  Fit(value, fit, VectorXd::Zero(fit.size()));
  CHECK(Predict(value, fresh).isZero(1e-12));
}

TEST_CASE("The linear baseline has features of the state and of the time in its own episode") {
  Batch batch = EmptyBatch({200, 200});
  VectorXd advantages(400);
  for (Index t = 0; t < 400; ++t) advantages[t] = static_cast<double>(t % 200);
  LinearValue value;
  Fit(value, batch, advantages);
  CHECK(MaxError(Predict(value, batch), advantages) < 0.01);
}

TEST_CASE("Observations far outside count as 10 for the linear baseline") {
  Batch batch = testing::RandomBatch({50, 50}, 1, 1, 6);
  LinearValue value;
  Fit(value, batch, 3 * batch.observations.col(0).cast<double>());
  batch.observations(2, 0) = 10;
  const double at_ten = Predict(value, batch)[2];
  for (const float far : {11.0f, 1e30f}) {
    batch.observations(2, 0) = far;
    CHECK(Predict(value, batch)[2] == at_ten);
  }
}

// A smooth function of state and time.
VectorXd Waves(const Batch& batch) {
  const VectorXd steps = StepsOf(batch);
  VectorXd target(batch.size());
  for (Index i = 0; i < batch.size(); ++i) {
    target[i] = 50 +
                20 * std::sin(3 * static_cast<double>(batch.observations(i, 0))) *
                    static_cast<double>(batch.observations(i, 1)) +
                0.2 * steps[i];
  }
  return target;
}

TEST_CASE("The network learns, over a few batches, what the linear value cannot") {
  MlpValue mlp(testing::ToySpec(2, 1), 100, 1);
  LinearValue linear;
  CHECK(Predict(mlp, EmptyBatch({3}, 2, 1)) == VectorXd::Zero(3));
  for (std::uint32_t i = 0; i < 20; ++i) {
    const Batch batch = testing::RandomBatch({100, 100, 50}, 2, 1, i);
    Fit(mlp, batch, Waves(batch));
    Fit(linear, batch, Waves(batch));
  }
  const Batch fresh = testing::RandomBatch({100, 100}, 2, 1, 100);
  CHECK(ExplainedVariance(Predict(mlp, fresh), Waves(fresh)) > 0.95);
  CHECK(ExplainedVariance(Predict(linear, fresh), Waves(fresh)) < 0.9);
}

TEST_CASE("The unit of the targets does not matter to the network") {
  const Batch batch = testing::RandomBatch({100, 100}, 2, 1, 3);
  const auto predictions = [&](double unit) {
    MlpValue mlp(testing::ToySpec(2, 1), 100, 1);
    Fit(mlp, batch, unit * Waves(batch));
    return (Predict(mlp, batch) / unit).eval();
  };
  CHECK(MaxError(predictions(1e-6), predictions(1)) < 1e-4);
  CHECK(MaxError(predictions(1e6), predictions(1)) < 1e-4);
}

TEST_CASE("Constant targets are predicted as they are") {
  const Batch batch = testing::RandomBatch({30}, 2, 1, 4);
  MlpValue mlp(testing::ToySpec(2, 1), 100, 1);
  Fit(mlp, batch, VectorXd::Constant(30, 0.1));
  CHECK(MaxError(Predict(mlp, batch), VectorXd::Constant(30, 0.1)) < 1e-12);
}

TEST_CASE("Targets that are not finite are a NumericalError for the network") {
  const Batch batch = testing::RandomBatch({30}, 2, 1, 4);
  MlpValue mlp(testing::ToySpec(2, 1), 100, 1);
  VectorXd targets = Waves(batch);
  targets[7] = std::numeric_limits<double>::infinity();
  CHECK_THROWS_AS(Fit(mlp, batch, targets), NumericalError);
}

TEST_CASE(
    "Explained variance is 1 for the truth, 0 for a constant and undefined without variance") {
  const VectorXd y{{1, 2, 4, 9}};
  CHECK(ExplainedVariance(y, y) == 1);
  CHECK(ExplainedVariance(VectorXd::Constant(4, 3.0), y) == doctest::Approx(0));
  CHECK(ExplainedVariance(-y, y) == doctest::Approx(-3));
  CHECK(std::isnan(ExplainedVariance(y, VectorXd::Ones(4))));
}

}  // namespace
}  // namespace vime
