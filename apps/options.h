// The command line of vime-run: one flag per described field, everything else named here.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "experiments/runner/runner.h"

namespace vime {

enum class Action { kRun, kPrintConfig, kPrintText };

/// What the command line asks for.
struct CommandLine {
  Action action = Action::kRun;
  std::string text;  ///< kPrintText: help, version or a list
  ResolvedConfig resolved;
  RunOptions options;
  std::vector<std::string> argv;
};

/// Parses and checks the whole command line. Throws ConfigError with one clear line.
CommandLine ParseCommandLine(int argc, const char* const* argv);

}  // namespace vime
