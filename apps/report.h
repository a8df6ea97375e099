// Carries out what the command line asks for and tells the user how it went.
#pragma once

#include <atomic>
#include <string>

#include "apps/options.h"

namespace vime {

/// Returns the exit code. `stop_signal` is the signal behind `stop`, 0 when there was none.
int Execute(const CommandLine& command, const std::atomic<bool>& stop,
            const std::atomic<int>& stop_signal);

/// The text with control characters replaced, so that names of files and keys cannot break a line.
std::string OneLine(std::string text);

}  // namespace vime
