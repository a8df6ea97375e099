#include "apps/report.h"

#include <iostream>

#include "experiments/runner/files.h"

namespace vime {
namespace {

std::string PrintedConfig(const ResolvedConfig& resolved) {
  Json json;
  json["config"] = ToJson(resolved.config);
  json["sources"] = resolved.sources;
  json["config_hash"] = ConfigHash(resolved.config);
  return json.dump(2) + "\n";
}

// One or two lines for people: what happened and where the files are.
std::string Closing(const RunOutcome& outcome) {
  const Json& s = outcome.summary;
  std::string text;
  if (outcome.status == RunStatus::kInterrupted) {
    text = "interrupted; the metrics so far are kept\n";
  } else if (outcome.status == RunStatus::kDiverged) {
    text = "diverged: " + s.value("error", "") + "\n";
  } else if (s.value("solved", false)) {
    text = "solved at iteration " + s["solved_iteration"].dump() + ", after " +
           s["solved_env_steps"].dump() + " environment steps\n";
  } else if (s.contains("first_success_env_steps") && !s["first_success_env_steps"].is_null()) {
    text = "not solved; first success after " + s["first_success_env_steps"].dump() +
           " environment steps\n";
  } else {
    text = "not solved; no episode succeeded\n";
  }
  if (outcome.status == RunStatus::kSkipped) text = "finished before, nothing to do: " + text;
  return text + "results: " + outcome.directory + "/{summary.json,metrics.jsonl,policy.json}\n";
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
  const RunOutcome outcome = Run(command.resolved, command.options, command.argv, stop);
  if (!command.options.quiet || outcome.status == RunStatus::kDiverged) {
    std::cerr << Closing(outcome);
  }
  if (command.options.json && !outcome.summary.is_null()) {
    WriteStdout(outcome.summary.dump(2) + "\n");
  }
  switch (outcome.status) {
    case RunStatus::kDiverged:
      return 3;
    case RunStatus::kInterrupted:
      return 128 + stop_signal;
    case RunStatus::kFinished:
    case RunStatus::kSkipped:
      break;
  }
  return 0;
}

}  // namespace vime
