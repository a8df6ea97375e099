// The arms of a comparison: runs grouped by config less seed, and everything that keeps a run out.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "experiments/compare/run_records.h"

namespace vime {

/// A run that the numbers do not contain, and why.
struct LeftOut {
  std::string path, reason;
};

struct Arm {
  std::string id;     ///< A, B, ...
  std::string label;  ///< what sets it apart, such as "vime, eta=0.1"
  std::string environment, budget, version;
  std::string config_hash, git_revision;  ///< of its first run
  std::vector<const RunRecord*> runs;     ///< finished, one per config and seed, by seed
  std::vector<const RunRecord*> diverged, unfinished;
  std::vector<LeftOut> left_out;  ///< its diverged and unfinished runs, and copies
  /// Every value that a key of the config takes in this arm; several where --group-by mixes.
  std::map<std::string, std::vector<std::string>> config;
  int num_configs = 1;
};

struct ArmOptions {
  std::vector<std::string> group_by;  ///< config keys, "version" or "git_revision"; empty: all keys
  std::vector<std::string> allow;     ///< of env, budget, version: what may differ between arms
  std::string baseline;               ///< an arm; "" for the one without bonus, else the first
  std::map<std::string, std::string> labels;  ///< by arm, as in FindArm
};

struct ArmSet {
  std::vector<Arm> arms;  ///< in the order of their values
  std::size_t baseline = 0;
  std::vector<LeftOut> left_out;  ///< beside those of the arms
  std::vector<std::string> notes;
};

/// Groups runs. Those of another environment, budget or version than the baseline (or, when none is
/// named, than most runs) are left out with the reason, unless allowed; so are runs that are
/// missing, foreign or unfinished, and copies of a run. The runs must outlive the result. Throws
/// ConfigError for names of keys and arms that are not there.
ArmSet GroupRuns(const std::vector<const RunRecord*>& runs, const ArmOptions& options);

/// The index of the arm of that id, label, config hash, or key=value[,key=value]. Throws
/// ConfigError that begins with `option`.
std::size_t FindArm(const std::vector<Arm>& arms, const std::string& name,
                    const std::string& option);

/// The keys of the config whose values differ between arms or within one.
std::vector<std::string> DifferingKeys(const std::vector<Arm>& arms);

/// The values of a key in an arm as text: "0.1", or "0.1 | 1" when the arm mixes, "" when absent.
std::string ValueText(const Arm& arm, const std::string& key);

}  // namespace vime
