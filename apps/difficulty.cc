#include "apps/difficulty.h"

#include <algorithm>
#include <array>
#include <iomanip>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

#include "apps/flags.h"
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

FieldList Selected(RunConfig& config) {
  FieldList all, selected;
  config.Describe(all);
  for (const Field& field : all.fields()) {
    if (std::ranges::find(kConfigKeys, field.path) != kConfigKeys.end()) selected.Add(field);
  }
  return selected;
}

struct Command {
  std::optional<std::string> help;
  RunConfig config;
  DifficultyOptions options;
};

Command ParseDifficulty(int argc, const char* const* argv) {
  Command command;
  CLI::App app{
      "usage: vime-run difficulty [OPTIONS]\n"
      "for example: vime-run difficulty --env mountaincar-sparse --episodes 10000\n"
      "Plays episodes with a policy that does not learn and prints how many find a reward.",
      "vime-run difficulty"};
  app.set_help_flag("-h,--help", "print this help, and exit")->group(kRunGroup);
  RunConfig default_config;
  DifficultyOptions defaults;
  FieldList option_fields;
  defaults.Describe(option_fields);
  std::vector<std::string> settings;
  app.add_option_function<std::string>(
         "--set", [&](const std::string& setting) { settings.push_back(setting); },
         "env_params.<name>=<value>; may be repeated; see vime-run --list envs")
      ->trigger_on_parse()
      ->group(kRunGroup);
  FlagSet config_flags, option_flags;
  option_flags.AddTo(app, option_fields, kRunGroup);
  config_flags.AddTo(app, Selected(default_config), kRunGroup);
  if (!Parse(app, argc, argv, {&config_flags, &option_flags})) {
    command.help = Help(app);
    return command;
  }
  if (!app.remaining().empty()) FailUnknown(app, app.remaining().front());

  ConfigBuilder builder;
  for (const std::string& setting : settings) {
    const std::size_t equals = setting.find('=');
    const std::string path = setting.substr(0, equals);
    if (equals == std::string::npos || !path.starts_with("env_params.")) {
      throw ConfigError("--set must be env_params.<name>=<value>, got '" + setting + "'");
    }
    builder.AddText(path, setting.substr(equals + 1), "--set " + path);
  }
  config_flags.ForEachGiven([&](std::size_t, const Field& field, const std::string& text) {
    builder.AddText(field.path, text, FlagOf(field.path));
  });
  command.config = builder.Build().config;

  FieldList fields;
  command.options.Describe(fields);
  option_flags.ForEachGiven([&](std::size_t i, const Field& field, const std::string& text) {
    AssignText(fields.fields()[i], text, FlagOf(field.path));
  });
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
  const Command command = ParseDifficulty(argc, argv);
  if (command.help) {
    WriteStdout(*command.help);
    return 0;
  }
  const RunConfig& config = command.config;
  const PlayReport report = Play(*FindEnvironment(config.env), config.env_params,
                                 {.policy = command.options.policy,
                                  .episodes = command.options.episodes,
                                  .horizon = static_cast<int>(config.horizon),
                                  .noise_hold = config.noise_hold,
                                  .seed = static_cast<std::uint64_t>(config.seed),
                                  .num_threads = static_cast<int>(command.options.threads)});
  const Json json = ToJson(command, report);
  WriteStdout(command.options.json ? json.dump(2) + "\n" : Table(json));
  return 0;
}

}  // namespace vime
