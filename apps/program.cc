#include "apps/program.h"

#include <fcntl.h>
#include <unistd.h>

#include <csignal>
#include <iostream>
#include <utility>
#include <vector>

#include "apps/completion.h"
#include "experiments/runner/build_info.h"
#include "experiments/runner/files.h"
#include "experiments/runner/text.h"
#include "lib/core/check.h"
#include "lib/core/names.h"
#include "lib/kernels/kernels.h"

namespace vime {
namespace {

// A standard stream that is closed must not become the descriptor of the next file that is opened.
// Standard output is opened so that writing to it still fails: there the result would be lost.
void OccupyStandardStreams() {
  for (const int stream : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (::fcntl(stream, F_GETFD) >= 0) continue;
    ::open("/dev/null", stream == STDOUT_FILENO ? O_RDONLY : O_RDWR);  // the lowest that is free
  }
}

}  // namespace

int RunProgram(const std::string& name, const std::function<int()>& body) {
  OccupyStandardStreams();
  std::signal(SIGPIPE, SIG_IGN);  // a closed pipe and a full disk are errors of write(2)
  std::signal(SIGXFSZ, SIG_IGN);
  const auto fail = [&](int code, const std::string& message) {
    std::cerr << name << ": " << Printable(message) << "\n";
    return code;
  };
  try {
    return body();
  } catch (const ConfigError& error) {
    return fail(2, error.what());
  } catch (const IoError& error) {
    return fail(4, error.what());
  } catch (const std::bad_alloc&) {
    return fail(1, "out of memory");
  } catch (const std::exception& error) {
    return fail(1, error.what());
  }
}

std::optional<int> RunCommand(const Commands& commands, int argc, const char* const* argv) {
  const auto word = [&](int i) { return std::string_view(i < argc ? argv[i] : ""); };
  if (word(1) == kCompleteFlag && argc == 3 && !word(2).starts_with("-")) {
    std::string names;
    for (const auto& [name, run] : commands) {
      if (name.starts_with(word(2))) names += std::string(name) + "\n";
    }
    WriteStdout(names);
    return 0;
  }
  std::vector<const char*> words(argv, argv + argc);
  if (word(1) == kCompleteFlag && commands.contains(word(2))) std::swap(words[1], words[2]);
  const auto command = commands.find(argc > 1 ? words[1] : "");
  if (command == commands.end()) {
    std::vector<std::string> names;
    for (const auto& [name, run] : commands) names.emplace_back(name);
    const std::string closest = word(1).starts_with("-") ? "" : ClosestName(word(1), names);
    if (closest.empty()) return std::nullopt;
    throw ConfigError("unknown command '" + std::string(word(1)) + "'; did you mean " + closest +
                      "?");
  }
  return command->second(argc - 1, words.data() + 1);
}

std::string VersionText(const std::string& program) {
  const BuildInfo& build = GetBuildInfo();
  return program + " " + build.version + " (" + build.git_revision +
         (build.git_dirty ? ", modified" : "") + ", " + build.compiler + ", " + build.build_type +
         ", kernels " + GetKernels<float>().name + ")\n";
}

}  // namespace vime
