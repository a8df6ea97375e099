#include "apps/completion.h"

#include <algorithm>
#include <sstream>

#include "lib/core/check.h"

namespace vime {
namespace {

constexpr const char* kBash = R"sh(# bash: source <(PROGRAM --completion bash)
_FUNCTION() {
  local word words=()
  for word in "${COMP_WORDS[@]:1:COMP_CWORD}"; do
    [[ $word == = ]] || words+=("$word")  # --key=value comes as three words
  done
  [[ ${COMP_WORDS[COMP_CWORD]} == = ]] && words+=("")
  mapfile -t COMPREPLY < <("${COMP_WORDS[0]}" --complete "${words[@]}" 2> /dev/null)
  COMPREPLY=("${COMPREPLY[@]%%$'\t'*}")
}
complete -o default -F _FUNCTION PROGRAM
)sh";

constexpr const char* kZsh = R"sh(#compdef PROGRAM
# zsh: source <(PROGRAM --completion zsh), or save it as _PROGRAM in a directory of $fpath
_FUNCTION() {
  local -a found
  found=(${(f)"$("${words[1]}" --complete "${(@)words[2,CURRENT]}" 2> /dev/null)"})
  if (( $#found )); then
    found=("${(@)found//:/\:}")
    found=("${(@)found/$'\t'/:}")
    _describe PROGRAM found
  else
    _files
  fi
}
if [[ $funcstack[1] == _PROGRAM ]]; then
  _FUNCTION "$@"
else
  compdef _FUNCTION PROGRAM
fi
)sh";

constexpr const char* kFish = R"sh(# fish: PROGRAM --completion fish | source
function __FUNCTION
  set -l words (commandline -opc) "$(commandline -ct)"
  set -l found ($words[1] --complete $words[2..-1] 2> /dev/null)
  if set -q found[1]
    printf '%s\n' $found
  else
    __fish_complete_path "$words[-1]"
  end
end
complete -c PROGRAM -f -a '(__FUNCTION)'
)sh";

void ReplaceAll(std::string& text, const std::string& from, const std::string& to) {
  for (std::size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size()) {
    text.replace(at, from.size(), to);
  }
}

bool IsHidden(const CLI::Option& option) { return option.get_group().empty(); }

// The option as it is written, unless it takes no value.
const CLI::Option* OptionWithValue(const CLI::App& app, const std::string& name) {
  if (!name.starts_with("-")) return nullptr;
  const CLI::Option* option = app.get_option_no_throw(name);
  return option != nullptr && option->get_items_expected_max() > 0 ? option : nullptr;
}

}  // namespace

void SetValues(CLI::Option& option, const std::vector<std::string>& values) {
  std::string joined;
  for (const std::string& value : values) joined += (joined.empty() ? "" : ",") + value;
  if (!values.empty()) option.type_name("{" + joined + "}");
}

std::vector<std::string> ValuesOf(const CLI::Option& option) {
  const std::string type = option.get_type_name();
  std::vector<std::string> values;
  if (!type.starts_with("{")) return values;  // a type of CLI11, such as TEXT
  std::istringstream stream(type.substr(1, type.size() - 2));
  for (std::string value; std::getline(stream, value, ',');) values.push_back(value);
  return values;
}

const char* const* FindSeparator(int argc, const char* const* argv) {
  const bool completes = argc > 1 && argv[1] == kCompleteFlag;
  return completes ? argv + argc : std::find(argv, argv + argc, std::string_view("--"));
}

std::string CompleteWords(const CLI::App& app, const std::vector<std::string>& words) {
  const std::string word = words.empty() ? "" : words.back();
  const std::string previous = words.size() > 1 ? words[words.size() - 2] : "";
  std::string text;
  const auto offer_values = [&](const CLI::Option& option, const std::string& before) {
    for (const std::string& value : ValuesOf(option)) {
      if ((before + value).starts_with(word)) text += before + value + "\n";
    }
    return text;
  };
  const std::size_t equals = word.find('=');
  if (equals != std::string::npos) {
    const CLI::Option* option = OptionWithValue(app, word.substr(0, equals));
    return option == nullptr ? "" : offer_values(*option, word.substr(0, equals + 1));
  }
  if (const CLI::Option* option = OptionWithValue(app, previous)) return offer_values(*option, "");
  if (!word.starts_with("-")) return "";
  for (const CLI::Option* option : app.get_options()) {
    for (const std::string& name : option->get_lnames()) {
      if (IsHidden(*option) || !("--" + name).starts_with(word)) continue;
      text += "--" + name + "\t" + option->get_description() + "\n";
    }
  }
  return text;
}

std::string CompletionScript(const std::string& program, const std::string& shell) {
  std::string script;
  if (shell == "bash") script = kBash;
  if (shell == "zsh") script = kZsh;
  if (shell == "fish") script = kFish;
  if (script.empty()) throw ConfigError("--completion must be bash|zsh|fish, got '" + shell + "'");
  std::string function = program;
  std::ranges::replace(function, '-', '_');
  ReplaceAll(script, "FUNCTION", function);
  ReplaceAll(script, "PROGRAM", program);
  return script;
}

}  // namespace vime
