#include "lib/core/names.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <numeric>
#include <vector>

namespace vime {
namespace {

/// The least number of insertions, deletions and substitutions that turn a into b.
std::size_t LevenshteinDistance(std::string_view a, std::string_view b) {
  // row[j] is the distance between the first i characters of a and the first j of b.
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t substituted = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({substituted, row[j] + 1, row[j - 1] + 1});
    }
  }
  return row[b.size()];
}

}  // namespace

std::string ClosestName(std::string_view name, std::span<const std::string> candidates) {
  std::string closest;
  std::size_t least = std::max<std::size_t>(2, name.size() / 3) + 1;
  for (const std::string& candidate : candidates) {
    const std::size_t distance = LevenshteinDistance(name, candidate);
    // The longer length is the distance of two names that have nothing in common.
    if (distance < least && distance < std::max(name.size(), candidate.size())) {
      least = distance;
      closest = candidate;
    }
  }
  return closest;
}

std::string Suggestion(std::string_view name, std::span<const std::string> candidates) {
  const std::string closest = ClosestName(name, candidates);
  if (!closest.empty()) return "did you mean " + closest + "?";
  std::string list = "known:";
  for (const std::string& candidate : candidates) list += " " + candidate;
  return list;
}

std::string ToText(double value) {
  std::array<char, 32> buffer;
  const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value).ptr;
  return {buffer.data(), end};
}

}  // namespace vime
