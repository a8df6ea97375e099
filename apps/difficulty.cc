#include "apps/difficulty.h"

#include <array>
#include <iomanip>
#include <optional>
#include <sstream>
#include <string>
#include <utility>

#include "apps/task_command.h"
#include "envs/difficulty.h"
#include "envs/registry.h"
#include "experiments/runner/config_json.h"
#include "experiments/runner/files.h"
#include "lib/core/check.h"
#include "lib/stats/intervals.h"

namespace vime {

template <>
std::span<const std::string_view> EnumNames<PlayPolicy>() {
  static constexpr auto kNames = std::to_array<std::string_view>({"normal", "uniform", "scripted"});
  return kNames;
}

namespace {

/// What is asked for beside the keys of the config.
struct DifficultyOptions {
  std::int64_t episodes = 1000;
  PlayPolicy policy = PlayPolicy::kNormal;
  std::int64_t threads = 1;
  bool json = false;

  void Describe(FieldList& f) {
    f.Add("episodes", episodes, "episodes to play", {.low = 1, .high = 1e7});
    f.Add("policy", policy,
          "actions N(0, 1) or U(-1, 1) in normalised units, independent and clipped, or those of "
          "the task's scripted policy");
    f.Add("threads", threads, "threads; the result does not depend on them",
          {.low = 1, .high = 256});
    f.Add("json", json, "print JSON instead of a table");
  }
};

// The keys of the config that say what is played.
constexpr auto kConfigKeys =
    std::to_array<std::string_view>({"env", "seed", "horizon", "policy.noise_hold"});

struct Command {
  RunConfig config;
  DifficultyOptions options;
};

// Nothing when help was asked for.
std::optional<Command> ParseDifficulty(int argc, const char* const* argv) {
  CLI::App app{
      "usage: vime-run difficulty [OPTIONS]\n"
      "for example: vime-run difficulty --env mountaincar-sparse --episodes 10000\n"
      "Plays episodes with a policy that does not learn and prints how many find a reward.",
      "vime-run difficulty"};
  Command command;
  FieldList fields;
  command.options.Describe(fields);
  std::optional<RunConfig> config = ParseTask(app, argc, argv, kConfigKeys, fields);
  if (!config) return std::nullopt;
  command.config = *std::move(config);
  if (command.options.policy == PlayPolicy::kScripted && command.config.noise_hold > 1) {
    throw ConfigError("--policy-noise-hold needs --policy normal or uniform");
  }
  return command;
}

Json ShareToJson(Index count, Index episodes) {
  const Interval interval = WilsonInterval(static_cast<int>(count), static_cast<int>(episodes));
  Json json;
  json["episodes"] = count;
  json["rate"] = static_cast<double>(count) / static_cast<double>(episodes);
  json["low"] = interval.low;
  json["high"] = interval.high;
  return json;
}

Json ToJson(const Command& command, const PlayReport& report) {
  const std::string_view policy =
      EnumNames<PlayPolicy>()[static_cast<std::size_t>(command.options.policy)];
  Json json;
  json["schema"] = "vime-difficulty-1";
  json["env"] = command.config.env;
  json["env_params"] = command.config.env_params;
  json["policy"] = std::string(policy);
  json["policy_noise_hold"] = command.config.noise_hold;
  json["seed"] = command.config.seed;
  json["horizon"] = report.horizon;
  json["episodes"] = report.episodes;
  json["env_steps"] = report.steps;
  json["success"] = ShareToJson(report.successes, report.episodes);
  json["rewarded"] = ShareToJson(report.rewarded, report.episodes);
  json["confidence"] = kConfidence;
  json["return_mean"] = report.return_mean;
  json["return_std"] = report.episodes > 1 ? Json(report.return_stddev) : Json();
  return json;
}

std::string ShareText(const char* name, const Json& share) {
  std::ostringstream text;
  text << std::left << std::setw(10) << name << std::right << std::setw(10)
       << share["episodes"].get<Index>() << std::setprecision(3) << std::setw(12)
       << share["rate"].get<double>() << "  [" << share["low"].get<double>() << ", "
       << share["high"].get<double>() << "]\n";
  return text.str();
}

std::string Table(const Json& json) {
  std::ostringstream text;
  text << json["env"].get<std::string>() << ", policy " << json["policy"].get<std::string>();
  if (json["policy_noise_hold"] > 1) text << " held " << json["policy_noise_hold"] << " steps";
  text << ", " << json["episodes"] << " episodes of at most " << json["horizon"] << " steps, seed "
       << json["seed"] << "\n"
       << std::left << std::setw(10) << "" << std::right << std::setw(10) << "episodes"
       << std::setw(12) << "rate"
       << "  " << 100 * kConfidence << " % interval\n"
       << ShareText("success", json["success"]) << ShareText("rewarded", json["rewarded"])
       << "return mean " << std::setprecision(6) << json["return_mean"].get<double>();
  if (!json["return_std"].is_null()) text << ", sd " << json["return_std"].get<double>();
  text << ", over " << json["env_steps"] << " steps\n";
  return text.str();
}

}  // namespace

int MeasureDifficulty(int argc, const char* const* argv) {
  const std::optional<Command> command = ParseDifficulty(argc, argv);
  if (!command) return 0;
  const auto& [config, options] = *command;
  const PlayReport report = Play(*FindEnvironment(config.env), config.env_params,
                                 {.policy = options.policy,
                                  .episodes = options.episodes,
                                  .horizon = static_cast<int>(config.horizon),
                                  .noise_hold = config.noise_hold,
                                  .seed = static_cast<std::uint64_t>(config.seed),
                                  .num_threads = static_cast<int>(options.threads)});
  const Json json = ToJson(*command, report);
  WriteStdout(options.json ? json.dump(2) + "\n" : Table(json));
  return 0;
}

}  // namespace vime
