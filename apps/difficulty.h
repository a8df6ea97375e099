// vime-run difficulty: what those who do not learn find in an environment.
#pragma once

namespace vime {

/// Parses `difficulty [OPTIONS]` (argv[0] is "difficulty"), plays, and prints a table or JSON.
/// Returns the exit code. Throws ConfigError, IoError and NumericalError.
int MeasureDifficulty(int argc, const char* const* argv);

}  // namespace vime
