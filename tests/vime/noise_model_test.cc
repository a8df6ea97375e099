// The noise that depends on the state, against noise that is known, and what it does to the bonus.
#include "lib/vime/noise_model.h"

#include <doctest/doctest.h>

#include <cmath>

#include "lib/math/elementary.h"
#include "lib/vime/dynamics_model.h"
#include "tests/support/toy_env.h"

namespace vime {
namespace {

constexpr NoiseKey kKey{3, Stream::kTest, 0, 0};

// Two outputs with residuals of sd 0.1 where x < 0; where x > 0 the first has sd 2.
float TrueStddev(float x, Index output) { return x > 0 && output == 0 ? 2.0f : 0.1f; }

struct Residuals {
  Features<float> x, squared;
};
Residuals Draw(Rng& rng, Index rows) {
  Residuals data{Features<float>(rows, 2), Features<float>(rows, 2)};
  for (Index b = 0; b < rows; ++b) {
    data.x(b, 0) = static_cast<float>(rng.Normal());
    data.x(b, 1) = static_cast<float>(rng.Normal());
    for (Index o = 0; o < 2; ++o) {
      const float r = TrueStddev(data.x(b, 0), o) * static_cast<float>(rng.Normal());
      data.squared(b, o) = r * r;
    }
  }
  return data;
}

TEST_CASE("Noise starts at one and is learned where it is, output by output") {
  NoiseModel model(2, 2, 0.03, 3e-3, kKey);
  Rng rng({4, Stream::kTest, 0, 0});
  Features<float> points(3, 2);
  points << -1.5f, 0, 1.5f, 0, 1.5f, 1;
  CHECK((model.Stddev(points).array() - 1).abs().maxCoeff() < 0.1f);
  for (int update = 0; update < 3000; ++update) {
    const Residuals data = Draw(rng, 10);
    model.Update(data.x, data.squared);
  }
  const Features<float> stddev = model.Stddev(points);
  for (Index b = 0; b < points.rows(); ++b) {
    for (Index o = 0; o < 2; ++o) {
      CHECK(std::abs(Log(stddev(b, o) / TrueStddev(points(b, 0), o))) < 0.5f);
    }
  }
}

TEST_CASE("Learned noise stays within its bounds and returns from them") {
  NoiseModel model(1, 1, 0.5, 0.1, kKey);
  const Features<float> x = Features<float>::Constant(4, 1, 0.7f);
  const auto update = [&](float squared_residual, int times) {
    for (int i = 0; i < times; ++i) {
      model.Update(x, Features<float>::Constant(4, 1, squared_residual));
    }
    return model.Stddev(x)(0, 0);
  };
  CHECK(update(0, 300) == doctest::Approx(0.5f));
  CHECK(update(1e12f, 300) == doctest::Approx(10.0f));
  CHECK(update(4, 300) == doctest::Approx(2).epsilon(0.1));
}

// s' = (0.9 s_0, noise of sd |n| where s_0 > 0): a television in one half of the world.
Batch Television(Index steps, std::uint32_t item) {
  Batch batch;
  batch.Resize(steps, 2, 1);
  Rng rng({6, Stream::kTest, 0, item});
  for (Index t = 0; t < steps; ++t) {
    const float s = static_cast<float>(rng.Normal());
    batch.observations.row(t) << s, 0;
    batch.executed_actions(t, 0) = static_cast<float>(rng.Normal());
    batch.next_observations.row(t) << 0.9f * s, s > 0 ? static_cast<float>(rng.Normal()) : 0.0f;
  }
  return batch;
}

// The bonus of a model trained on the television: how much more the noisy half pays.
double NoisyOverQuiet(Likelihood likelihood) {
  DynamicsModelOptions options;
  options.hidden = {16};
  options.likelihood = likelihood;
  options.sampling = Sampling::kMoments;
  options.prior_scale = PriorScale::kFanIn;
  options.kl_schedule = KlSchedule::kData;
  options.kl_weight = 1;
  options.learning_rate = 3e-3;
  options.updates = 3000;
  DynamicsModel model(testing::ToySpec(2, 1), options, 5);
  model.Observe(Television(3000, 0));
  model.Fit(0);
  const Batch fresh = Television(2000, 1);
  const VectorXd gain = model.belief().Gain(fresh, {}, {1, Stream::kBonusNoise, 1, 0}, 1);
  double sum[2] = {0, 0}, count[2] = {0, 0};
  for (Index t = 0; t < fresh.size(); ++t) {
    const int noisy = fresh.observations(t, 0) > 0 ? 1 : 0;
    sum[noisy] += gain[t];
    count[noisy] += 1;
  }
  return sum[1] / count[1] / (sum[0] / count[0]);
}

// Noise goes on surprising; the gain of it falls with the amount of data only. A likelihood that
// knows where the noise is makes it pay less, relative to what can still be learned.
TEST_CASE("A likelihood that knows where the noise is makes the television pay less") {
  const double learned = NoisyOverQuiet(Likelihood::kLearned);
  CHECK(learned > 10);
  CHECK(NoisyOverQuiet(Likelihood::kHeteroscedastic) < learned / 5);
}

}  // namespace
}  // namespace vime
