// Sets of seeds as users write them: 1-30,35.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace vime {

class SeedSet {
 public:
  /// Parses "1-30,35". Throws ConfigError that begins with `option`.
  SeedSet(const std::string& text, const std::string& option);

  bool Contains(std::int64_t seed) const;
  bool Overlaps(const SeedSet& other) const;
  const std::string& text() const { return text_; }

 private:
  std::string text_;
  std::vector<std::pair<std::int64_t, std::int64_t>> ranges_;  // inclusive
};

/// Seeds as text, runs of neighbours joined: "1-10, 12".
std::string SeedsText(std::vector<std::int64_t> seeds);

}  // namespace vime
