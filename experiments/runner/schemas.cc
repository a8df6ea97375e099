#include "experiments/runner/schemas.h"

#include <limits>
#include <map>
#include <optional>
#include <sstream>

#include "lib/core/check.h"
#include "lib/rl/evaluation.h"
#include "lib/vime/metrics.h"

namespace vime {
namespace {

Json Type(const char* type) { return {{"type", type}}; }
Json OrNull(const char* type) { return {{"type", {type, "null"}}}; }
Json ListOf(const Json& items) { return {{"type", "array"}, {"items", items}}; }
Json MapOf(const Json& values) { return {{"type", "object"}, {"additionalProperties", values}}; }

// Every member is required and no other is allowed.
Json Object(const Json& members) {
  Json schema = Type("object");
  schema["properties"] = members;
  schema["required"] = Json::array();
  for (const auto& [key, value] : members.items()) schema["required"].push_back(key);
  schema["additionalProperties"] = false;
  return schema;
}

// What PutNumber adds for a number that JSON cannot hold.
void AllowNonfinite(Json& schema) {
  schema["patternProperties"]["_nonfinite$"] = {{"enum", {"nan", "inf", "-inf"}}};
}

void AddRange(Json& schema, const Range& range) {
  constexpr double kMost = std::numeric_limits<double>::max();
  if (range.low > -kMost) schema[range.low_open ? "exclusiveMinimum" : "minimum"] = range.low;
  if (range.high < kMost) schema[range.high_open ? "exclusiveMaximum" : "maximum"] = range.high;
}

Json OfField(const Field& field) {
  struct {
    const Range& range;
    Json operator()(const bool*) const { return Type("boolean"); }
    Json operator()(const std::int64_t*) const { return Number("integer"); }
    Json operator()(const double*) const { return Number(range.integer ? "integer" : "number"); }
    Json operator()(const std::string*) const { return {{"type", "string"}, {"minLength", 1}}; }
    Json operator()(const std::vector<std::int64_t>*) const {
      Json schema = ListOf(Number("integer"));
      schema["maxItems"] = range.max_entries;
      return schema;
    }
    Json operator()(const Choice& choice) const { return {{"enum", choice.names}}; }
    Json Number(const char* type) const {
      Json schema = Type(type);
      AddRange(schema, range);
      return schema;
    }
  } of{field.range};
  Json schema = std::visit(of, field.value);
  schema["description"] = field.help;
  return schema;
}

// The config as --config takes it (nothing is required), or as files hold it (everything is).
Json Config(bool complete) {
  RunConfig config;
  FieldList fields;
  config.Describe(fields);
  Json members = {{"env_params", MapOf(Type("number"))}};
  std::map<std::string, Json> groups;
  for (const Field& field : fields.fields()) {
    const std::size_t dot = field.path.find('.');
    if (dot == std::string::npos) {
      members[field.path] = OfField(field);
    } else {
      groups[field.path.substr(0, dot)][field.path.substr(dot + 1)] = OfField(field);
    }
  }
  const auto object = [&](const Json& properties) {
    Json schema = Object(properties);
    if (!complete) schema.erase("required");
    return schema;
  };
  for (const auto& [name, group] : groups) members[name] = object(group);
  Json schema = object(members);
  if (complete) {  // environments without parameters have no such group
    std::erase(schema["required"].get_ref<Json::array_t&>(), "env_params");
  } else {
    schema["patternProperties"]["[.]"] = true;  // "policy.hidden": [8]
    schema["properties"]["$schema"] = Type("string");
  }
  return schema;
}

// Flat objects of described numbers.
class Metrics {
 public:
  template <class T>
  void operator()(const char* key, const T&, const char* help) {
    members_[key] = std::is_integral_v<T> ? Type("integer") : OrNull("number");
    members_[key]["description"] = help;
  }
  Json Schema() const {
    Json schema = Object(members_);
    AllowNonfinite(schema);
    return schema;
  }
  Json& members() { return members_; }

 private:
  Json members_ = Json::object();
};

Json MetricsLine() {
  Metrics metrics;
  IterationMetrics::Describe(IterationMetrics{}, [&](auto&&... entry) { metrics(entry...); });
  return metrics.Schema();
}

Json EvalLine() {
  Metrics metrics;
  metrics.members() = {{"iteration", Type("integer")},
                       {"env_steps", Type("integer")},
                       {"episodes", Type("integer")},
                       {"wall_s", Type("number")}};
  Evaluation::Describe(Evaluation{}, [&](auto&&... entry) { metrics(entry...); });
  return metrics.Schema();
}

Json Run() {
  Json schema =
      Object({{"schema", {{"const", "vime-run-1"}}},
              {"status", {{"enum", {"running", "finished", "diverged", "interrupted", "failed"}}}},
              {"config", Config(true)},
              {"sources", MapOf(Type("string"))},
              {"config_hash", {{"type", "string"}, {"pattern", "^[0-9a-f]{10}$"}}},
              {"seed", Type("integer")},
              {"argv", ListOf(Type("string"))},
              {"attempts", ListOf(Object({{"from_iteration", Type("integer")},
                                          {"host", Type("string")},
                                          {"version", Type("string")},
                                          {"git_revision", Type("string")}}))},
              {"version", Type("string")},
              {"git_revision", Type("string")},
              {"git_dirty", Type("boolean")},
              {"compiler", Type("string")},
              {"build_type", Type("string")},
              {"flags", Type("string")},
              {"simd", Type("string")},
              {"threads", Type("integer")},
              {"host", Type("string")}});
  schema["properties"]["wall_s"] = Type("number");  // absent while the run is running
  return schema;
}

Json Described(Json schema, const char* description) {
  schema["description"] = description;
  return schema;
}

Json Summary() {
  const Json integer = Type("integer");
  const Json number = OrNull("number");
  Json schema = Object(
      {{"schema", {{"const", "vime-summary-1"}}},
       {"status", {{"enum", {"finished", "diverged"}}}},
       {"env", Type("string")},
       {"algo", Type("string")},
       {"bonus", Type("string")},
       {"eta", Type("number")},
       {"seed", integer},
       {"config_hash", {{"type", "string"}, {"pattern", "^[0-9a-f]{10}$"}}},
       {"iterations", Described(integer, "how many there were")},
       {"env_steps", Described(integer, "how many there were")},
       {"episodes", Described(integer, "how many there were")},
       {"solved", Described(Type("boolean"),
                            "at least 90 % of the episodes of each of three consecutive iterations "
                            "succeeded")},
       {"solved_iteration",
        Described(OrNull("integer"), "the third of these iterations, counted from 0; else null")},
       {"solved_env_steps", Described(OrNull("integer"), "steps at its end; else null")},
       {"first_success_env_steps",
        Described(OrNull("integer"), "steps at the end of the first episode that succeeded")},
       {"success_fraction_last20",
        Described(number, "rollout/success_fraction, mean of the last 20 iterations")},
       {"return_last20",
        Described(number,
                  "rollout/return_mean, mean of the last 20 iterations; of the policy as "
                  "it explores")},
       {"return_best", Described(number, "largest rollout/return_mean")},
       {"eval_return", Described(number,
                                 "eval/return_mean of the last evaluation, of the policy "
                                 "without noise; null without --eval-every")},
       {"auc_return", Described(number,
                                "mean of rollout/return_mean over all steps: the area "
                                "under the learning curve, divided by its length")},
       {"regret",
        Described(number, "oracle's mean return - return_last20; null without an oracle")},
       {"normalised_score",
        Described(number, "(return_last20 - random) / (oracle - random); null without an oracle")},
       {"coverage_fraction", Described(number, "coverage/fraction of the last iteration")},
       {"wall_s", Described(Type("number"), "seconds, all attempts together")}});
  schema["properties"]["error"] = Described(Type("string"), "why it diverged");
  AllowNonfinite(schema);
  return schema;
}

Json Policy() {
  const Json numbers = ListOf(OrNull("number"));
  const Json axis =
      Object({{"name", Type("string")}, {"low", OrNull("number")}, {"high", OrNull("number")}});
  Json schema =
      Object({{"schema", {{"const", "vime-policy-1"}}},
              {"kind", Type("string")},
              {"env", Type("string")},
              {"observation", ListOf(axis)},
              {"action", ListOf(axis)},
              {"observation_offset", numbers},
              {"observation_scale", numbers},
              {"squash", {{"enum", EnumNames<ActionSquash>()}}},
              {"sizes", ListOf(Type("integer"))},
              {"layers", ListOf(Object({{"weights", ListOf(numbers)}, {"biases", numbers}}))}});
  // One of the two: standard deviations, or the bounds of those that depend on the state.
  schema["properties"]["stddev"] = numbers;
  schema["properties"]["stddev_bounds"] = numbers;
  return schema;
}

Json States() {
  const Json numbers = ListOf(OrNull("number"));
  const Json axis = Object({{"name", Type("string")},
                            {"unit", Type("string")},
                            {"low", Type("number")},
                            {"high", Type("number")}});
  Json replay = Object(
      {{"length", Type("integer")},
       {"terminated", Type("boolean")},
       {"success", Type("boolean")},
       {"return", OrNull("number")},
       {"path", ListOf(numbers)},
       {"actions",
        ListOf(Object({{"name", Type("string")}, {"unit", Type("string")}, {"values", numbers}}))},
       {"rewards", numbers}});
  replay["type"] = {"object", "null"};
  return Object({{"schema", {{"const", "vime-states-1"}}},
                 {"env", Type("string")},
                 {"time_step", Type("number")},
                 {"axes", ListOf(axis)},
                 {"cells", Type("integer")},
                 {"visits", ListOf(Type("integer"))},
                 {"replay", replay}});
}

Json Task() {
  return Object({{"schema", {{"const", "vime-task-1"}}},
                 {"run", Type("string")},
                 {"config_hash", {{"type", "string"}, {"pattern", "^[0-9a-f]{10}$"}}},
                 {"axes", Type("object")},
                 {"config", Type("object")}});
}

const std::map<std::string, Json (*)()>& Makers() {
  static const std::map<std::string, Json (*)()> makers = {{"config", [] { return Config(false); }},
                                                           {"eval", EvalLine},
                                                           {"metrics", MetricsLine},
                                                           {"policy", Policy},
                                                           {"run", Run},
                                                           {"states", States},
                                                           {"summary", Summary},
                                                           {"task", Task}};
  return makers;
}

}  // namespace

std::vector<std::string> SchemaNames() {
  std::vector<std::string> names;
  for (const auto& [name, make] : Makers()) names.push_back(name);
  return names;
}

Json Schema(const std::string& name) {
  const auto maker = Makers().find(name);
  if (maker == Makers().end()) {
    std::string known;
    for (const std::string& each : SchemaNames()) known += (known.empty() ? "" : "|") + each;
    throw ConfigError("--schema must be " + known + ", got '" + name + "'");
  }
  Json schema = {{"$schema", "https://json-schema.org/draft/2020-12/schema"},
                 {"title", "vime " + name}};
  schema.update(maker->second());
  return schema;
}

}  // namespace vime
