// The solved tasks that the program carries with it, and the scores that follow from them.
#include "experiments/runner/oracle_values.h"

#include <doctest/doctest.h>

#include <cmath>
#include <set>
#include <utility>

#include "envs/difficulty.h"
#include "envs/registry.h"
#include "experiments/runner/config_json.h"
#include "experiments/runner/summary.h"
#include "lib/core/check.h"

namespace vime {
namespace {

RunConfig Config(const std::vector<std::pair<std::string, std::string>>& settings) {
  ConfigBuilder builder;
  for (const auto& [path, text] : settings) builder.AddText(path, text, path);
  return builder.Build().config;
}

TEST_CASE("Every solved task exists, once, with all its parameters") {
  std::set<std::pair<std::string, std::pair<EnvParams, std::int64_t>>> seen;
  for (const OracleValue& value : OracleValues()) {
    INFO(value.env);
    const EnvEntry* entry = FindEnvironment(value.env);
    REQUIRE(entry != nullptr);
    CHECK_NOTHROW(MakeEnvironment(*entry, value.params));
    for (const auto& [name, number] : DefaultParams(*entry)) {
      CHECK(value.params.contains(name) == (name != "noise_dims"));
    }
    CHECK(seen.insert({value.env, {value.params, value.horizon}}).second);
  }
}

TEST_CASE("The tasks with at most three state dimensions are solved at their defaults") {
  for (const EnvEntry& entry : Environments()) {
    const bool small = MakeEnvironment(entry, {{"noise_dims", 0}})->spec().state.size() <= 3;
    CHECK_MESSAGE((FindOracleValue(Config({{"env", entry.name}})) != nullptr) == small, entry.name);
  }
}

// What a script achieves cannot be more than the best, but for the error of the grid, and for the
// luck of 200 starts: more than five standard errors once in a million times.
TEST_CASE("No scripted policy beats an oracle, and random play is below both") {
  for (const OracleValue& value : OracleValues()) {
    INFO(value.env, ", horizon ", value.horizon);
    const PlayReport scripted = Play(*FindEnvironment(value.env), value.params,
                                     {.policy = PlayPolicy::kScripted,
                                      .episodes = 200,
                                      .horizon = static_cast<int>(value.horizon)});
    const double grid = 1e-4 * (value.oracle_return - value.random_return);
    const double luck = 5 * scripted.return_stddev / std::sqrt(200);
    CHECK(value.oracle_return >= scripted.return_mean - grid - luck);
    CHECK(value.random_return < scripted.return_mean);
  }
}

TEST_CASE("Random play scores 0, the oracle 1") {
  const OracleValue value{
      .env = "", .params = {}, .horizon = 1, .oracle_return = 90, .random_return = -10};
  CHECK(value.Score(-10) == 0);
  CHECK(value.Score(90) == 1);
  CHECK(value.Score(65) == doctest::Approx(0.75));
  CHECK(value.Regret(90) == 0);
  CHECK(value.Regret(65) == 25);
}

TEST_CASE("Environment, parameters and horizon must be those of the oracle; noise does not count") {
  const OracleValue* value = FindOracleValue(Config({{"env", "mountaincar"}}));
  REQUIRE(value != nullptr);
  CHECK(value->horizon == 200);
  CHECK(FindOracleValue(Config({{"env", "mountaincar"}, {"env_params.noise_dims", "3"}})) == value);
  CHECK(FindOracleValue(Config({{"env", "mountaincar"}, {"horizon", "999"}})) != value);
  CHECK(FindOracleValue(Config({{"env", "mountaincar"}, {"horizon", "201"}})) == nullptr);
  CHECK(FindOracleValue(Config({{"env", "mountaincar"}, {"env_params.float_state", "1"}})) ==
        nullptr);
  CHECK(FindOracleValue(Config({{"env", "acrobot-sparse"}})) == nullptr);
}

TEST_CASE("A summary has the regret and the score of return_last20, or nulls") {
  const auto summary = [](const RunConfig& config, std::vector<double> returns) {
    SummaryBuilder builder;
    for (const double mean : returns) {
      IterationMetrics metrics;
      metrics.return_mean = mean;
      metrics.env_steps = 1;
      builder.Add(metrics, Batch{});
    }
    return builder.ToJson(config, "", 0);
  };
  const RunConfig known = Config({{"env", "mountaincar"}});
  const OracleValue& value = *FindOracleValue(known);
  const Json json = summary(known, {value.oracle_return, value.random_return});
  CHECK(json["normalised_score"].get<double>() == doctest::Approx(0.5));
  CHECK(json["regret"].get<double>() ==
        doctest::Approx((value.oracle_return - value.random_return) / 2));
  for (const Json& without :
       {summary(Config({{"env", "acrobot-sparse"}}), {1}),
        summary(Config({{"env", "mountaincar"}, {"horizon", "77"}}), {1}), summary(known, {})}) {
    CHECK(without["regret"].is_null());
    CHECK(without["normalised_score"].is_null());
  }
}

}  // namespace
}  // namespace vime
