#include "experiments/sweep/manifest.h"

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <sstream>

#include "experiments/runner/files.h"
#include "experiments/runner/run_directory.h"
#include "lib/core/check.h"

namespace vime {
namespace {

// json["a"]["b"] of a.b
const Json& At(const Json& json, const std::string& path) {
  const Json* value = &json;
  std::istringstream parts(path);
  for (std::string part; std::getline(parts, part, '.');) value = &value->at(part);
  return *value;
}

SweepTask MakeTask(const ResolvedConfig& resolved, const std::vector<SweepAxis>& axes) {
  const Json config = ToJson(resolved.config);
  SweepTask task{.run = std::filesystem::path(DefaultRunDirectory(resolved.config)).filename(),
                 .config_hash = ConfigHash(resolved.config),
                 .axes = Json::object(),
                 .config = Json::object()};
  for (const SweepAxis& axis : axes) task.axes[axis.path] = At(config, axis.path);
  for (const auto& [path, source] : resolved.sources) {
    if (source != "default" && source != "environment") task.config[path] = At(config, path);
  }
  task.without_effect = KeysWithoutEffect(resolved);
  return task;
}

SweepTask TaskFromJson(const Json& json, const std::string& name) {
  const auto text = [&](const char* key) {
    if (!json.is_object() || !json.contains(key) || !json[key].is_string()) {
      throw ConfigError(name + ": " + key + " must be a text");
    }
    return json[key].get<std::string>();
  };
  const auto object = [&](const char* key) {
    if (!json.contains(key) || !json[key].is_object()) {
      throw ConfigError(name + ": " + key + " must be an object");
    }
    return json[key];
  };
  if (text("schema") != "vime-task-1") throw ConfigError(name + ": schema must be vime-task-1");
  SweepTask task{.run = text("run"),
                 .config_hash = text("config_hash"),
                 .axes = object("axes"),
                 .config = object("config")};
  if (task.run.empty() || task.run.starts_with(".") || task.run.find('/') != std::string::npos) {
    throw ConfigError(name + ": run must be a name without slashes");  // stays in the sweep
  }
  return task;
}

// Gives every line to `read` and returns how many there are.
std::int64_t ReadManifestLines(
    const std::string& path,
    const std::function<void(std::string_view line, std::int64_t number)>& read) {
  std::int64_t count = 0;
  try {
    ReadLines(path, [&](std::string_view line, std::int64_t number) {
      count = number;
      if (count > kMostTasks) throw ConfigError(path + " holds more than 1e6 tasks");
      read(line, number);
    });
  } catch (const IoError& error) {
    throw ConfigError(error.what());
  }
  if (count == 0) throw ConfigError(path + " holds no tasks");
  return count;
}

SweepTask TaskOfLine(const std::string& path, std::string_view line, std::int64_t number) {
  const std::string name = path + ", line " + std::to_string(number);
  return TaskFromJson(ParseJson(std::string(line), name), name);
}

}  // namespace

std::vector<SweepAxis> SweepAxes(const ConfigBuilder& base, const std::vector<std::string>& axes,
                                 const std::string& seeds) {
  RunConfig config = base.Build().config;
  const FieldList fields = DescribeAll(config);
  std::vector<SweepAxis> parsed;
  std::vector<std::string> texts = axes;
  std::string seed_range;  // 1-30 is 1..30
  for (const char c : seeds) seed_range += c == '-' ? ".." : std::string(1, c);
  texts.push_back("seed=" + seed_range);
  std::set<std::string> paths;
  for (const std::string& text : texts) {
    const std::string path = AxisKey(text);
    if (!paths.insert(path).second) {
      throw ConfigError(path == "seed" ? "seeds are given by --seeds, not as an axis"
                                       : "axis " + path + " appears twice");
    }
    const auto field = std::find_if(fields.fields().begin(), fields.fields().end(),
                                    [&](const Field& each) { return each.path == path; });
    const bool whole = field != fields.fields().end() &&
                       (std::holds_alternative<std::int64_t*>(field->value) ||
                        (std::holds_alternative<double*>(field->value) && field->range.integer));
    try {
      parsed.push_back(ParseAxis(text, whole));
    } catch (const ConfigError&) {
      if (path != "seed") throw;
      throw ConfigError("--seeds must be whole numbers such as 1-10 or 1,2,5, got '" +
                        Shown(seeds) + "'");
    }
  }
  return parsed;
}

std::vector<SweepTask> PlanSweep(const ConfigBuilder& base, const std::vector<std::string>& axes,
                                 const std::string& seeds) {
  std::vector<SweepAxis> all = SweepAxes(base, axes, seeds);
  std::rotate(all.begin(), all.end() - 1, all.end());  // the seed varies slowest
  std::size_t count = 1;
  for (const SweepAxis& axis : all) {
    if (axis.values.size() > static_cast<std::size_t>(kMostTasks) / count) {
      throw ConfigError("a sweep has at most 1e6 runs");
    }
    count *= axis.values.size();
  }
  std::vector<SweepTask> tasks;
  std::set<std::string> runs;
  for (std::size_t index = 0; index < count; ++index) {
    ConfigBuilder builder = base;
    std::size_t rest = index;
    std::vector<std::size_t> chosen(all.size());
    for (std::size_t a = all.size(); a-- > 0;) {
      chosen[a] = rest % all[a].values.size();
      rest /= all[a].values.size();
    }
    for (std::size_t a = 0; a < all.size(); ++a) {
      const std::string origin = all[a].path == "seed" ? "--seeds" : "axis " + all[a].path;
      builder.AddText(all[a].path, all[a].values[chosen[a]], origin);
    }
    tasks.push_back(MakeTask(builder.Build(), all));
    if (!runs.insert(tasks.back().run).second) {
      throw ConfigError(
          "two runs of the sweep are the same but for their limits (iterations, env_steps, "
          "stop_when) or an auto that comes to another value of its axis, and would share the "
          "directory " +
          tasks.back().run);
    }
  }
  return tasks;
}

RunConfig LimitsOf(const SweepTask& task) {
  RunConfig limits;
  limits.iterations = ValueOr(task.config, "iterations", limits.iterations);
  limits.env_steps = ValueOr(task.config, "env_steps", limits.env_steps);
  if (ValueOr<std::string>(task.config, "stop_when", "") == "solved") {
    limits.stop_when = StopWhen::kSolved;
  }
  return limits;
}

std::vector<SweepTask> GrownPlan(const std::vector<SweepTask>& before,
                                 const std::vector<SweepTask>& planned) {
  std::map<std::string, const SweepTask*> rest;
  for (const SweepTask& task : planned) rest[task.run] = &task;
  std::vector<SweepTask> grown;
  for (const SweepTask& task : before) {
    const auto found = rest.find(task.run);
    const auto refuse = [&](const std::string& what) {
      throw ConfigError("another plan" + what + ", such as " + Shown(task.run) + " " +
                        Shown(task.axes.dump()));
    };
    if (found == rest.end() || found->second->config_hash != task.config_hash) {
      refuse(", with runs that are not in this one");
    }
    const RunConfig old = LimitsOf(task), limits = LimitsOf(*found->second);
    const bool shorter =
        limits.iterations < old.iterations ||
        (limits.env_steps > 0 && (old.env_steps == 0 || limits.env_steps < old.env_steps)) ||
        (limits.stop_when == StopWhen::kSolved && old.stop_when != StopWhen::kSolved);
    if (shorter) refuse(", with runs that go further");
    grown.push_back(*found->second);
    rest.erase(found);
  }
  for (const SweepTask& task : planned) {
    if (rest.contains(task.run)) grown.push_back(task);
  }
  return grown;
}

std::string ManifestText(const std::vector<SweepTask>& tasks) {
  std::string text;
  for (const SweepTask& task : tasks) {
    Json line;
    line["schema"] = "vime-task-1";
    line["run"] = task.run;
    line["config_hash"] = task.config_hash;
    line["axes"] = task.axes;
    line["config"] = task.config;
    text += line.dump() + "\n";
  }
  return text;
}

std::vector<SweepTask> ReadManifest(const std::string& path) {
  std::vector<SweepTask> tasks;
  ReadManifestLines(path, [&](std::string_view line, std::int64_t number) {
    tasks.push_back(TaskOfLine(path, line, number));
  });
  return tasks;
}

SweepTask ReadTask(const std::string& path, std::int64_t task) {
  std::optional<SweepTask> found;
  const std::int64_t count =
      ReadManifestLines(path, [&](std::string_view line, std::int64_t number) {
        if (number == task) found = TaskOfLine(path, line, number);
      });
  if (!found) {
    throw ConfigError("--task must be an integer >= 1 and <= " + std::to_string(count) +
                      ", the number of lines of " + path + ", got " + std::to_string(task));
  }
  return *found;
}

std::int64_t TaskFromEnvironment() {
  // Slurm, PBS (two kinds), Grid Engine, LSF, GNU parallel.
  for (const char* name : {"SLURM_ARRAY_TASK_ID", "PBS_ARRAY_INDEX", "PBS_ARRAYID", "SGE_TASK_ID",
                           "LSB_JOBINDEX", "PARALLEL_SEQ"}) {
    const char* value = std::getenv(name);
    if (value == nullptr || *value == '\0') continue;
    const std::string_view text = value;
    if (text == "undefined") continue;  // Grid Engine outside of an array
    std::int64_t task = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), task);
    if (error != std::errc() || end != text.data() + text.size()) {
      throw ConfigError("--task auto: " + std::string(name) + " must be an integer, got '" +
                        std::string(text) + "'");
    }
    return task;
  }
  throw ConfigError("--task auto: this is no task of a job array; SLURM_ARRAY_TASK_ID is not set");
}

std::string RunPath(const std::string& manifest, const SweepTask& task) {
  const std::filesystem::path parent = std::filesystem::path(manifest).parent_path();
  return (parent / task.run).string();
}

}  // namespace vime
