// What shells offer while a command is typed, asked of the shells themselves, and the man pages.
// bash is always there; zsh, fish and mandoc are used where they are installed.
#include <doctest/doctest.h>

#include <algorithm>

#include "tests/support/vime_run.h"

namespace vime::testing {
namespace {

const std::string kPrograms[] = {VIME_RUN_PATH, VIME_SWEEP_PATH, VIME_COMPARE_PATH};
const Arguments kPages[] = {{VIME_RUN_PATH},
                            {VIME_RUN_PATH, "difficulty"},
                            {VIME_RUN_PATH, "eval"},
                            {VIME_RUN_PATH, "oracle"},
                            {VIME_RUN_PATH, "replay"},
                            {VIME_SWEEP_PATH},
                            {VIME_SWEEP_PATH, "merge"},
                            {VIME_SWEEP_PATH, "plan"},
                            {VIME_SWEEP_PATH, "run"},
                            {VIME_SWEEP_PATH, "slurm"},
                            {VIME_SWEEP_PATH, "status"},
                            {VIME_COMPARE_PATH}};

std::string Out(const Arguments& command) {
  const Result result = Process(command, {}).Wait();
  CAPTURE(Joined(command));
  CAPTURE(result.err);
  CHECK(result.exit_code == 0);
  return result.out;
}

bool Installed(const std::string& program) {
  return std::filesystem::exists("/usr/bin/" + program);
}

std::string Name(const std::string& path) { return path.substr(path.rfind('/') + 1); }

std::string Function(const std::string& path) {
  std::string name = "_" + Name(path);
  std::ranges::replace(name, '-', '_');
  return name;
}

std::string Quoted(const Arguments& words) {
  std::string text;
  for (const std::string& word : words) text += "'" + word + "' ";
  return text;
}

// The command's first word is the path of the program, its last the one to complete.
Arguments Bash(const Arguments& command) {
  return Lines(Out({"/bin/bash", "-euc",
                    "source <(" + command[0] + " --completion bash); COMP_WORDS=(" +
                        Quoted(command) + "); COMP_CWORD=" + std::to_string(command.size() - 1) +
                        "; " + Function(command[0]) + "; printf '%s\\n' \"${COMPREPLY[@]}\""}));
}

// With the functions of zsh's completion system replaced by some that print.
Arguments Zsh(const Arguments& command) {
  return Lines(
      Out({"/usr/bin/zsh", "-fc",
           "compdef() { }; _files() { echo FILES; }; _describe() { print -rl -- ${${(P)2}%%:*} }; "
           "source <(" +
               command[0] + " --completion zsh); words=(" + Quoted(command) +
               "); CURRENT=" + std::to_string(command.size()) + "; " + Function(command[0])}));
}

Arguments Fish(const Arguments& command) {
  std::string line = command[0];
  for (std::size_t i = 1; i < command.size(); ++i) line += " " + command[i];
  const std::string directory = command[0].substr(0, command[0].rfind('/'));
  Arguments found = Lines(Out({"/usr/bin/fish", "--no-config", "-c",
                               "set PATH " + directory + " $PATH; " + command[0] +
                                   " --completion fish | source; complete -C '" + line + "'"}));
  for (std::string& word : found) word = word.substr(0, word.find('\t'));
  return found;
}

void CheckCompleted(const Arguments& command, Arguments expected) {
  CAPTURE(Joined(command));
  std::ranges::sort(expected);
  const auto sorted = [](Arguments words) {
    std::ranges::sort(words);
    return words;
  };
  CHECK(sorted(Bash(command)) == expected);
  if (Installed("zsh")) CHECK(sorted(Zsh(command)) == expected);
  if (Installed("fish")) CHECK(sorted(Fish(command)) == expected);
}

TEST_CASE("Shells complete options, their values, environments, presets and subcommands") {
  CheckCompleted({VIME_RUN_PATH, "--env", "pend"}, {"pendulum", "pendulum-sparse"});
  CheckCompleted({VIME_RUN_PATH, "--json", "--reinforce-ba"}, {"--reinforce-baseline"});
  CheckCompleted({VIME_RUN_PATH, "--if-exists", ""}, {"resume", "skip", "fail", "overwrite"});
  CheckCompleted({VIME_RUN_PATH, "--preset", "cartpole-s"}, {"cartpole-swingup-vime"});
  CheckCompleted({VIME_RUN_PATH, "--completion", ""}, {"bash", "zsh", "fish"});
  CheckCompleted({VIME_RUN_PATH, "d"}, {"diagnose", "difficulty"});
  CheckCompleted({VIME_RUN_PATH, "difficulty", "--policy", ""}, {"normal", "uniform", "scripted"});
  CheckCompleted({VIME_SWEEP_PATH, ""}, {"merge", "plan", "run", "slurm", "status"});
  CheckCompleted({VIME_SWEEP_PATH, "merge", "DIR", "--format", "c"}, {"csv"});
  CheckCompleted({VIME_COMPARE_PATH, "--sel"}, {"--select-seeds"});
}

TEST_CASE("Values are completed after an equals sign, which bash takes for a word of its own") {
  CHECK(Bash({VIME_RUN_PATH, "--algo", "=", "pp"}) == Arguments{"ppo"});
  CHECK(Bash({VIME_RUN_PATH, "--list", "="}) == Arguments{"envs", "bonuses", "presets", "metrics"});
  if (Installed("zsh")) CHECK(Zsh({VIME_RUN_PATH, "--algo=pp"}) == Arguments{"--algo=ppo"});
  if (Installed("fish")) CHECK(Fish({VIME_RUN_PATH, "--algo=pp"}) == Arguments{"--algo=ppo"});
}

TEST_CASE("Where any file may come, and after what nobody knows, the shell is told nothing") {
  for (const Arguments& words : {Arguments{"--config", ""}, Arguments{"--eta", ""},
                                 Arguments{"eval", ""}, Arguments{"--nonsense=x"}}) {
    CHECK(Out(Arguments{VIME_RUN_PATH, "--complete"} + words).empty());
  }
}

TEST_CASE("Every option of --help is completed and is in the man page") {
  for (const Arguments& command : kPages) {
    CAPTURE(Joined(command));
    Arguments complete = command;
    complete.insert(complete.begin() + 1, "--complete");
    const std::string completed = Out(complete + Arguments{"--"});
    const std::string page = Out(command + Arguments{"--help-man"});
    int options = 0;
    for (const std::string& line : Lines(Out(command + Arguments{"--help"}))) {
      const std::size_t begin = line.find("--");
      if (!line.starts_with("  -")) continue;
      const std::string flag = line.substr(begin, line.find(' ', begin) - begin);
      CHECK_MESSAGE(Contains("\n" + completed, "\n" + flag + "\t"), flag);
      std::string escaped = flag;
      for (std::size_t at = 0; (at = escaped.find('-', at)) != std::string::npos; at += 2) {
        escaped.insert(at, "\\");
      }
      CHECK_MESSAGE(Contains(page, escaped), flag);
      ++options;
    }
    CHECK(options > 0);
  }
}

TEST_CASE("Man pages are clean") {
  const TemporaryDirectory directory;
  for (const Arguments& command : kPages) {
    CAPTURE(Joined(command));
    const std::string page = Out(command + Arguments{"--help-man"});
    for (const char* section :
         {".SH NAME\n", ".SH SYNOPSIS\n", ".SH DESCRIPTION\n", ".SH OPTIONS\n"}) {
      CHECK(Contains(page, section));
    }
    for (const std::string& line : Lines(page)) CHECK(!line.empty());
    if (!Installed("mandoc")) continue;
    WriteText(directory / "page.1", page);
    const Result lint = Process({"/usr/bin/mandoc", "-T", "lint", directory / "page.1"}, {}).Wait();
    CHECK(lint.out + lint.err == "");
  }
}

TEST_CASE("An unknown shell is refused") {
  for (const std::string& program : kPrograms) {
    const Result result = Process({program, "--completion", "tcsh"}, {}).Wait();
    CHECK(result.exit_code == 2);
    CHECK(result.err == Name(program) + ": --completion must be bash|zsh|fish, got 'tcsh'\n");
  }
}

}  // namespace
}  // namespace vime::testing
