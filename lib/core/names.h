// Suggestions for misspelt names.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace vime {

/// The candidate at the smallest Levenshtein distance from `name`, the first of equals; "" when
/// none is within max(2, length of `name` / 3) edits. One that needs every character replaced
/// does not count.
std::string ClosestName(std::string_view name, std::span<const std::string> candidates);

}  // namespace vime
