// The text of experiments/oracle.json, built into the program.
#pragma once

#include <string_view>

namespace vime {

std::string_view OracleJson();

}  // namespace vime
