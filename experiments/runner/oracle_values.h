// The solved tasks that the program carries with it: experiments/oracle.json.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "experiments/runner/run_config.h"

namespace vime {

inline constexpr const char* kOracleSchema = "vime-oracle-1";

/// The parameters that decide what an oracle gets: all but noise_dims, whose noise changes neither
/// dynamics nor rewards.
EnvParams OracleParams(const RunConfig& config);

/// Mean undiscounted returns of a task, per episode.
struct OracleValue {
  std::string env;
  EnvParams params;  ///< see OracleParams
  std::int64_t horizon = 0;
  double oracle_return = 0;
  double random_return = 0;  ///< with a' ~ N(0, 1), clipped

  /// How far a return is from the oracle's.
  double Regret(double value) const { return oracle_return - value; }
  /// 0 for random play, 1 for the oracle.
  double Score(double value) const {
    return (value - random_return) / (oracle_return - random_return);
  }
};

/// All of them.
const std::vector<OracleValue>& OracleValues();

/// That of the environment, parameters and horizon of a resolved config, or nullptr.
const OracleValue* FindOracleValue(const RunConfig& config);

}  // namespace vime
