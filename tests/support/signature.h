// One number that says whether results changed: a hash of the metrics of a tiny fixed run.
#pragma once

#include <xxhash.h>

#include <cstdio>
#include <string>

#include "experiments/runner/metrics_json.h"

namespace vime::testing {

/// A few small iterations with bonus, several lanes and a ragged tail.
inline RunConfig SignatureConfig(const std::string& env) {
  RunConfig config;
  config.env = env;
  config.seed = 7;
  config.iterations = 4;
  config.batch_steps = 700;
  config.bnn.updates = 30;
  DescribeAll(config);
  Resolve(config);
  return config;
}

/// Sixteen hexadecimal digits over the metrics that must not depend on the machine, and the final
/// policy.
inline std::string Signature(const RunConfig& config, int num_threads) {
  const auto trainer = MakeTrainer(config, num_threads);
  std::string text;
  for (std::int64_t i = 0; i < config.iterations; ++i) {
    Json line = ToJson(trainer->Iterate());
    for (auto item = line.begin(); item != line.end();) {
      const std::string& key = item.key();
      const bool clock = key.starts_with("time/") || key.ends_with("_s");
      item = clock ? line.erase(item) : std::next(item);
    }
    text += line.dump() + "\n";
  }
  for (const double value : trainer->policy().parameters()) text += Json(value).dump() + "\n";
  char digits[17];
  std::snprintf(digits, sizeof digits, "%016llx",
                static_cast<unsigned long long>(XXH64(text.data(), text.size(), 0)));
  return digits;
}

}  // namespace vime::testing
