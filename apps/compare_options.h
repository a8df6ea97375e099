// The command line of vime-compare.
#pragma once

#include <string>
#include <vector>

#include "experiments/compare/comparison.h"

namespace vime {

enum class TextFormat { kMarkdown, kCsv, kJson };
enum class CompareAction { kCompare, kPrintText };

/// What the command line asks for.
struct CompareCommand {
  CompareAction action = CompareAction::kCompare;
  std::string text;  ///< kPrintText: help, version or the like
  std::vector<std::string> paths;
  CompareOptions options;
  TextFormat format = TextFormat::kMarkdown;
  bool report = false;  ///< write the HTML report
  std::string out;      ///< its name; "" for vime-report.html
  std::string figures;  ///< directory for the figures as files; "" for none
  std::vector<std::string> argv;
  std::int64_t threads = 0;  ///< 0: as many as there are processors
};

/// Parses and checks the whole command line. Throws ConfigError with one clear line.
CompareCommand ParseCompareCommand(int argc, const char* const* argv);

}  // namespace vime
