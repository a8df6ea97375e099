#include "experiments/compare/seeds.h"

#include <algorithm>
#include <charconv>
#include <sstream>

#include "experiments/runner/run_config.h"
#include "lib/core/check.h"

namespace vime {
namespace {

bool ParseSeed(std::string_view text, std::int64_t& seed) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seed);
  return error == std::errc() && end == text.data() + text.size() && seed >= 0 &&
         static_cast<double>(seed) <= kMaxSeed;
}

}  // namespace

SeedSet::SeedSet(const std::string& text, const std::string& option) : text_(text) {
  std::istringstream parts(text);
  for (std::string part; std::getline(parts, part, ',');) {
    const auto dash = part.find('-');
    std::int64_t first = 0;
    std::int64_t last = 0;
    const bool valid = ParseSeed(part.substr(0, dash), first) &&
                       ParseSeed(dash == std::string::npos ? part : part.substr(dash + 1), last) &&
                       first <= last;
    if (!valid) throw ConfigError(option + " must be seeds such as 1-30,35, got '" + text + "'");
    ranges_.emplace_back(first, last);
  }
  if (ranges_.empty()) throw ConfigError(option + " must be seeds such as 1-30,35");
}

bool SeedSet::Contains(std::int64_t seed) const {
  return std::any_of(ranges_.begin(), ranges_.end(), [seed](const auto& range) {
    return range.first <= seed && seed <= range.second;
  });
}

bool SeedSet::Overlaps(const SeedSet& other) const {
  for (const auto& a : ranges_) {
    for (const auto& b : other.ranges_) {
      if (a.first <= b.second && b.first <= a.second) return true;
    }
  }
  return false;
}

std::string SeedsText(std::vector<std::int64_t> seeds) {
  std::sort(seeds.begin(), seeds.end());
  seeds.erase(std::unique(seeds.begin(), seeds.end()), seeds.end());
  std::string text;
  for (std::size_t first = 0; first < seeds.size();) {
    std::size_t last = first;
    while (last + 1 < seeds.size() && seeds[last + 1] == seeds[last] + 1) ++last;
    text += (text.empty() ? "" : ", ") + std::to_string(seeds[first]);
    if (last > first) text += "-" + std::to_string(seeds[last]);
    first = last + 1;
  }
  return text;
}

}  // namespace vime
