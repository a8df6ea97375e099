// Man pages from the description and the options of a command line.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

namespace vime {

/// The page as troff source (man macros), section 1. The description of the app holds its usage
/// lines first, then sentences; lines that begin with a space are shown as they are.
std::string ManPage(const CLI::App& app);

}  // namespace vime
