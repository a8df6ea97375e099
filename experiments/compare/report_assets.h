// The style sheet and the script of the report, built into the program.
#pragma once

#include <string_view>

namespace vime {

std::string_view ReportStyle();
std::string_view ReportScript();
/// SHA-256 of the script, hexadecimal: the content security policy lets only this script run.
std::string_view ReportScriptHash();

}  // namespace vime
