// vime-compare: is one arm better than another, and how sure is that? Exit codes: 0 ok (whatever
// the answer), 1 internal error, 2 usage, or no run that can be read, 4 I/O.
#include <thread>

#include "apps/compare_options.h"
#include "apps/program.h"
#include "experiments/compare/comparison_text.h"
#include "experiments/runner/files.h"
#include "lib/core/check.h"

namespace {

int Run(const vime::CompareCommand& command) {
  if (!command.text.empty()) {
    vime::WriteStdout(command.text);
    return 0;
  }
  const auto processors = static_cast<int>(std::thread::hardware_concurrency());
  const int threads = command.threads > 0 ? static_cast<int>(command.threads) : processors;
  const std::vector<vime::RunRecord> runs = vime::ReadRuns(command.paths, threads);
  const vime::Comparison comparison = vime::Compare(runs, command.options);
  switch (command.format) {
    case vime::TextFormat::kMarkdown:
      vime::WriteStdout(vime::ToMarkdown(comparison));
      break;
    case vime::TextFormat::kCsv:
      vime::WriteStdout(vime::ToCsv(comparison));
      break;
    case vime::TextFormat::kJson:
      vime::WriteStdout(vime::ToJson(comparison).dump(2) + "\n");
  }
  if (comparison.num_runs() == 0) throw vime::ConfigError("none of the runs has a result");
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  return vime::RunProgram("vime-compare",
                          [&] { return Run(vime::ParseCompareCommand(argc, argv)); });
}
