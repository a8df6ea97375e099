// Run directories made by hand, for tests of what reads them.
#pragma once

#include <filesystem>
#include <string>

#include "experiments/runner/config_json.h"
#include "tests/support/process.h"

namespace vime::testing {

/// What a run directory says about its run.
struct RunFiles {
  std::string env = "mountaincar", eta = "0.1", bonus = "vime";
  std::int64_t seed = 1, iterations = 40;
  std::string version = "0.1.0", status = "finished";
  double auc = 0;
  std::string first_success = "null";
};

inline std::string HashOf(const RunFiles& files) {
  return "h" + files.env + files.eta + files.bonus;
}

inline std::string ManifestText(const RunFiles& files) {
  Json json;
  json["schema"] = "vime-run-1";
  json["status"] = files.status;
  json["config"] = {
      {"env", files.env}, {"seed", files.seed},        {"iterations", files.iterations},
      {"env_steps", 0},   {"stop_when", "iterations"}, {"batch_steps", 5000},
      {"horizon", 200},   {"bonus", files.bonus},      {"eta", Json::parse(files.eta)}};
  json["config_hash"] = HashOf(files);
  json["seed"] = files.seed;
  json["version"] = files.version;
  json["argv"] = {"vime-run", "--bonus", files.bonus};
  return json.dump();
}

inline std::string SummaryText(const RunFiles& files) {
  Json json;
  json["schema"] = "vime-summary-1";
  json["status"] = files.status;
  if (files.status == "diverged") json["error"] = "iteration 3: the policy is not finite";
  json["env"] = files.env;
  json["seed"] = files.seed;
  json["config_hash"] = HashOf(files);
  json["iterations"] = files.iterations;
  json["env_steps"] = 5000 * files.iterations;
  json["solved"] = files.auc > 0;
  json["first_success_env_steps"] = Json::parse(files.first_success);
  json["auc_return"] = files.auc;
  json["return_last20"] = files.auc;
  return json.dump();
}

/// Writes run.json, and summary.json where the status has one.
inline void WriteRun(const std::string& directory, const RunFiles& files) {
  std::filesystem::create_directories(directory);
  WriteText(directory + "/run.json", ManifestText(files));
  if (files.status == "finished" || files.status == "diverged") {
    WriteText(directory + "/summary.json", SummaryText(files));
  }
}

/// What a user may call a directory.
inline const std::vector<std::string>& HostileNames() {
  static const std::vector<std::string> names = {
      "two words",
      "line\nbreak\r",
      "<script>alert(1)</script>",
      "\"quoted\" 'twice' &amp; more",
      "a|b|c",
      "[link](javascript:alert(1)) ![i](x) `code` **bold** $x$",
      "=cmd|'/c calc'!A0",
      "not utf-8: \xff\xc0\x80\xed\xa0\x80",
      "right to left \xe2\x80\xae override \xe2\x80\xa8 separator",
      "tab\tescape\x1b[31m null-ish \x01",
      "-->]]></title><img src=x onerror=alert(1)>",
      std::string(5000, 'x'),
      "\xf0\x9f\x9a\x97 \xc3\xa9\xcc\x81 \xe6\xb1\x89"};
  return names;
}

}  // namespace vime::testing
