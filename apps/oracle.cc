#include "apps/oracle.h"

#include <array>
#include <cmath>
#include <iomanip>
#include <optional>
#include <sstream>
#include <string>
#include <utility>

#include "apps/task_command.h"
#include "envs/oracle.h"
#include "envs/registry.h"
#include "experiments/runner/config_json.h"
#include "experiments/runner/files.h"
#include "experiments/runner/metrics_json.h"
#include "experiments/runner/oracle_values.h"
#include "experiments/runner/text.h"

namespace vime {
namespace {

/// What is asked for beside the keys of the config.
struct Options {
  OracleOptions oracle;
  std::int64_t actions = oracle.actions;
  std::int64_t threads = oracle.num_threads;
  bool json = false;

  void Describe(FieldList& f) {
    f.Add("grid", oracle.grid, "nodes per state dimension; one number serves all",
          {.low = 2, .high = StateGrid::kMaxNodes, .max_entries = StateGrid::kMaxDims});
    f.Add("actions", actions, "values per action dimension, bounds included",
          {.low = 2, .high = 1001});
    f.Add("gamma", oracle.gamma, "discount factor of the return that is maximised",
          {.low = 0, .high = 1, .low_open = true});
    f.Add("episodes", oracle.episodes, "episodes that the greedy policy plays",
          {.low = 1, .high = 1e6});
    f.Add("random_episodes", oracle.random_episodes, "episodes of random play, for the score",
          {.low = 1, .high = 1e7});
    f.Add("threads", threads, "threads; the result does not depend on them",
          {.low = 1, .high = 256});
    f.Add("json", json, "print JSON instead of a table");
  }
};

// The keys of the config that say what the task is.
constexpr auto kConfigKeys = std::to_array<std::string_view>({"env", "seed", "horizon"});

// Of the mean of n values; null for one.
Json StandardError(double stddev, Index n) {
  return n > 1 ? Json(stddev / std::sqrt(static_cast<double>(n))) : Json();
}

// The command again: the keys that shape the result, whatever their source was.
std::string CommandText(const RunConfig& config, const Options& options,
                        const OracleReport& report) {
  std::string text = "vime-run oracle --env " + config.env;
  for (const auto& [name, value] : OracleParams(config)) {
    text += " --set env_params." + name + "=" + NumberText(value);
  }
  text += " --horizon " + std::to_string(report.horizon) + " --gamma " +
          NumberText(options.oracle.gamma) + " --grid ";
  for (std::size_t k = 0; k < report.grid.size(); ++k) {
    text += (k == 0 ? "" : ",") + std::to_string(report.grid[k]);
  }
  text += " --actions " + std::to_string(options.actions) + " --episodes " +
          std::to_string(options.oracle.episodes) + " --random-episodes " +
          std::to_string(options.oracle.random_episodes) + " --seed " + std::to_string(config.seed);
  return text;
}

Json ToJson(const RunConfig& config, const Options& options, const OracleReport& report) {
  Json json;
  json["schema"] = kOracleSchema;
  json["env"] = config.env;
  json["env_params"] = OracleParams(config);
  json["horizon"] = report.horizon;
  json["gamma"] = options.oracle.gamma;
  json["return_mean"] = report.return_mean;
  json["return_se"] = StandardError(report.return_stddev, options.oracle.episodes);
  json["discounted_return_mean"] = report.discounted_return_mean;
  json["value_mean"] = report.value_mean;
  json["steps_mean"] = report.steps_mean;
  json["success_fraction"] = report.success_fraction;
  json["episodes"] = options.oracle.episodes;
  json["random_return_mean"] = report.random.return_mean;
  json["random_return_se"] = StandardError(report.random.return_stddev, report.random.episodes);
  json["random_episodes"] = report.random.episodes;
  json["grid"] = report.grid;
  json["actions"] = options.actions;
  json["seed"] = config.seed;
  json["command"] = CommandText(config, options, report);
  return json;
}

std::string Table(const Json& json) {
  std::ostringstream text;
  const auto mean = [&](const char* name, const char* key, const char* error) {
    text << std::left << std::setw(20) << name << std::right << std::setprecision(6)
         << std::setw(12) << json[key].get<double>();
    if (!json[error].is_null()) {
      text << "  +- " << std::setprecision(2) << json[error].get<double>() << " (standard error)";
    }
    text << "\n";
  };
  text << json["env"].get<std::string>() << ", " << json["episodes"] << " episodes of at most "
       << json["horizon"] << " steps, gamma " << json["gamma"] << ", grid " << json["grid"].dump()
       << ", " << json["actions"] << " actions per dimension, seed " << json["seed"] << "\n";
  mean("oracle return", "return_mean", "return_se");
  mean("random return", "random_return_mean", "random_return_se");
  text << std::setprecision(6) << std::left << std::setw(20) << "oracle steps" << std::right
       << std::setw(12) << json["steps_mean"].get<double>() << "\n"
       << std::left << std::setw(20) << "oracle successes" << std::right << std::setw(10)
       << 100 * json["success_fraction"].get<double>() << " %\n";
  if (json["gamma"] != 1) {
    text << std::left << std::setw(20) << "discounted return" << std::right << std::setw(12)
         << json["discounted_return_mean"].get<double>() << "\n";
  }
  text << std::left << std::setw(20) << "value on the grid" << std::right << std::setw(12)
       << json["value_mean"].get<double>() << "\n";
  return text.str();
}

}  // namespace

int OracleCommand(int argc, const char* const* argv) {
  CLI::App app{
      "usage: vime-run oracle [OPTIONS]\n"
      "for example: vime-run oracle --env mountaincar --grid 401,141 --threads 2\n"
      "Solves a task whose state has at most three dimensions by value iteration on a grid, plays\n"
      "the greedy policy in the exact dynamics, and prints what it gets.",
      "vime-run oracle"};
  Options options;
  FieldList fields;
  options.Describe(fields);
  const std::optional<RunConfig> config = ParseTask(app, argc, argv, kConfigKeys, fields);
  if (!config) return 0;
  options.oracle.actions = static_cast<int>(options.actions);
  options.oracle.horizon = static_cast<int>(config->horizon);
  options.oracle.seed = static_cast<std::uint64_t>(config->seed);
  options.oracle.num_threads = static_cast<int>(options.threads);
  const OracleReport report =
      SolveOracle(*FindEnvironment(config->env), config->env_params, options.oracle);
  const Json json = ToJson(*config, options, report);
  WriteStdout(options.json ? json.dump(2) + "\n" : Table(json));
  return 0;
}

}  // namespace vime
