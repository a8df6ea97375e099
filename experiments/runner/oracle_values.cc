#include "experiments/runner/oracle_values.h"

#include <algorithm>

#include "experiments/runner/config_json.h"
#include "experiments/runner/oracle_json.h"

namespace vime {

EnvParams OracleParams(const RunConfig& config) {
  EnvParams params = config.env_params;
  params.erase("noise_dims");
  return params;
}

const std::vector<OracleValue>& OracleValues() {
  static const std::vector<OracleValue> values = [] {
    std::vector<OracleValue> list;
    for (const Json& entry : ParseJson(std::string(OracleJson()), "oracle.json")) {
      list.push_back({.env = entry.at("env"),
                      .params = entry.at("env_params").get<EnvParams>(),
                      .horizon = entry.at("horizon"),
                      .oracle_return = entry.at("return_mean"),
                      .random_return = entry.at("random_return_mean")});
    }
    return list;
  }();
  return values;
}

const OracleValue* FindOracleValue(const RunConfig& config) {
  const EnvParams params = OracleParams(config);
  const auto& values = OracleValues();
  const auto found = std::ranges::find_if(values, [&](const OracleValue& value) {
    return value.env == config.env && value.horizon == config.horizon && value.params == params;
  });
  return found == values.end() ? nullptr : &*found;
}

}  // namespace vime
