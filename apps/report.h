// Carries out what the command line asks for and tells the user how it went.
#pragma once

#include <atomic>

#include "apps/options.h"

namespace vime {

/// Returns the exit code. `stop_signal` is the signal behind `stop`, 0 when there was none.
int Execute(const CommandLine& command, const std::atomic<bool>& stop,
            const std::atomic<int>& stop_signal);

}  // namespace vime
