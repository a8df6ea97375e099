// Command-line flags from described fields: one flag per field, read back in their order, with help
// and errors that name what is allowed.
#pragma once

#include <CLI/CLI.hpp>
#include <deque>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "lib/core/fields.h"

namespace vime {

/// The help group of flags that do not change results. A boolean in it is a flag without a value.
inline constexpr const char* kRunGroup = "Run";

/// policy.initial_stddev -> --policy-initial-stddev
std::string FlagOf(const std::string& path);

/// Values of flags as text, filled by CLI11.
class FlagSet {
 public:
  /// Adds a flag per field to the app, which must not outlive this.
  void AddTo(CLI::App& app, const FieldList& fields, const std::string& group);

  /// Calls visit(index of the field, field, text) for every flag that was given.
  template <class Visit>
  void ForEachGiven(const Visit& visit) const {
    for (std::size_t i = 0; i < flags_.size(); ++i) {
      if (flags_[i].second) visit(i, flags_[i].first, *flags_[i].second);
    }
  }

  const Field* Find(const std::string& flag) const;

 private:
  std::deque<std::pair<Field, std::optional<std::string>>> flags_;
};

/// Adds --help, and --help-man for the build, which makes man pages from it.
void AddHelp(CLI::App& app);

/// Adds --completion: the app is a program, not a subcommand of one.
void AddCompletion(CLI::App& app);

/// Parses. When help, a man page or completion was asked for: the text to print instead of running.
/// What is no option is left in app.remaining(). Throws ConfigError; `flags` tell what a flag
/// without its value would take.
std::optional<std::string> Parse(CLI::App& app, int argc, const char* const* argv,
                                 const std::vector<const FlagSet*>& flags);

/// Parses a command line of these fields only, assigns them, and puts what is no option into
/// `positional`. False when help or the like was asked for, and printed. Throws ConfigError.
bool ParseFields(CLI::App& app, int argc, const char* const* argv, const FieldList& fields,
                 std::vector<std::string>& positional);

/// Throws ConfigError for an argument that the app does not know.
[[noreturn]] void FailUnknown(const CLI::App& app, const std::string& argument);

}  // namespace vime
