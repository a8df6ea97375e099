// A run directory: what it holds, and what that means for the run that is asked for.
#pragma once

#include <string>
#include <string_view>

#include "experiments/runner/config_json.h"

namespace vime {

/// What to do when the run directory exists already.
enum class IfExists {
  kResume,     ///< go on from its checkpoint; a finished run is left alone
  kSkip,       ///< a finished run is left alone; an unfinished one starts over
  kFail,       ///< an error
  kOverwrite,  ///< start over, whatever it was
};

class RunDirectory {
 public:
  explicit RunDirectory(std::string path) : path_(std::move(path)) {}

  const std::string& path() const { return path_; }
  std::string File(std::string_view name) const { return path_ + "/" + std::string(name); }

  enum class Action {
    kStart,       ///< nothing is kept; Clear() makes room
    kResume,      ///< an unfinished run, or a finished one that is to go on
    kLeaveAlone,  ///< finished, or diverged
  };
  struct Plan {
    Action action = Action::kStart;
    Json manifest;  ///< run.json of the run that is resumed or started over; null without one
    Json summary;   ///< summary.json of a finished run
  };

  /// Looks without touching. Throws ConfigError when the directory holds something else and
  /// `if_exists` does not allow to overwrite that.
  Plan Look(const RunConfig& config, IfExists if_exists) const;

  /// Removes the files of an earlier run. Foreign files stay.
  void Clear() const;

 private:
  std::string path_;
};

/// Where the run goes unless --out names a directory.
std::string DefaultRunDirectory(const RunConfig& config);

/// The summary says that the run ended: finished or diverged.
bool IsFinal(const Json& summary);

/// json[key], or `fallback` when it is absent or of another type.
template <class T>
T ValueOr(const Json& json, const char* key, T fallback) {
  if (!json.is_object() || !json.contains(key)) return fallback;
  if (std::is_same_v<T, std::int64_t> && !json[key].is_number_integer()) return fallback;
  try {
    return json[key].get<T>();
  } catch (const Json::exception&) {
    return fallback;
  }
}

}  // namespace vime
