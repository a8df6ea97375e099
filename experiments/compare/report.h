// The report: one HTML page that needs nothing else.
#pragma once

#include <string>
#include <vector>

#include "experiments/compare/figures.h"

namespace vime {

/// The page. `command` is the command line that makes it. Scripts other than its own are shut out
/// by its content security policy.
std::string ReportHtml(const Comparison& comparison, const std::vector<Figure>& figures,
                       const std::vector<std::string>& command);

/// Writes ID.svg and ID.csv of every figure to the directory, which is made if need be.
void WriteFigures(const std::vector<Figure>& figures, const std::string& directory);

}  // namespace vime
