#include "experiments/runner/metrics_json.h"

#include <doctest/doctest.h>

#include <limits>

namespace vime {
namespace {

TEST_CASE("Numbers that are not finite are null and named beside; absent ones are null alone") {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  IterationMetrics metrics;
  metrics.return_mean = std::numeric_limits<double>::quiet_NaN();
  metrics.return_max = kInfinity;
  metrics.bnn_elbo = -kInfinity;
  metrics.bonus_mean = 0.25;
  const Json line = ToJson(metrics);
  CHECK(line["rollout/return_mean"].is_null());
  CHECK(line["rollout/return_mean_nonfinite"] == "nan");
  CHECK(line["rollout/return_max_nonfinite"] == "inf");
  CHECK(line["bnn/elbo"].is_null());
  CHECK(line["bnn/elbo_nonfinite"] == "-inf");
  CHECK(line["bonus/mean"] == 0.25);
  CHECK(line["bonus/median"].is_null());
  CHECK(!line.contains("bonus/median_nonfinite"));
}

}  // namespace
}  // namespace vime
