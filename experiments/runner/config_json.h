// Configs from JSON files and flags, and back. One gate checks every value, whatever its source.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "experiments/runner/run_config.h"
#include "experiments/runner/strict_json.h"

namespace vime {

/// A config and, for every path, where its value came from: "default", "environment",
/// "preset NAME", "file PATH" or "flag".
struct ResolvedConfig {
  RunConfig config;
  std::map<std::string, std::string> sources;
};

/// Collects values in the order of precedence (later ones win) and checks them together, because
/// the environment decides which env_params exist. Every error is a ConfigError of one line that
/// names the option, file or key and what is allowed.
class ConfigBuilder {
 public:
  /// The values of a config object: nested or with dotted keys. `origin` names it in messages,
  /// `source` in ResolvedConfig::sources.
  void AddJson(const Json& config, const std::string& origin, const std::string& source);

  /// A value as written on the command line, for example ("eta", "0.1", "--eta").
  void AddText(const std::string& path, const std::string& text, const std::string& option);

  ResolvedConfig Build() const;

 private:
  struct Assignment {
    std::string path;
    Json value;
    bool is_text;
    std::string origin;
    std::string source;
  };
  void Flatten(const Json& object, const std::string& prefix, const std::string& origin,
               const std::string& source);
  void CheckKnown(const Assignment& assignment, const FieldList& fields,
                  const std::string& env) const;

  std::vector<Assignment> assignments_;
};

/// The keys given by flags that belong to an algorithm other than the one that runs, such as
/// ppo.epochs under trpo: nothing reads them, but they tell runs apart.
std::vector<std::string> KeysWithoutEffect(const ResolvedConfig& resolved);

/// The config object of a file given to --config: the file itself, or the member "config" of a
/// run.json, of the output of --print-config or of a preset. Throws ConfigError that begins with
/// `origin` when keys beside that member would be ignored.
Json ConfigOf(const Json& document, const std::string& origin);

/// The config as nested JSON, every field present.
Json ToJson(const RunConfig& config);

/// Ten hexadecimal digits over everything that the lines of metrics.jsonl and eval.jsonl depend on,
/// except the seed: two runs with equal hashes and seeds agree as far as both go. The number of
/// iterations and the other limits are left out, so that a run may be extended, unless eta is
/// scheduled over them.
std::string ConfigHash(const RunConfig& config);

/// The range of a field as text for messages, such as "a number > 0" or "a|b|c".
std::string AllowedValues(const Field& field);

/// What to tell someone who wrote the dotted (or, for options, dashed) `name`: the closest of
/// `known` or those that end in `name`, or else `otherwise`.
std::string SuggestPath(const std::string& name, const std::vector<std::string>& known,
                        char separator, const std::string& otherwise);

/// Checks a text as written on the command line and assigns it; `option` names it in the message.
void AssignText(const Field& field, const std::string& text, const std::string& option);

/// The presets built into the program (experiments/presets), by name.
const std::map<std::string, Json>& Presets();
/// The preset of that name. Throws ConfigError with a suggestion.
const Json& FindPreset(const std::string& name);

}  // namespace vime
