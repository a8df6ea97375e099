#include "apps/policy_commands.h"

#include <array>

#include "apps/flags.h"
#include "experiments/compare/film.h"
#include "experiments/runner/files.h"
#include "experiments/runner/metrics_json.h"
#include "experiments/runner/saved_policy.h"
#include "lib/core/check.h"

namespace vime {

enum class ReplayFormat { kCsv, kJsonl, kSvg, kAnimation };
template <>
std::span<const std::string_view> EnumNames<ReplayFormat>() {
  static constexpr auto kNames =
      std::to_array<std::string_view>({"csv", "jsonl", "svg", "animation"});
  return kNames;
}

namespace {

// The one positional argument, a run directory.
std::string OnlyRun(const CLI::App& app, const std::vector<std::string>& positional) {
  if (positional.empty()) throw ConfigError(app.get_name() + " needs a run directory");
  if (positional.size() > 1) FailUnknown(app, positional[1]);
  return positional[0];
}

// One flat object per step. The last row holds the final state, which no action follows.
Json Row(const EnvSpec& spec, const EpisodeStep& step) {
  Json row;
  const bool final = step.action.empty();
  row["step"] = step.step;
  const auto put = [&](const char* group, const std::vector<Axis>& axes,
                       std::span<const double> values) {
    for (std::size_t i = 0; i < axes.size(); ++i) {
      if (axes[i].memory) continue;
      row[std::string(group) + "/" + axes[i].name] = values.empty() ? Json() : Json(values[i]);
    }
  };
  put("state", spec.state, step.state);
  put("observation", spec.observation, step.observation);
  put("action", spec.action, step.action);
  row["reward"] = final ? Json() : Json(step.reward);
  row["terminated"] = final ? Json() : Json(step.terminated);
  row["success"] = final ? Json() : Json(step.success);
  return row;
}

// Names of keys and numbers need no quotes; null is an empty cell.
std::string CsvLine(const Json& row, bool header) {
  std::string line;
  for (const auto& [key, value] : row.items()) {
    if (!line.empty()) line += ",";
    line += header ? key : value.is_null() ? "" : value.dump();
  }
  return line + "\n";
}

}  // namespace

int EvalCommand(int argc, const char* const* argv) {
  CLI::App app{
      "usage: vime-run eval RUN [OPTIONS]\n"
      "Evaluates the deterministic policy of a run directory and prints JSON.",
      "vime-run eval"};
  std::vector<std::string> positional;
  std::int64_t episodes = 100, seed = 1;
  FieldList fields;
  fields.Add("episodes", episodes, "episodes to run", {.low = 1, .high = 1e6});
  fields.Add("seed", seed, "names the random numbers of the episodes",
             {.low = 0, .high = kMaxSeed});
  if (!ParseFields(app, argc, argv, fields, positional)) return 0;
  const std::string run = OnlyRun(app, positional);
  const SavedPolicy saved = LoadPolicy(run);
  Json json;
  json["run"] = run;
  json["env"] = saved.config.env;
  json["seed"] = seed;
  json.update(ToJson(Evaluate(*saved.policy, *saved.env, saved.config.horizon,
                              static_cast<std::uint64_t>(seed), 0, episodes)));
  WriteStdout(json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n");
  return 0;
}

int ReplayCommand(int argc, const char* const* argv) {
  CLI::App app{
      "usage: vime-run replay RUN [OPTIONS]\n"
      "Prints an episode of the deterministic policy of a run directory: one line per step and\n"
      "one for the final state (csv, jsonl), or a picture of frames side by side (svg) or of the\n"
      "moving task (animation), both SVG.",
      "vime-run replay"};
  std::vector<std::string> positional;
  std::int64_t episode = 0, seed = 1, frames = 8;
  ReplayFormat format = ReplayFormat::kCsv;
  FieldList fields;
  fields.Add("episode", episode, "which episode of vime-run eval", {.low = 0, .high = 1e6});
  fields.Add("seed", seed, "names the random numbers of the episodes",
             {.low = 0, .high = kMaxSeed});
  fields.Add("format", format, "of the output");
  fields.Add("frames", frames, "of svg, evenly spread over the episode", {.low = 1, .high = 200});
  if (!ParseFields(app, argc, argv, fields, positional)) return 0;
  const std::string run = OnlyRun(app, positional);
  const SavedPolicy saved = LoadPolicy(run);
  const EnvSpec& spec = saved.env->spec();
  if (format == ReplayFormat::kSvg || format == ReplayFormat::kAnimation) {
    const Film film =
        FilmEpisode(saved, static_cast<std::uint64_t>(seed), static_cast<std::uint32_t>(episode));
    WriteStdout(format == ReplayFormat::kSvg ? FilmStrip(film, static_cast<std::size_t>(frames))
                                             : Animation(film));
    return 0;
  }
  std::string text;
  const auto add = [&](const EpisodeStep& step) {
    const Json row = Row(spec, step);
    if (format == ReplayFormat::kJsonl) {
      text += row.dump() + "\n";
      return;
    }
    if (text.empty()) text = CsvLine(row, /*header=*/true);
    text += CsvLine(row, /*header=*/false);
  };
  const EpisodeOutcome outcome = RunEpisode(
      *saved.policy, *saved.env, saved.config.horizon,
      EvaluationKey(static_cast<std::uint64_t>(seed), 0, static_cast<std::uint32_t>(episode)), add);
  std::vector<double> state(spec.state.size()), observation(spec.observation.size());
  saved.env->GetState(state);
  saved.env->Observe(observation);
  EpisodeStep last{
      .step = outcome.length, .state = state, .observation = observation, .action = {}};
  add(last);
  WriteStdout(text);
  return 0;
}

}  // namespace vime
