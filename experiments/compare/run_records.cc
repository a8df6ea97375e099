#include "experiments/compare/run_records.h"

#include <glob.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <set>

#include "experiments/runner/files.h"
#include "experiments/runner/text.h"
#include "lib/core/check.h"
#include "lib/core/parallel.h"

namespace vime {
namespace {

namespace fs = std::filesystem;

constexpr const char* kManifestSchema = "vime-run-1";
constexpr const char* kSummarySchema = "vime-summary-1";

std::string TextOf(const Json& value) {
  if (value.is_number_float()) return NumberText(value.get<double>());
  return Printable(value.is_string() ? value.get<std::string>()
                                     : value.dump(-1, ' ', false, Json::error_handler_t::replace));
}

void Flatten(const Json& object, const std::string& prefix, FlatConfig& config) {
  for (const auto& [key, value] : object.items()) {
    const std::string path = prefix + Printable(key);
    if (value.is_object()) {
      Flatten(value, path + ".", config);
    } else {
      config[path] = TextOf(value);
    }
  }
}

std::string StringAt(const Json& object, const char* key) {
  return object.contains(key) && object[key].is_string() ? TextOf(object[key]) : "";
}

std::string ValueOr(const FlatConfig& config, const std::string& key, const std::string& fallback) {
  const auto found = config.find(key);
  return found == config.end() ? fallback : found->second;
}

double NumberOr(const FlatConfig& config, const std::string& key, double fallback) {
  const auto found = config.find(key);
  return found == config.end() ? fallback : NumberIn(found->second).value_or(fallback);
}

// Something that is not of a run, said in one line.
struct NotARun {
  std::string reason;
};

Json ReadObject(const std::string& path, const std::string& name, const char* schema) {
  Json json;
  try {
    json = ReadJsonFile(path, name);
  } catch (const ConfigError& error) {
    throw NotARun{error.what()};
  }
  if (!json.is_object() || StringAt(json, "schema") != schema) {
    throw NotARun{name + " is not a " + schema};
  }
  return json;
}

void TakeIdentity(const Json& json, const std::string& name, RunRecord& run) {
  const bool valid = json.contains("seed") && json["seed"].is_number_integer() &&
                     json.contains("config_hash") && json["config_hash"].is_string();
  if (!valid) throw NotARun{name + " has no seed and config_hash"};
  const auto seed = json["seed"].get<std::int64_t>();
  const std::string hash = StringAt(json, "config_hash");
  if (!run.config_hash.empty() && (run.seed != seed || run.config_hash != hash)) {
    throw NotARun{"run.json and summary.json are of different runs"};
  }
  run.seed = seed;
  run.config_hash = hash;
}

void TakeManifest(const Json& json, RunRecord& run) {
  TakeIdentity(json, "run.json", run);
  if (!json.contains("config") || !json["config"].is_object()) {
    throw NotARun{"run.json has no config"};
  }
  Flatten(json["config"], "", run.config);
  run.config.erase("seed");
  run.version = StringAt(json, "version");
  run.git_revision = StringAt(json, "git_revision");
  const bool dirty = json.contains("git_dirty") && json["git_dirty"] == true;
  if (!run.git_revision.empty() && dirty) run.git_revision += "+modified";
  if (json.contains("argv") && json["argv"].is_array()) {
    for (const Json& word : json["argv"]) run.argv.push_back(TextOf(word));
  }
  run.state = RunState::kUnfinished;
  const std::string status = StringAt(json, "status");
  run.reason = "unfinished: no summary.json" +
               (status.empty() ? std::string() : ", run.json says " + status);
}

void TakeSummary(const Json& json, RunRecord& run) {
  TakeIdentity(json, "summary.json", run);
  const std::string status = StringAt(json, "status");
  if (status != "finished" && status != "diverged") {
    throw NotARun{"summary.json has the unknown status '" + status + "'"};
  }
  run.state = status == "finished" ? RunState::kFinished : RunState::kDiverged;
  run.reason = status == "finished" ? "" : "diverged: " + StringAt(json, "error");
  run.summary = json;
  if (!run.config.empty()) return;
  for (const char* key : {"env", "algo", "bonus", "eta", "iterations"}) {
    if (json.contains(key)) run.config[key] = TextOf(json[key]);
  }
}

RunRecord ReadRun(const std::string& path) {
  RunRecord run;
  run.path = path;
  std::error_code error;
  const fs::file_status status = fs::status(path, error);
  if (!fs::exists(status)) {
    run.state = RunState::kMissing;
    run.reason = "missing: no such file or directory";
    return run;
  }
  fs::path manifest, summary;
  if (fs::is_directory(status)) {
    run.directory = path;
    manifest = fs::path(path) / "run.json";
    summary = fs::path(path) / "summary.json";
  } else {
    const bool is_manifest = fs::path(path).filename() == "run.json";
    summary = is_manifest ? fs::path(path).parent_path() / "summary.json" : fs::path(path);
    if (fs::path(path).filename() == "summary.json" || is_manifest) {
      manifest = fs::path(path).parent_path() / "run.json";
      run.directory = fs::path(path).parent_path().string();
      if (run.directory.empty()) run.directory = ".";
    }
  }
  const bool has_manifest = !manifest.empty() && FileExists(manifest.string());
  const bool has_summary = FileExists(summary.string());
  try {
    if (!has_manifest && !has_summary) throw NotARun{"it has neither run.json nor summary.json"};
    if (has_manifest) TakeManifest(ReadObject(manifest.string(), "run.json", kManifestSchema), run);
    if (has_summary) {
      const std::string name = summary.filename().string();
      TakeSummary(ReadObject(summary.string(), Printable(name), kSummarySchema), run);
    }
  } catch (const NotARun& foreign) {
    run.state = RunState::kForeign;
    run.reason = "foreign: " + Printable(foreign.reason);
  }
  return run;
}

bool IsRunDirectory(const std::string& path) {
  return FileExists(path + "/run.json") || FileExists(path + "/summary.json");
}

// The directories below `path`, when it is a directory that is no run but holds some.
std::vector<std::string> RunsBelow(const std::string& path) {
  std::error_code error;
  if (!fs::is_directory(path, error) || IsRunDirectory(path)) return {};
  std::vector<std::string> below;
  bool any_run = false;
  try {
    for (const std::string& name : ListDirectory(path)) {
      const std::string child = path + (path.ends_with('/') ? "" : "/") + name;
      if (name.starts_with('.') || !fs::is_directory(child, error)) continue;
      any_run = any_run || IsRunDirectory(child);
      below.push_back(child);
    }
  } catch (const IoError&) {  // ReadRun says why
  }
  return any_run ? below : std::vector<std::string>{};
}

std::vector<std::string> Matches(const std::string& pattern) {
  if (FileExists(pattern) || pattern.find_first_of("*?[") == std::string::npos) return {pattern};
  std::vector<std::string> matches;
  glob_t found{};
  if (::glob(pattern.c_str(), 0, nullptr, &found) == 0) {
    matches.assign(found.gl_pathv, found.gl_pathv + found.gl_pathc);
  }
  ::globfree(&found);
  return matches.empty() ? std::vector<std::string>{pattern} : matches;
}

std::vector<std::string> Expand(const std::vector<std::string>& arguments) {
  std::vector<std::string> paths;
  std::set<std::string> seen;
  const auto add = [&](const std::string& path) {
    std::error_code error;
    const std::string canonical = fs::weakly_canonical(path, error).string();
    if (error || seen.insert(canonical).second) paths.push_back(path);
  };
  for (const std::string& argument : arguments) {
    for (const std::string& match : Matches(argument)) {
      const std::vector<std::string> below = RunsBelow(match);
      if (below.empty()) add(match);
      for (const std::string& path : below) add(path);
    }
  }
  return paths;
}

}  // namespace

std::optional<double> RunRecord::Number(const std::string& key) const {
  if (!summary.is_object() || !summary.contains(key)) return {};
  const Json& value = summary[key];
  if (value.is_boolean()) return value.get<bool>() ? 1.0 : 0.0;
  if (value.is_number()) return value.get<double>();
  return {};
}

std::string RunRecord::Environment() const {
  std::string text = ValueOr(config, "env", "unknown environment");
  const std::string horizon = ValueOr(config, "horizon", "");
  if (!horizon.empty()) text += ", horizon " + horizon;
  for (const auto& [key, value] : config) {
    if (key.starts_with("env_params.")) text += ", " + key.substr(11) + " " + value;
  }
  return text;
}

std::string RunRecord::Budget() const {
  const double iterations = NumberOr(config, "iterations", NAN);
  const double batch = NumberOr(config, "batch_steps", NAN);
  const double limit = NumberOr(config, "env_steps", 0);
  if (std::isnan(iterations)) return "unknown budget";
  if (std::isnan(batch)) return Thousands(iterations) + " iterations";
  const double steps = limit > 0 ? std::min(limit, iterations * batch) : iterations * batch;
  const bool until_solved = ValueOr(config, "stop_when", "iterations") != "iterations";
  return Thousands(steps) + " environment steps" +
         (until_solved ? " or until " + ValueOr(config, "stop_when", "") : "");
}

std::vector<RunRecord> ReadRuns(const std::vector<std::string>& paths, int num_threads) {
  const std::vector<std::string> expanded = Expand(paths);
  std::vector<RunRecord> runs(expanded.size());
  ParallelFor(static_cast<Index>(expanded.size()), num_threads, [&](Index i) {
    const auto index = static_cast<std::size_t>(i);
    runs[index] = ReadRun(expanded[index]);
  });
  return runs;
}

}  // namespace vime
