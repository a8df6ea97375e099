// The MJCF files, built into the program.
#pragma once

#include <string_view>

namespace vime {

std::string_view HalfCheetahXml();
std::string_view Walker2dXml();

}  // namespace vime
