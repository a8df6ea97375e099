// The subcommands of vime-sweep.
#pragma once

namespace vime {

/// Parses the command line and carries it out. Returns the exit code. Throws ConfigError, IoError.
int SweepCommand(int argc, const char* const* argv);

}  // namespace vime
