#include "apps/flags.h"

#include <sstream>

#include "apps/completion.h"
#include "apps/man_page.h"
#include "envs/registry.h"
#include "experiments/runner/config_json.h"
#include "experiments/runner/files.h"
#include "experiments/runner/text.h"
#include "lib/core/check.h"

namespace vime {
namespace {

// The default of a field as it would be written on the command line.
std::string DefaultText(const Field& field) {
  struct {
    std::string operator()(const bool* v) const { return *v ? "true" : "false"; }
    std::string operator()(const std::int64_t* v) const { return std::to_string(*v); }
    std::string operator()(const double* v) const { return NumberText(*v); }
    std::string operator()(const std::string* v) const { return *v; }
    std::string operator()(const std::vector<std::int64_t>* v) const {
      std::string text;
      for (const std::int64_t entry : *v) text += (text.empty() ? "" : ",") + std::to_string(entry);
      return text;
    }
    std::string operator()(const Choice& choice) const { return std::string(choice.name()); }
  } print;
  return std::visit(print, field.value);
}

// policy.hidden -> "Config policy.*"
std::string GroupOf(const Field& field, const std::string& group) {
  const auto dot = field.path.find('.');
  return dot == std::string::npos ? group : group + " " + field.path.substr(0, dot) + ".*";
}

// What --help says about a field: meaning, choices and default.
std::string HelpText(const Field& field) {
  std::string text = field.help;
  if (std::holds_alternative<Choice>(field.value)) text += ": " + AllowedValues(field);
  const std::string fallback = DefaultText(field);
  const bool no_default = fallback.empty() || (fallback == "0" && field.range.low > 0);
  return no_default ? text : text + " [" + fallback + "]";
}

// The text with a space after some of the bars in lists of choices that are longer than a line.
std::string Breakable(const std::string& text, std::size_t width) {
  std::string broken;
  std::size_t word = 0;  // where the current one begins in `broken`
  std::size_t bar = 0;   // just after its last bar
  for (const char c : text) {
    broken += c;
    if (c == ' ') word = bar = broken.size();
    if (broken.size() - word > width && bar > word) {
      broken.insert(bar, " ");
      word = bar = bar + 1;
    }
    if (c == '|') bar = broken.size();
  }
  return broken;
}

// The values of a field, where they have names.
std::vector<std::string> KnownValues(const Field& field) {
  if (std::holds_alternative<bool*>(field.value)) return {"true", "false"};
  std::vector<std::string> values;
  if (const auto* choice = std::get_if<Choice>(&field.value)) {
    values.assign(choice->names.begin(), choice->names.end());
  } else if (field.path == "env") {
    for (const EnvEntry& entry : Environments()) values.push_back(entry.name);
  }
  return values;
}

// An option without its value, or an option that cannot be given twice.
[[noreturn]] void FailMismatch(const CLI::App& app, const std::vector<const FlagSet*>& flags,
                               const std::string& message) {
  const std::string flag = message.substr(0, message.find(':'));
  if (message.find("At Most") != std::string::npos) {
    throw ConfigError(flag + " may be given only once");
  }
  for (const FlagSet* set : flags) {
    if (const Field* field = set->Find(flag)) {
      throw ConfigError(flag + " needs a value: " + AllowedValues(*field));
    }
  }
  throw ConfigError(flag + " needs a value; see " + app.get_name() + " --help");
}

// One line per option where it fits, wrapped within 100 columns.
std::string Help(const CLI::App& app) {
  constexpr std::size_t kIndent = 30;
  constexpr std::size_t kColumns = 100;
  std::string help = app.get_description() + "\n";
  std::string group;
  for (const CLI::Option* option : app.get_options()) {
    if (option->get_group().empty()) continue;
    if (option->get_group() != group) {
      group = option->get_group();
      help += "\n" + group + "\n";
    }
    std::string line = "  " + option->get_name(false, true);
    std::istringstream words(Breakable(option->get_description(), kColumns - kIndent));
    bool begun = line.size() + 2 > kIndent;
    if (begun) {
      help += line + "\n";
      line.clear();
    }
    line.resize(kIndent, ' ');
    begun = false;
    for (std::string word; words >> word; begun = true) {
      if (begun && line.size() + 1 + word.size() > kColumns) {
        help += line + "\n";
        line.assign(kIndent, ' ');
        begun = false;
      }
      line += (begun ? " " : "") + word;
    }
    help += line + "\n";
  }
  return help;
}

}  // namespace

std::string FlagOf(const std::string& path) {
  std::string flag = "--" + path;
  for (char& c : flag) {
    if (c == '.' || c == '_') c = '-';
  }
  return flag;
}

void FlagSet::AddTo(CLI::App& app, const FieldList& fields, const std::string& group) {
  for (const Field& field : fields.fields()) {
    flags_.emplace_back(field, std::nullopt);
    std::optional<std::string>& value = flags_.back().second;
    const std::string flag = FlagOf(field.path);
    CLI::Option* option = nullptr;
    if (std::holds_alternative<bool*>(field.value) && group == kRunGroup) {
      option = app.add_flag_callback(
          flag, [&value] { value = "true"; }, field.help);
    } else {
      const auto store = [&value](const std::string& text) { value = text; };
      option = app.add_option_function<std::string>(flag, store, HelpText(field));
      option->take_last();
      SetValues(*option, KnownValues(field));
    }
    option->group(GroupOf(field, group));
  }
}

const Field* FlagSet::Find(const std::string& flag) const {
  for (const auto& [field, value] : flags_) {
    if (FlagOf(field.path) == flag) return &field;
  }
  return nullptr;
}

void AddHelp(CLI::App& app) {
  app.set_help_flag("-h,--help", "print this help, and exit")->group(kRunGroup);
  app.add_flag("--help-man")->group("");
}

void AddCompletion(CLI::App& app) {
  CLI::Option* option =
      app.add_option("--completion",
                     "print a script that completes commands in bash|zsh|fish, and "
                     "exit");
  option->group(kRunGroup);
  SetValues(*option, {"bash", "zsh", "fish"});
}

std::optional<std::string> Parse(CLI::App& app, int argc, const char* const* argv,
                                 const std::vector<const FlagSet*>& flags) {
  if (argc > 1 && argv[1] == kCompleteFlag) {
    return CompleteWords(app, {argv + 2, argv + argc});
  }
  app.allow_extras();
  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp&) {
    return Help(app);
  } catch (const CLI::ArgumentMismatch& error) {
    FailMismatch(app, flags, error.what());
  } catch (const CLI::ConversionError& error) {  // "Could not convert: --switch = value"
    const std::string what = error.what();
    const auto flag = what.find("--");
    throw ConfigError(what.substr(flag, what.find(" = ") - flag) + " takes no value");
  } catch (const CLI::ParseError& error) {
    throw ConfigError(error.what());
  }
  if (app.count("--help-man") > 0) return ManPage(app);
  const CLI::Option* completion = app.get_option_no_throw("--completion");
  if (completion == nullptr || completion->empty()) return std::nullopt;
  return CompletionScript(app.get_name(), completion->as<std::string>());
}

bool ParseFields(CLI::App& app, int argc, const char* const* argv, const FieldList& fields,
                 std::vector<std::string>& positional) {
  AddHelp(app);
  FlagSet flags;
  flags.AddTo(app, fields, kRunGroup);
  if (const auto text = Parse(app, argc, argv, {&flags})) {
    WriteStdout(*text);
    return false;
  }
  positional = app.remaining();
  for (const std::string& argument : positional) {
    if (argument.starts_with("-")) FailUnknown(app, argument);
  }
  flags.ForEachGiven([&](std::size_t i, const Field& field, const std::string& text) {
    AssignText(fields.fields()[i], text, FlagOf(field.path));
  });
  return true;
}

void FailUnknown(const CLI::App& app, const std::string& argument) {
  std::vector<std::string> known;
  for (const CLI::Option* option : app.get_options()) known.push_back(option->get_name());
  const std::string help = "see " + app.get_name() + " --help";
  const std::string name = argument.substr(0, argument.find('='));
  if (name.starts_with("-")) {
    throw ConfigError("unknown option " + name + "; " + SuggestPath(name, known, '-', help));
  }
  throw ConfigError("unexpected argument '" + name + "'; " + help);
}

}  // namespace vime
