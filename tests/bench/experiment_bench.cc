// Times the whole experiment, phase by phase, and prints the signature of this build.
// Usage: experiment_bench [env [iterations [batch_steps [repetitions]]]]
#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <vector>

#include "lib/kernels/kernels.h"
#include "tests/support/signature.h"

namespace {

double MedianOf(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

}  // namespace

int main(int argc, char** argv) {
  vime::RunConfig config;
  if (argc > 1) config.env = argv[1];
  if (argc > 2) config.iterations = std::atoll(argv[2]);
  if (argc > 3) config.batch_steps = std::atoll(argv[3]);
  const int repetitions = argc > 4 ? std::atoi(argv[4]) : 5;
  vime::DescribeAll(config);
  vime::Resolve(config);

  constexpr const char* kPhases[] = {"rollout", "bonus", "policy", "dynamics", "total"};
  std::vector<std::vector<double>> seconds(5);
  for (int r = 0; r < repetitions; ++r) {
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
              repetitions);
  for (std::size_t phase = 0; phase < 5; ++phase) {
    std::printf("  %-9s %7.3f s  (%.3f)\n", kPhases[phase], MedianOf(seconds[phase]),
                *std::min_element(seconds[phase].begin(), seconds[phase].end()));
  }
  std::printf("  peak memory %.1f MB\n", static_cast<double>(usage.ru_maxrss) / 1024);
  std::printf("signature %s %s\n", config.env.c_str(),
              vime::testing::Signature(vime::testing::SignatureConfig(config.env), 1).c_str());
}
