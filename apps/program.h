// What every program of the project does around its own work.
#pragma once

#include <functional>
#include <string>

namespace vime {

/// Runs the program and returns its exit code: what `body` returns, 1 for an internal error, 2 for
/// a ConfigError, 4 for an IoError. Errors become one line on standard error.
int RunProgram(const std::string& name, const std::function<int()>& body);

/// The text with control characters replaced, so that names of files and keys cannot break a line.
std::string OneLine(std::string text);

}  // namespace vime
