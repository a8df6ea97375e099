#include "experiments/runner/config_json.h"

#include <xxhash.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <set>
#include <sstream>

#include "envs/registry.h"
#include "experiments/runner/text.h"
#include "lib/core/check.h"
#include "lib/core/names.h"

namespace vime {
namespace {

// "at least 0 and less than 1", or "" where everything goes.
std::string RangeText(const Range& range) {
  std::string text;
  if (range.low > -std::numeric_limits<double>::max()) {
    text += (range.low_open ? "> " : ">= ") + NumberText(range.low);
  }
  if (range.high < std::numeric_limits<double>::max()) {
    text += (text.empty() ? "" : " and ");
    text += (range.high_open ? "< " : "<= ") + NumberText(range.high);
  }
  return text;
}

[[noreturn]] void Reject(const std::string& origin, const Field& field, const std::string& got) {
  throw ConfigError(origin + " must be " + AllowedValues(field) + ", got " + got);
}

// A decimal number that is the whole text.
bool ParseNumber(std::string_view text, double& value) {
  if (!text.empty() && text.front() == '+') text.remove_prefix(1);
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size() && std::isfinite(value);
}

bool ToInteger(double value, std::int64_t& integer) {
  if (value != std::floor(value) || std::abs(value) > kMaxSeed) return false;
  integer = static_cast<std::int64_t>(value);
  return true;
}

bool AsInteger(const Json& value, std::int64_t& integer) {
  return value.is_number() && ToInteger(value.get<double>(), integer);
}

bool IsGroup(const std::string& path, const FieldList& fields) {
  return path == "env_params" ||
         std::any_of(fields.fields().begin(), fields.fields().end(),
                     [&](const Field& field) { return field.path.starts_with(path + "."); });
}

/// Writes a JSON value to the field; false when its type or range does not fit.
struct Assign {
  const Json& json;
  const Range& range;

  bool operator()(bool* value) const {
    if (json.is_boolean()) *value = json.get<bool>();
    return json.is_boolean();
  }
  bool operator()(std::int64_t* value) const {
    return AsInteger(json, *value) && range.Contains(static_cast<double>(*value));
  }
  bool operator()(double* value) const {
    if (!json.is_number()) return false;
    *value = json.get<double>() + 0.0;  // -0 becomes 0, so that their hashes agree
    return std::isfinite(*value) && range.Contains(*value) &&
           (!range.integer || *value == std::floor(*value));
  }
  bool operator()(std::string* value) const {
    if (!json.is_string() || json.get_ref<const std::string&>().empty()) return false;
    *value = json.get<std::string>();
    return true;
  }
  bool operator()(std::vector<std::int64_t>* value) const {
    if (!json.is_array() || json.size() > range.max_entries) return false;
    value->clear();
    for (const Json& entry : json) {
      std::int64_t integer = 0;
      if (!AsInteger(entry, integer) || !range.Contains(static_cast<double>(integer))) return false;
      value->push_back(integer);
    }
    return true;
  }
  bool operator()(const Choice& choice) const {
    if (!json.is_string()) return false;
    for (std::size_t i = 0; i < choice.names.size(); ++i) {
      if (json.get_ref<const std::string&>() == choice.names[i]) {
        choice.set(choice.value, static_cast<int>(i));
        return true;
      }
    }
    return false;
  }
};

/// The JSON value that a command-line text stands for; discarded when it cannot be read.
struct FromText {
  const std::string& text;

  static Json Unreadable() { return Json(nlohmann::detail::value_t::discarded); }

  Json operator()(const bool*) const {
    if (text == "true" || text == "1" || text == "yes" || text == "on") return true;
    if (text == "false" || text == "0" || text == "no" || text == "off") return false;
    return Unreadable();
  }
  Json operator()(const std::int64_t*) const {
    std::int64_t integer = 0;
    double number = 0;
    if (!ParseNumber(text, number) || !ToInteger(number, integer)) return Unreadable();
    return integer;
  }
  Json operator()(const double*) const {
    double number = 0;
    return ParseNumber(text, number) ? Json(number) : Unreadable();
  }
  Json operator()(const std::string*) const { return text; }
  Json operator()(const std::vector<std::int64_t>*) const {
    Json list = Json::array();
    const bool brackets = text.size() >= 2 && text.front() == '[' && text.back() == ']';
    const std::string entries = brackets ? text.substr(1, text.size() - 2) : text;
    if (brackets && entries.empty()) return list;
    std::istringstream stream(entries + ",");
    for (std::string part; std::getline(stream, part, ',');) {
      std::int64_t integer = 0;
      double number = 0;
      if (!ParseNumber(part, number) || !ToInteger(number, integer)) return Unreadable();
      list.push_back(integer);
    }
    return list;
  }
  Json operator()(const Choice&) const { return text; }
};

// `shown` is the value as the user wrote it.
void AssignJson(const Field& field, const Json& value, const std::string& origin,
                const std::string& shown) {
  if (std::visit(Assign{value, field.range}, field.value)) return;
  std::string got = shown;
  if (const Choice* choice = std::get_if<Choice>(&field.value);
      choice != nullptr && value.is_string()) {
    const std::vector<std::string> names(choice->names.begin(), choice->names.end());
    const std::string closest = ClosestName(value.get_ref<const std::string&>(), names);
    if (!closest.empty()) got += "; did you mean " + closest + "?";
  }
  Reject(origin, field, got);
}

struct ToValue {
  Json operator()(const bool* v) const { return *v; }
  Json operator()(const std::int64_t* v) const { return *v; }
  Json operator()(const double* v) const { return *v; }
  Json operator()(const std::string* v) const { return *v; }
  Json operator()(const std::vector<std::int64_t>* v) const { return *v; }
  Json operator()(const Choice& choice) const { return std::string(choice.name()); }
};

std::vector<std::string> Paths(const FieldList& fields) {
  std::vector<std::string> paths;
  for (const Field& field : fields.fields()) paths.push_back(field.path);
  return paths;
}

}  // namespace

std::string SuggestPath(const std::string& name, const std::vector<std::string>& known,
                        char separator, const std::string& otherwise) {
  std::string_view stem = name;
  while (stem.starts_with(separator)) stem.remove_prefix(1);
  const std::string ending = separator + std::string(stem);
  std::string endings;
  for (const std::string& candidate : known) {
    const bool fits = !stem.empty() && candidate.ends_with(ending);
    if (fits) endings += (endings.empty() ? "" : " or ") + candidate;
  }
  if (endings.empty()) endings = ClosestName(name, known);
  return endings.empty() ? otherwise : "did you mean " + endings + "?";
}

std::string AllowedValues(const Field& field) {
  const std::string range = RangeText(field.range);
  const std::string suffix = range.empty() ? "" : " " + range;
  struct {
    const std::string& suffix;
    bool integer;
    std::size_t max_entries;
    std::string operator()(const bool*) const { return "true or false"; }
    std::string operator()(const std::int64_t*) const { return "an integer" + suffix; }
    std::string operator()(const double*) const {
      return (integer ? "an integer" : "a number") + suffix;
    }
    std::string operator()(const std::string*) const { return "a text that is not empty"; }
    std::string operator()(const std::vector<std::int64_t>*) const {
      return "a list of at most " + std::to_string(max_entries) + " integers" + suffix +
             ", such as 64,32";
    }
    std::string operator()(const Choice& choice) const {
      std::string names;
      for (const std::string_view name : choice.names) {
        names += (names.empty() ? "" : "|") + std::string(name);
      }
      return names;
    }
  } describe{suffix, field.range.integer, field.range.max_entries};
  return std::visit(describe, field.value);
}

void AssignText(const Field& field, const std::string& text, const std::string& option) {
  const Json value = std::visit(FromText{text}, field.value);
  const std::string shown = "'" + Shown(text) + "'";
  if (value.is_discarded()) Reject(option, field, shown);
  AssignJson(field, value, option, shown);
}

void ConfigBuilder::AddJson(const Json& config, const std::string& origin,
                            const std::string& source) {
  if (!config.is_object()) {
    throw ConfigError(origin + ": the config must be a JSON object, got " + Shown(config));
  }
  const auto first = static_cast<std::ptrdiff_t>(assignments_.size());
  Flatten(config, "", origin, source);
  std::set<std::string> paths;  // {"bnn": {"updates": 1}, "bnn.updates": 2}
  for (auto assignment = assignments_.begin() + first; assignment != assignments_.end();
       ++assignment) {
    if (!paths.insert(assignment->path).second) {
      throw ConfigError(assignment->origin + " appears twice");
    }
  }
}

void ConfigBuilder::Flatten(const Json& object, const std::string& prefix,
                            const std::string& origin, const std::string& source) {
  for (const auto& [key, value] : object.items()) {
    const std::string path = prefix + key;
    if (path == "$schema" && value.is_string()) continue;  // for editors
    if (value.is_object() && !value.empty()) {
      Flatten(value, path + ".", origin, source);
    } else {
      assignments_.push_back({path, value, false, origin + ": " + Shown(path), source});
    }
  }
}

void ConfigBuilder::AddText(const std::string& path, const std::string& text,
                            const std::string& option) {
  assignments_.push_back({path, text, true, option, "flag"});
}

void ConfigBuilder::CheckKnown(const Assignment& assignment, const FieldList& fields,
                               const std::string& env) const {
  std::vector<std::string> known = Paths(fields);
  if (std::find(known.begin(), known.end(), assignment.path) != known.end()) return;
  if (assignment.path.starts_with("env_params.")) {
    std::erase_if(known, [](const std::string& path) { return !path.starts_with("env_params."); });
    throw ConfigError(assignment.origin + " is not a parameter of " + env + "; " +
                      Suggestion(assignment.path, known));
  }
  if (IsGroup(assignment.path, fields)) {
    throw ConfigError(assignment.origin + " is a group of keys; --print-config shows them");
  }
  throw ConfigError(assignment.origin + " is not a known key; " +
                    SuggestPath(assignment.path, known, '.', "--print-config shows all keys"));
}

ResolvedConfig ConfigBuilder::Build() const {
  ResolvedConfig resolved;
  // The environment first: it decides which env_params there are.
  for (const Assignment& assignment : assignments_) {
    if (assignment.path != "env") continue;
    if (!assignment.value.is_string()) {
      throw ConfigError(assignment.origin + " must be the name of an environment, got " +
                        Shown(assignment.value));
    }
    resolved.config.env = assignment.value.get<std::string>();
    if (FindEnvironment(resolved.config.env) == nullptr) {
      throw ConfigError(assignment.origin + ": " + WhyNoEnvironment(Shown(resolved.config.env)));
    }
  }
  const FieldList fields = DescribeAll(resolved.config);
  for (const Field& field : fields.fields()) resolved.sources[field.path] = "default";

  for (const Assignment& assignment : assignments_) {
    const bool empty_group = assignment.value.is_object() && IsGroup(assignment.path, fields);
    if (empty_group) continue;
    CheckKnown(assignment, fields, resolved.config.env);
    const Field& field =
        *std::find_if(fields.fields().begin(), fields.fields().end(),
                      [&](const Field& candidate) { return candidate.path == assignment.path; });
    if (assignment.is_text) {
      AssignText(field, assignment.value.get_ref<const std::string&>(), assignment.origin);
    } else {
      AssignJson(field, assignment.value, assignment.origin, Shown(assignment.value));
    }
    resolved.sources[assignment.path] = assignment.source;
  }
  const bool own_horizon = resolved.config.horizon == 0;
  Resolve(resolved.config);
  if (own_horizon) resolved.sources["horizon"] = "environment";
  return resolved;
}

Json ConfigOf(const Json& document, const std::string& origin) {
  if (!document.is_object() || !document.contains("config")) return document;
  const bool written_by_us = document.contains("config_hash");
  for (const auto& [key, value] : document.items()) {
    if (!written_by_us && key != "config" && key != "description") {
      throw ConfigError(origin + ": " + Shown(key) +
                        " stands beside the key config; put it inside");
    }
  }
  return document["config"];
}

Json ToJson(const RunConfig& config) {
  RunConfig copy = config;
  Json json = Json::object();
  const FieldList fields = DescribeAll(copy);
  for (const Field& field : fields.fields()) {
    Json* target = &json;
    std::istringstream parts(field.path);
    for (std::string part; std::getline(parts, part, '.');) target = &(*target)[part];
    *target = std::visit(ToValue{}, field.value);
  }
  return json;
}

std::vector<std::string> KeysWithoutEffect(const ResolvedConfig& resolved) {
  const Algorithm algo = resolved.config.algo;
  const std::pair<std::string_view, bool> sections[] = {
      {"reinforce.", algo == Algorithm::kReinforce},
      {"advantage.", algo != Algorithm::kReinforce},
      {"trpo.", algo == Algorithm::kTrpo || algo == Algorithm::kNaturalGradient},
      {"ppo.", algo == Algorithm::kPpo},
      {"erwr.", algo == Algorithm::kErwr}};
  std::vector<std::string> keys;
  for (const auto& [path, source] : resolved.sources) {
    for (const auto& [section, read] : sections) {
      if (source == "flag" && !read && path.starts_with(section)) keys.push_back(path);
    }
  }
  return keys;
}

std::string ConfigHash(const RunConfig& config) {
  nlohmann::json sorted = nlohmann::json::parse(ToJson(config).dump());
  for (const char* key : {"seed", "env_steps", "stop_when"}) sorted.erase(key);
  if (config.shaping.eta_schedule == EtaSchedule::kConstant) sorted.erase("iterations");
  if (config.eval_every == 0) {
    for (const char* key : {"eval_every", "eval_episodes"}) sorted.erase(key);
  }
  const std::string text = sorted.dump();
  std::array<char, 17> digits{};
  std::snprintf(digits.data(), digits.size(), "%016llx",
                static_cast<unsigned long long>(XXH64(text.data(), text.size(), 0)));
  return std::string(digits.data(), 10);
}

const Json& FindPreset(const std::string& name) {
  const auto found = Presets().find(name);
  if (found != Presets().end()) return found->second;
  std::vector<std::string> names;
  for (const auto& [known, preset] : Presets()) names.push_back(known);
  throw ConfigError("--preset: unknown preset '" + Shown(name) + "'; " + Suggestion(name, names));
}

}  // namespace vime
