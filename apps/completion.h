// Completion in the shell. The script of each shell asks the program itself what may come next:
//   vime-run --complete WORD...      the last word is the one to complete; a line per answer
// so it knows what the installed version knows.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace vime {

/// The first argument when the shell asks.
inline constexpr std::string_view kCompleteFlag = "--complete";

/// Says what values the option takes, such as {"csv", "json"}, for completion.
void SetValues(CLI::Option& option, const std::vector<std::string>& values);
std::vector<std::string> ValuesOf(const CLI::Option& option);

/// The "--" that ends the options, or argv + argc; to complete, "--" is the beginning of a word.
const char* const* FindSeparator(int argc, const char* const* argv);

/// What the last word may become: names of options, or values of the option before it; each a line
/// of the word, a tab and its meaning. Nothing when any file name would do.
std::string CompleteWords(const CLI::App& app, const std::vector<std::string>& words);

/// The script for bash, zsh or fish. Throws ConfigError for another shell.
std::string CompletionScript(const std::string& program, const std::string& shell);

}  // namespace vime
