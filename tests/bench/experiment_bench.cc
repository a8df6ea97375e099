// Times the whole experiment, phase by phase, and prints the signature of this build.
// Usage: experiment_bench [preset=NAME] [key=value ...]
#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <exception>
#include <string>
#include <vector>

#include "experiments/runner/config_json.h"
#include "lib/core/check.h"
#include "lib/kernels/kernels.h"
#include "tests/support/signature.h"

namespace {

double MedianOf(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

// The config of "preset=NAME" and "key=value" arguments.
vime::RunConfig ConfigFrom(int argc, char** argv) {
  vime::ConfigBuilder builder;
  for (int i = 1; i < argc; ++i) {
    const std::string argument = argv[i];
    const std::size_t equals = argument.find('=');
    if (equals == std::string::npos) throw vime::ConfigError(argument + " is not key=value");
    const std::string key = argument.substr(0, equals);
    const std::string value = argument.substr(equals + 1);
    if (key == "preset") {
      builder.AddJson(vime::ConfigOf(vime::FindPreset(value), value), value, value);
    } else {
      builder.AddText(key, value, key);
    }
  }
  return builder.Build().config;
}

}  // namespace

int main(int argc, char** argv) try {
  constexpr int kRepetitions = 5;
  const vime::RunConfig config = ConfigFrom(argc, argv);

  constexpr const char* kPhases[] = {"rollout", "bonus", "policy", "dynamics", "total"};
  std::vector<std::vector<double>> seconds(5);
  for (int r = 0; r < kRepetitions; ++r) {
    const auto start = std::chrono::steady_clock::now();
    const auto trainer = vime::MakeTrainer(config, 1);
    double sums[4] = {};
    for (std::int64_t i = 0; i < config.iterations; ++i) {
      const vime::IterationMetrics m = trainer->Iterate();
      sums[0] += m.time_rollout_s;
      sums[1] += m.time_bonus_s;
      sums[2] += m.time_policy_s;
      sums[3] += m.time_dynamics_s;
    }
    for (std::size_t phase = 0; phase < 4; ++phase) seconds[phase].push_back(sums[phase]);
    seconds[4].push_back(
        std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
  }
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  std::printf("%s, %lld iterations x %lld steps, one thread, kernels %s, median of %d (min)\n",
              config.env.c_str(), static_cast<long long>(config.iterations),
              static_cast<long long>(config.batch_steps), vime::GetKernels<float>().name,
              kRepetitions);
  for (std::size_t phase = 0; phase < 5; ++phase) {
    std::printf("  %-9s %7.3f s  (%.3f)\n", kPhases[phase], MedianOf(seconds[phase]),
                *std::min_element(seconds[phase].begin(), seconds[phase].end()));
  }
  std::printf("  peak memory %.1f MB\n", static_cast<double>(usage.ru_maxrss) / 1024);
  std::printf("signature %s %s\n", config.env.c_str(),
              vime::testing::Signature(vime::testing::SignatureConfig(config.env), 1).c_str());
} catch (const std::exception& error) {
  std::fprintf(stderr, "experiment_bench: %s\n", error.what());
  return 2;
}
