// What every program of the project does around its own work.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace vime {

/// Runs the program and returns its exit code: what `body` returns, 1 for an internal error, 2 for
/// a ConfigError, 4 for an IoError. Errors become one line on standard error.
int RunProgram(const std::string& name, const std::function<int()>& body);

/// The subcommands of a program, by name. They get their name as argv[0].
using Commands = std::map<std::string_view, int (*)(int argc, const char* const* argv)>;

/// Runs the subcommand that argv names and returns its exit code; nothing when argv names none.
/// Also answers what the shell asks for (see completion.h) as far as subcommands go.
std::optional<int> RunCommand(const Commands& commands, int argc, const char* const* argv);

/// One line: the version, revision and compiler of `program` and the kernels that it uses.
std::string VersionText(const std::string& program);

}  // namespace vime
