#include "experiments/compare/curves.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "experiments/compare/film.h"
#include "experiments/runner/files.h"
#include "experiments/runner/saved_policy.h"
#include "experiments/runner/text.h"
#include "lib/core/check.h"
#include "lib/core/parallel.h"
#include "lib/core/statistics.h"

namespace vime {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr std::int64_t kMostVisits = std::int64_t{1} << 40;  // of a cell; sums do not overflow

double NumberAt(const Json& line, const char* key) {
  const auto found = line.find(key);
  return found != line.end() && found->is_number() ? found->get<double>() : kNaN;
}

// Lines that are no objects with increasing steps, such as the last one of a killed run, are left
// out and noted.
RunCurves ReadMetrics(const std::string& directory) {
  RunCurves curves;
  ReadLines(directory + "/metrics.jsonl", [&](std::string_view text, std::int64_t) {
    Json line;
    try {
      line = ParseJson(std::string(text), "");
    } catch (const ConfigError&) {
    }
    const double steps = line.is_object() ? NumberAt(line, "env_steps") : kNaN;
    const bool increases = curves.env_steps.empty() || steps > curves.env_steps.back();
    if (std::isnan(steps) || !increases) {
      curves.broken_lines = true;
      return;
    }
    curves.env_steps.push_back(steps);
    const auto put = [&](CurveKind kind, double value) {
      curves.values[static_cast<std::size_t>(kind)].push_back(value);
    };
    put(CurveKind::kReturn, NumberAt(line, "rollout/return_mean"));
    put(CurveKind::kSuccess, NumberAt(line, "rollout/success_fraction"));
    put(CurveKind::kCoverage, NumberAt(line, "coverage/fraction"));
    put(CurveKind::kGain, NumberAt(line, "bonus/mean"));
    put(CurveKind::kModelError,
        NumberAt(line, "bnn/mse_mean_prediction") / NumberAt(line, "bnn/mse_predict_zero"));
  });
  return curves;
}

Axis AxisOf(const Json& json) {
  Axis axis{.name = Printable(json.at("name").get<std::string>()),
            .low = json.at("low").get<double>(),
            .high = json.at("high").get<double>(),
            .unit = Printable(json.at("unit").get<std::string>())};
  if (!(axis.low < axis.high)) throw ConfigError("an axis without length");
  return axis;
}

Replay ReplayOf(const Json& json) {
  Replay replay;
  if (json.is_null()) return replay;
  if (!json.at("length").is_number_integer()) throw ConfigError("a length that is no integer");
  replay.length = json["length"].get<std::int64_t>();
  replay.success = json.at("success").get<bool>();
  replay.total_reward = json.at("return").get<double>();
  replay.x = json.at("path").at(0).get<std::vector<double>>();
  replay.y = json.at("path").at(1).get<std::vector<double>>();
  replay.y.resize(replay.x.size());
  for (const Json& action : json.at("actions")) {
    replay.actions.push_back({Printable(action.at("name").get<std::string>()),
                              Printable(action.at("unit").get<std::string>()),
                              action.at("values").get<std::vector<double>>()});
    replay.actions.back().values.resize(replay.x.size());
  }
  return replay;
}

// Nothing when the file is missing or is not what it should be: a diverged episode has nulls.
std::optional<States> ReadStates(const std::string& directory) {
  const std::string path = directory + "/states.json";
  try {
    if (!FileExists(path)) return {};
    const Json json = ReadJsonFile(path, path);
    const Json& visits = json.at("visits");
    const bool counts =
        json.at("cells").is_number_integer() && std::ranges::all_of(visits, [](const Json& count) {
          return count.is_number_integer() && count >= 0 && count <= kMostVisits;
        });
    if (!counts) return {};
    States states{.axes = {AxisOf(json.at("axes").at(0)), AxisOf(json.at("axes").at(1))},
                  .cells = json.at("cells").get<int>(),
                  .visits = visits.get<std::vector<std::int64_t>>(),
                  .replay = ReplayOf(json.at("replay"))};
    const auto size = static_cast<double>(states.visits.size());
    if (size > 0 && size == static_cast<double>(states.cells) * states.cells) return states;
  } catch (const ConfigError&) {
  } catch (const Json::exception&) {
  }
  return {};
}

std::shared_ptr<const Film> FilmOf(const std::string& directory) {
  try {
    const SavedPolicy saved = LoadPolicy(directory);
    return std::make_shared<Film>(FilmEpisode(saved, /*seed=*/1, /*episode=*/0));
  } catch (const ConfigError&) {
  } catch (const IoError&) {
  } catch (const NumericalError&) {
  } catch (const Json::exception&) {
  }
  return nullptr;
}

void AddVisits(const States& run, ArmCurves& arm) {
  if (!arm.states) {
    arm.states = run;
    arm.states->replay = {};
  } else if (arm.states->visits.size() == run.visits.size()) {
    for (std::size_t c = 0; c < run.visits.size(); ++c) arm.states->visits[c] += run.visits[c];
  } else {
    return;
  }
  ++arm.visited_runs;
}

// The position in `values` of the one closest to their median; the first of equals.
std::size_t MedianRun(const ArmResult& result) {
  const double median = result.median;
  std::size_t best = 0;
  const auto distance = [&](std::size_t i) {
    return result.values[i] == median ? 0 : std::abs(result.values[i] - median);
  };
  for (std::size_t i = 1; i < result.values.size(); ++i) {
    if (distance(i) < distance(best)) best = i;
  }
  return best;
}

// The value at x between the points of a run; NaN outside them.
double At(const std::vector<double>& xs, const std::vector<double>& ys, double x) {
  const auto after = std::lower_bound(xs.begin(), xs.end(), x);
  if (after == xs.end()) return kNaN;
  const auto i = static_cast<std::size_t>(after - xs.begin());
  if (*after == x) return ys[i];
  if (i == 0) return kNaN;
  const double share = (x - xs[i - 1]) / (xs[i] - xs[i - 1]);
  return ys[i - 1] + share * (ys[i] - ys[i - 1]);
}

}  // namespace

std::vector<ArmCurves> ReadCurves(const Comparison& comparison, int num_threads,
                                  std::vector<std::string>& notes) {
  std::vector<ArmCurves> all;
  for (const ArmResult& result : comparison.arms) {
    const auto& runs = result.arm.runs;
    std::vector<RunCurves> curves(runs.size());
    std::vector<std::optional<States>> states(runs.size());
    ParallelFor(static_cast<Index>(runs.size()), num_threads, [&](Index index) {
      const auto i = static_cast<std::size_t>(index);
      if (runs[i]->directory.empty()) return;
      states[i] = ReadStates(runs[i]->directory);
      try {
        curves[i] = ReadMetrics(runs[i]->directory);
      } catch (const IoError&) {  // noted below
      } catch (const ConfigError&) {
      }
    });
    ArmCurves arm;
    std::copy_if(curves.begin(), curves.end(), std::back_inserter(arm.runs),
                 [](const RunCurves& run) { return run.env_steps.size() > 1; });
    for (const auto& run : states) {
      if (run) AddVisits(*run, arm);
    }
    const std::size_t median = MedianRun(result);
    bool film_broken = false;
    if (!runs.empty()) {
      const std::string& directory = runs[median]->directory;
      if (!directory.empty()) arm.film = FilmOf(directory);
      film_broken = !arm.film && !directory.empty() && FileExists(directory + "/policy.json");
      if (states[median] && arm.states) {
        arm.states->replay = states[median]->replay;
        arm.states->replay.path = runs[median]->path;
      }
    }
    const auto note = [&](std::size_t count, const char* what) {
      if (count == 0) return;
      notes.push_back(result.arm.id + " (" + result.arm.label + "): " + std::to_string(count) +
                      " of " + std::to_string(runs.size()) + " runs have " + what +
                      "; figures leave them out.");
    };
    note(runs.size() - arm.runs.size(), "no metrics.jsonl that can be read");
    note(static_cast<std::size_t>(std::ranges::count_if(arm.runs, &RunCurves::broken_lines)),
         "lines of metrics.jsonl that cannot be read");
    note(runs.size() - static_cast<std::size_t>(arm.visited_runs),
         "no states.json that can be read");
    if (film_broken) {
      notes.push_back(result.arm.id + " (" + result.arm.label + "): the policy.json of " +
                      runs[median]->path + " cannot be played; the film leaves it out.");
    }
    all.push_back(std::move(arm));
  }
  return all;
}

std::vector<double> CommonSteps(const std::vector<ArmCurves>& arms, CurveKind kind, int points) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  double first = kInfinity;
  double shortest = kInfinity;
  double longest = 0;
  std::size_t most_points = 0;
  for (const ArmCurves& arm : arms) {
    double begin = 0;
    double end = kInfinity;
    bool any = false;
    for (const RunCurves& run : arm.runs) {
      const auto known = std::find_if(run[kind].begin(), run[kind].end(),
                                      [](double value) { return std::isfinite(value); });
      if (known == run[kind].end()) continue;
      any = true;
      const auto index = static_cast<std::size_t>(known - run[kind].begin());
      begin = std::max(begin, run.env_steps[index]);
      end = std::min(end, run.env_steps.back());
      most_points = std::max(most_points, run.env_steps.size());
    }
    if (!any || begin >= end) continue;
    first = std::min(first, begin);
    shortest = std::min(shortest, end);
    longest = std::max(longest, end);
  }
  // Whole episodes make runs of one budget end a little apart; do not let that cost a point.
  const double last = shortest > 0.9 * longest ? shortest : longest;
  const int count = std::min(points, static_cast<int>(most_points));
  std::vector<double> steps;
  if (!(first < last)) return steps;
  for (int i = 0; i < count; ++i) {
    steps.push_back(i + 1 == count ? last : first + (last - first) * i / (count - 1));
  }
  return steps;
}

MeanCurve Average(const ArmCurves& arm, CurveKind kind, const std::vector<double>& env_steps,
                  bool geometric) {
  MeanCurve curve;
  for (const double x : env_steps) {
    std::vector<double> values;
    for (const RunCurves& run : arm.runs) {
      const double value = At(run.env_steps, run[kind], x);
      values.push_back(geometric ? std::log(value) : value);
    }
    const auto back = [&](double value) { return geometric ? std::exp(value) : value; };
    const bool complete = std::all_of(values.begin(), values.end(),
                                      [](double value) { return std::isfinite(value); });
    const Interval interval = complete ? MeanInterval(values) : Interval{kNaN, kNaN};
    curve.mean.push_back(complete ? back(Mean(values)) : kNaN);
    curve.low.push_back(back(interval.low));
    curve.high.push_back(back(interval.high));
  }
  return curve;
}

}  // namespace vime
