// vime-compare: is one arm better than another, and how sure is that? Exit codes: 0 ok (whatever
// the answer), 1 internal error, 2 usage, or no run that can be read, 4 I/O.
#include <iostream>
#include <thread>

#include "apps/compare_options.h"
#include "apps/program.h"
#include "experiments/compare/comparison_text.h"
#include "experiments/compare/report.h"
#include "experiments/runner/files.h"
#include "experiments/runner/text.h"
#include "lib/core/check.h"

namespace {

void Print(const vime::Comparison& comparison, vime::TextFormat format) {
  switch (format) {
    case vime::TextFormat::kMarkdown:
      return vime::WriteStdout(vime::ToMarkdown(comparison));
    case vime::TextFormat::kCsv:
      return vime::WriteStdout(vime::ToCsv(comparison));
    case vime::TextFormat::kJson:
      return vime::WriteStdout(vime::ToJson(comparison).dump(2) + "\n");
  }
}

// Curves are read here only: tables do without.
void Illustrate(const vime::CompareCommand& command, int threads, vime::Comparison& comparison) {
  const auto curves = vime::ReadCurves(comparison, threads, comparison.notes);
  const std::vector<vime::Figure> figures = vime::MakeFigures(comparison, curves);
  if (!command.figures.empty()) {
    vime::WriteFigures(figures, command.figures);
    std::cerr << "figures: " << vime::Printable(command.figures) << "\n";
  }
  if (!command.report) return;
  const std::string path = command.out.empty() ? "vime-report.html" : command.out;
  vime::WriteFileAtomically(path, vime::ReportHtml(comparison, figures, command.argv));
  std::cerr << "report: " << vime::Printable(path) << "\n";
}

int Run(const vime::CompareCommand& command) {
  if (command.action == vime::CompareAction::kPrintText) {
    vime::WriteStdout(command.text);
    return 0;
  }
  const auto processors = static_cast<int>(std::thread::hardware_concurrency());
  const int threads = command.threads > 0 ? static_cast<int>(command.threads) : processors;
  const std::vector<vime::RunRecord> runs = vime::ReadRuns(command.paths, threads);
  vime::Comparison comparison = vime::Compare(runs, command.options);
  if (command.report || !command.figures.empty()) Illustrate(command, threads, comparison);
  Print(comparison, command.format);
  if (comparison.num_runs() == 0) throw vime::ConfigError("none of the runs has a result");
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  return vime::RunProgram("vime-compare",
                          [&] { return Run(vime::ParseCompareCommand(argc, argv)); });
}
