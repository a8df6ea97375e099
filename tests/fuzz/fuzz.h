// What the fuzzers share. Each has the shape that libFuzzer asks for (LLVMFuzzerTestOneInput) and
// gives its input to everything that reads such a file in any of the programs. An input may be
// accepted or refused by one of the project's errors; whatever else ends a reader is a bug.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "experiments/runner/runner.h"
#include "experiments/sweep/manifest.h"
#include "lib/core/check.h"
#include "tests/support/process.h"

namespace vime::testing {

inline std::string Text(const std::uint8_t* data, std::size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

/// Every reader has its turn, whatever the others made of the input.
template <class... Reader>
int Try(const Reader&... readers) {
  const auto attempt = [](const auto& reader) {
    try {
      reader();
    } catch (const ConfigError&) {
    } catch (const IoError&) {
    } catch (const NumericalError&) {
    }
  };
  (attempt(readers), ...);
  return 0;
}

/// The smallest run that still does everything.
inline ConfigBuilder TinyConfig() {
  ConfigBuilder builder;
  builder.AddJson({{"iterations", 4},
                   {"batch_steps", 50},
                   {"horizon", 25},
                   {"bnn.updates", 2},
                   {"bnn.num_samples", 2},
                   {"bnn.hidden", {2}},
                   {"bnn.pool_capacity", 60},
                   {"policy.hidden", {2}},
                   {"eval_every", 2},
                   {"eval_episodes", 1}},
                  "tiny", "file tiny");
  return builder;
}

/// A finished sweep: two arms of two runs. A fuzzer replaces files of the first run.
class TinySweep {
 public:
  /// Films take most of the time of a report; without policies there are none.
  explicit TinySweep(bool policies = true) {
    const std::vector<SweepTask> tasks = PlanSweep(TinyConfig(), {"eta=0.1,0"}, "1-2");
    WriteText(manifest(), ManifestText(tasks));
    run_ = RunPath(manifest(), tasks[0]);
    for (const SweepTask& task : tasks) {
      ConfigBuilder builder;
      builder.AddJson(task.config, "task", "task");
      const ResolvedConfig resolved = builder.Build();
      if (&task == &tasks[0]) config_ = resolved.config;
      const std::string run = RunPath(manifest(), task);
      Run(resolved, {.out = run, .quiet = true}, {"vime-run"}, false);
      if (!policies) std::filesystem::remove(run + "/policy.json");
    }
  }

  const std::string& directory() const { return directory_.path(); }
  std::string manifest() const { return directory_ / "manifest.jsonl"; }
  /// The first run.
  const std::string& run() const { return run_; }
  const RunConfig& config() const { return config_; }

  /// Writes the input to a file. "@hash@" and "@run@" in it become those of the first run, so that
  /// inputs stay those of this run when another config has another hash.
  void Write(const std::string& path, std::string input) const {
    const std::string hash = ConfigHash(config_);
    for (const auto& [mark, value] : {std::pair<std::string_view, std::string>{"@hash@", hash},
                                      {"@run@", std::filesystem::path(run_).filename().string()}}) {
      for (std::size_t at = 0; (at = input.find(mark, at)) != std::string::npos;) {
        input.replace(at, mark.size(), value);
      }
    }
    WriteText(path, input);
  }

 private:
  TemporaryDirectory directory_;
  std::string run_;
  RunConfig config_;
};

}  // namespace vime::testing
