#include "experiments/runner/states_json.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include "lib/core/statistics.h"

namespace vime {
namespace {

// A float as the shortest decimal that reads back as the same float; null when not finite.
Json ShortNumber(float value) {
  if (!std::isfinite(value)) return {};
  std::array<char, 32> text;
  const char* end = std::to_chars(text.data(), text.data() + text.size(), value).ptr;
  double number = 0;
  std::from_chars(text.data(), end, number);
  return number;
}

Json ShortNumbers(const auto& column) {
  Json list = Json::array();
  for (const auto value : column) list.push_back(ShortNumber(static_cast<float>(value)));
  return list;
}

Json ReplayOf(const Batch& batch, const EnvSpec& spec) {
  if (batch.trajectories.empty()) return {};
  const Trajectory& episode = batch.trajectories.front();
  const Index shown = std::min(episode.length, kMostReplaySteps);
  Json replay;
  replay["length"] = episode.length;
  replay["terminated"] = episode.terminated;
  replay["success"] = episode.success;
  replay["return"] = Sum(batch.rewards.segment(episode.begin, episode.length));
  replay["path"] = Json::array();
  for (Index d = 0; d < 2; ++d) {
    replay["path"].push_back(ShortNumbers(batch.coverage.col(d).segment(episode.begin, shown)));
  }
  replay["actions"] = Json::array();
  for (Index k = 0; k < spec.action_dim(); ++k) {
    replay["actions"].push_back(
        {{"name", spec.action[static_cast<std::size_t>(k)].name},
         {"unit", spec.action[static_cast<std::size_t>(k)].unit},
         {"values", ShortNumbers(batch.executed_actions.col(k).segment(episode.begin, shown))}});
  }
  replay["rewards"] = ShortNumbers(batch.rewards.segment(episode.begin, shown));
  return replay;
}

}  // namespace

Json StatesToJson(const Trainer& trainer) {
  const EnvSpec& spec = trainer.rollout().spec();
  Json json;
  json["schema"] = "vime-states-1";
  json["env"] = spec.name;
  json["time_step"] = spec.time_step;
  json["axes"] = Json::array();
  for (const Axis& axis : spec.coverage) {
    json["axes"].push_back(
        {{"name", axis.name}, {"unit", axis.unit}, {"low", axis.low}, {"high", axis.high}});
  }
  json["cells"] = kCoverageCells;
  json["visits"] = trainer.visits();
  json["replay"] = ReplayOf(trainer.batch(), spec);
  return json;
}

}  // namespace vime
