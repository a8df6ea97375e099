#include "apps/report.h"

#include <csignal>
#include <iomanip>
#include <iostream>
#include <optional>
#include <sstream>

#include "experiments/runner/files.h"
#include "experiments/runner/text.h"
#include "lib/kernels/kernels.h"

namespace vime {
namespace {

constexpr int kRunAgain = 75;  // EX_TEMPFAIL: a checkpoint is written, the same command goes on

// Sources may hold names of files, which need not be UTF-8.
std::string Dump(const Json& json) {
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::string PrintedConfig(const ResolvedConfig& resolved) {
  Json json;
  json["config"] = ToJson(resolved.config);
  json["sources"] = resolved.sources;
  json["config_hash"] = ConfigHash(resolved.config);
  return Dump(json);
}

// The member as JSON text, "null" when there is none: an old summary may lack it.
std::string Member(const Json& json, const char* key) {
  return json.is_object() && json.contains(key) ? json[key].dump() : "null";
}

// How good the last iterations were, where an oracle knows what could be had.
std::string ScoreText(const Json& summary) {
  const auto number = [&](const char* key) -> std::optional<double> {
    if (!summary.is_object() || !summary.contains(key) || !summary[key].is_number()) return {};
    return summary[key].get<double>();
  };
  const std::optional<double> score = number("normalised_score"), regret = number("regret");
  if (!score || !regret) return "";
  std::ostringstream text;
  text << std::setprecision(3) << "score " << *score << " (0: random play, 1: oracle), regret "
       << *regret << "\n";
  return text.str();
}

// For people: what happened and where the files are.
std::string Closing(const RunOutcome& outcome, const RunOptions& options) {
  const Json& s = outcome.summary;
  const std::string first_success = Member(s, "first_success_env_steps");
  const std::string before = outcome.existed ? "finished before: " : "";
  std::string text;
  if (outcome.status == RunStatus::kInterrupted) {
    text = std::string("stopped after its checkpoint; ") +
           (options.if_exists == IfExists::kResume ? "the same command" : "--if-exists resume") +
           " goes on\n";
  } else if (outcome.status == RunStatus::kDiverged) {
    const bool known = s.contains("error") && s["error"].is_string();
    text = std::string("vime-run: ") + (outcome.existed ? "diverged before, at " : "diverged at ") +
           (known ? Printable(s["error"].get<std::string>()) : "an unknown iteration") + "\n";
  } else if (Member(s, "solved") == "true") {
    text = before + "solved at iteration " + Member(s, "solved_iteration") + " (from 0), after " +
           Member(s, "solved_env_steps") + " environment steps\n";
  } else if (first_success != "null") {
    text = before + "not solved; first success after " + first_success + " environment steps\n";
  } else {
    text = before + "not solved; no episode succeeded\n";
  }
  if (options.quiet) return outcome.status == RunStatus::kDiverged ? text : "";
  text += ScoreText(s);
  if (outcome.existed) text += "nothing to do; --if-exists overwrite starts over\n";
  const char* files = outcome.status == RunStatus::kInterrupted
                          ? "/{policy,states}.json, metrics.jsonl, checkpoint"
                          : "/{summary,policy,states}.json, metrics.jsonl";
  text += "results: " + Printable(outcome.directory) + files + "\n";
  if (outcome.status == RunStatus::kFinished) {
    const char* here = outcome.directory.starts_with("-") ? "./" : "";  // no option
    text +=
        "see it: vime-compare --report " + Printable(EscapeShell(here + outcome.directory)) + "\n";
  }
  return text;
}

}  // namespace

int Execute(const CommandLine& command, const std::atomic<bool>& stop,
            const std::atomic<int>& stop_signal) {
  if (command.action == Action::kPrintText) {
    WriteStdout(command.text);
    return 0;
  }
  if (command.action == Action::kPrintConfig) {
    WriteStdout(PrintedConfig(command.resolved));
    return 0;
  }
  if (!command.options.quiet && command.options.simd == "auto" && WideKernelsMissing()) {
    std::cerr << "vime-run: this processor has no AVX2, FMA or BMI2 (x86-64-v3): the same results, "
                 "many times slower\n";
  }
  if (!command.options.quiet) {
    for (const std::string& key : KeysWithoutEffect(command.resolved)) {
      std::cerr << "vime-run: " << key << " has no effect: it belongs to another algo\n";
    }
  }
  const RunOutcome outcome = Run(command.resolved, command.options, command.argv, stop);
  std::cerr << Closing(outcome, command.options);
  if (command.options.json && !outcome.summary.is_null()) {
    WriteStdout(Dump(outcome.summary));
  }
  switch (outcome.status) {
    case RunStatus::kDiverged:
      return 3;
    case RunStatus::kInterrupted:
      return stop_signal == SIGINT ? 128 + SIGINT : kRunAgain;
    case RunStatus::kFinished:
      break;
  }
  return 0;
}

}  // namespace vime
