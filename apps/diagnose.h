// vime-run diagnose: what the estimators of a run are worth.
#pragma once

namespace vime {

/// argv[0] is the name of the command. Returns the exit code.
int DiagnoseCommand(int argc, const char* const* argv);

}  // namespace vime
