// vime-run oracle: what could be had from a task.
#pragma once

namespace vime {

/// Parses `oracle [OPTIONS]` (argv[0] is "oracle"), solves the task on a grid, and prints a table
/// or JSON. Returns the exit code. Throws ConfigError, IoError and NumericalError.
int OracleCommand(int argc, const char* const* argv);

}  // namespace vime
