// A diagnosis of a short run: what must hold whatever was measured.
#include "experiments/diagnose/diagnose.h"

#include <doctest/doctest.h>

#include <cmath>

#include "tests/support/preset.h"

namespace vime {
namespace {

RunConfig SmallConfig() {
  RunConfig config;
  config.env = "pendulum";
  config.batch_steps = 1000;
  config.bnn.updates = 20;
  DescribeAll(config);
  Resolve(config);
  return config;
}

const DiagnoseOptions kOptions{.warmup = 2, .batches = 4};

TEST_CASE("A diagnosis holds what theory says of it") {
  const Diagnosis diagnosis = Diagnose(SmallConfig(), kOptions, 1);

  REQUIRE(diagnosis.baselines.size() == 8);
  CHECK(diagnosis.baselines[0].baseline == BaselineKind::kNone);
  CHECK(diagnosis.baselines[0].variance_ratio.mean == 1);
  CHECK(diagnosis.baselines[0].variance_ratio.standard_error == 0);
  CHECK(diagnosis.baselines[0].improved_share.mean == 0);
  for (const BaselineRow& row : diagnosis.baselines) {
    CHECK(row.variance_ratio.mean > 0);
    CHECK(row.improved_share.mean <= 1);
    // The returns of the pendulum are all far below 0: any baseline takes most of the variance.
    if (row.baseline != BaselineKind::kNone) CHECK(row.variance_ratio.mean < 0.7);
  }

  CHECK(diagnosis.reuse.size() == 5 * 4);
  CHECK(diagnosis.reuse.back().kl > diagnosis.reuse.front().kl);  // the policy moves on
  for (std::size_t i = 0; i < diagnosis.reuse.size(); i += 4) {
    CHECK(diagnosis.reuse[i].kl > 0);
    CHECK(diagnosis.reuse[i].effective_sample_share > 0);
    CHECK(diagnosis.reuse[i].effective_sample_share <= 1);
  }
  CHECK(diagnosis.reuse.front().effective_sample_share >
        diagnosis.reuse.back().effective_sample_share);

  // Quadratic by construction; the exact KL grows with the step.
  REQUIRE(diagnosis.trust_region.size() == 7);
  for (std::size_t i = 1; i < 7; ++i) {
    const auto& [scale, exact, quadratic] = diagnosis.trust_region[i];
    CHECK(quadratic == doctest::Approx(4 * diagnosis.trust_region[i - 1].quadratic_kl));
    CHECK(exact > diagnosis.trust_region[i - 1].exact_kl);
  }

  REQUIRE(diagnosis.gains.size() == 5);
  CHECK(diagnosis.gains[0].taylor_mean ==
        doctest::Approx(diagnosis.gains[0].exact_mean).epsilon(1e-3));
  CHECK(diagnosis.gains[1].taylor_mean ==
        doctest::Approx(100 * diagnosis.gains[0].taylor_mean).epsilon(1e-4));
  CHECK(diagnosis.correlations.other_noise > 0.3);
  CHECK(std::abs(diagnosis.correlations.state_norm) <= 1);
}

TEST_CASE("Fitted to many other trajectories the optimal constant is no worse than the mean") {
  // Of all constants per parameter it has the least variance; what is left to chance is its fit,
  // about 1/n for n trajectories: 100 of them are in the other batches.
  const Diagnosis diagnosis = Diagnose(SmallConfig(), {.warmup = 2, .batches = 21}, 1);
  const BaselineRow& mean = diagnosis.baselines[6];
  const BaselineRow& optimal = diagnosis.baselines[7];
  REQUIRE((mean.pooled && mean.baseline == BaselineKind::kMean));
  REQUIRE((optimal.pooled && optimal.baseline == BaselineKind::kOptimal));
  CHECK(optimal.variance_ratio.mean < 1);
  CHECK(optimal.variance_ratio.mean <= 1.02 * mean.variance_ratio.mean);
}

TEST_CASE("Fitted to one other batch the optimal constant pays for its many coefficients") {
  // In sample it would look far better than the mean: the held-out batch has no part in the fit.
  const Diagnosis diagnosis = Diagnose(SmallConfig(), {.warmup = 2, .batches = 2}, 1);
  CHECK(diagnosis.baselines[7].variance_ratio.mean > diagnosis.baselines[6].variance_ratio.mean);
}

TEST_CASE("A diagnosis is a function of the config, whatever the number of threads") {
  const Json one = ToJson(Diagnose(SmallConfig(), kOptions, 1));
  CHECK(ToJson(Diagnose(SmallConfig(), kOptions, 3)) == one);
  RunConfig other = SmallConfig();
  other.seed = 2;
  CHECK(ToJson(Diagnose(other, kOptions, 1)) != one);
}

TEST_CASE("Without warm-up there is no dynamics model to look at, and the rest is there") {
  const Diagnosis diagnosis = Diagnose(SmallConfig(), {.warmup = 0, .batches = 2}, 1);
  CHECK(diagnosis.gains.empty());
  CHECK(diagnosis.baselines.size() == 8);
  CHECK(ToMarkdown(diagnosis).find("Variance of the policy gradient") != std::string::npos);
}

TEST_CASE("On a linear task the model that learns orders transitions by what they teach") {
  const LinearTaskCorrelations learned = CompareOnLinearTask({}, {}, 1);
  CHECK(learned.information_gain > 0.7);
  CHECK(learned.information_gain > learned.state_norm + 0.15);
}

TEST_CASE("On a linear task the published model orders them no better than the state norm") {
  const LinearTaskCorrelations collapsed =
      CompareOnLinearTask(testing::PresetConfig("vime-published").bnn, {}, 1);
  CHECK(std::abs(collapsed.information_gain - collapsed.state_norm) < 0.1);
}

TEST_CASE("With closed-form moments the gain does not depend on noise") {
  RunConfig config = SmallConfig();
  config.bnn.likelihood = Likelihood::kLearned;
  config.bnn.kl_schedule = KlSchedule::kData;
  config.bnn.sampling = Sampling::kMoments;
  const Diagnosis diagnosis = Diagnose(config, kOptions, 1);
  CHECK(diagnosis.correlations.other_noise == doctest::Approx(1));  // there is no noise
}

}  // namespace
}  // namespace vime
