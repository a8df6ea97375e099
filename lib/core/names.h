// Texts for messages: suggestions for misspelt names, numbers.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace vime {

/// The candidate at the smallest Levenshtein distance from `name`, the first of equals; "" when
/// none is within max(2, length of `name` / 3) edits. One that needs every character replaced
/// does not count.
std::string ClosestName(std::string_view name, std::span<const std::string> candidates);

/// What to tell someone who wrote `name`: "did you mean X?" when a candidate is close, otherwise
/// "known: A B C".
std::string Suggestion(std::string_view name, std::span<const std::string> candidates);

/// The shortest decimal that reads back as the same number.
std::string ToText(double value);

}  // namespace vime
