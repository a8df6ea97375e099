#include "experiments/sweep/axes.h"

#include <array>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <set>
#include <string_view>

#include "experiments/runner/config_json.h"
#include "experiments/runner/text.h"
#include "lib/core/check.h"

namespace vime {
namespace {

constexpr std::int64_t kMostValues = 1000000;

bool ParseNumber(std::string_view text, double& value) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size() && std::isfinite(value);
}

bool IsWhole(double value) { return value == std::floor(value) && std::abs(value) <= 0x1p53; }

// Commas inside of brackets belong to a value.
std::vector<std::string> SplitAtCommas(const std::string& text) {
  std::vector<std::string> parts(1);
  int depth = 0;
  for (const char c : text) {
    depth += c == '[' ? 1 : c == ']' ? -1 : 0;
    if (c == ',' && depth == 0) {
      parts.emplace_back();
    } else {
      parts.back() += c;
    }
  }
  return parts;
}

double RoundedToSixDigits(double value) {
  std::array<char, 40> text;
  const int length = std::snprintf(text.data(), text.size(), "%.6g", value);
  ParseNumber({text.data(), static_cast<std::size_t>(length)}, value);
  return value;
}

// log:1e-4..1*10 and the like; false when the text is no range.
bool ExpandRange(const std::string& text, bool whole, const std::string& origin,
                 std::vector<std::string>& values) {
  std::string_view range = text;
  const bool log = range.starts_with("log:");
  const bool linear = range.starts_with("lin:");
  if (log || linear) range.remove_prefix(4);
  const std::size_t dots = range.find("..");
  if (dots == std::string_view::npos) return false;
  const std::size_t star = range.find('*', dots);
  const std::string_view high_text =
      range.substr(dots + 2, star == std::string_view::npos ? star : star - dots - 2);
  double low = 0, high = 0, count = 0;
  if (!ParseNumber(range.substr(0, dots), low) || !ParseNumber(high_text, high) || low > high) {
    throw ConfigError(origin + ": '" + text + "' must be LOW..HIGH or LOW..HIGH*COUNT");
  }
  const auto add = [&](double value) { values.push_back(NumberText(value)); };
  if (star == std::string_view::npos) {
    if (!IsWhole(low) || !IsWhole(high) || log || linear) {
      throw ConfigError(origin + ": '" + text + "' needs a count, such as " + text + "*10");
    }
    if (high - low >= static_cast<double>(kMostValues)) {
      throw ConfigError(origin + ": '" + text + "' has more than 1e6 values");
    }
    for (double value = low; value <= high; ++value) add(value);
    return true;
  }
  if (!ParseNumber(range.substr(star + 1), count) || !IsWhole(count) || count < 2 ||
      count > static_cast<double>(kMostValues)) {
    throw ConfigError(origin + ": the count of '" + text + "' must be an integer >= 2 and <= 1e6");
  }
  if (log && !(low > 0)) throw ConfigError(origin + ": '" + text + "' needs ends > 0");
  const bool logarithmic = log || (!linear && low > 0 && high >= 10 * low);
  for (double i = 0; i < count; ++i) {
    const double share = i / (count - 1);
    double value = logarithmic ? low * std::pow(high / low, share) : low + share * (high - low);
    value = whole ? std::round(value) : RoundedToSixDigits(value);
    add(i == 0 ? low : i + 1 == count ? high : value);
  }
  return true;
}

}  // namespace

std::string AxisKey(const std::string& text) {
  const std::size_t equals = text.find('=');
  if (equals == std::string::npos || equals == 0) {
    throw ConfigError("an axis must be key=values, such as eta=0,0.1; got '" + text + "'");
  }
  return text.substr(0, equals);
}

SweepAxis ParseAxis(const std::string& text, bool whole) {
  SweepAxis axis{.path = AxisKey(text), .values = {}};
  const std::string origin = axis.path == "seed" ? "--seeds" : "axis " + axis.path;
  for (const std::string& part : SplitAtCommas(text.substr(axis.path.size() + 1))) {
    if (!ExpandRange(part, whole, origin, axis.values)) axis.values.push_back(part);
  }
  std::set<std::string> seen;
  for (const std::string& value : axis.values) {
    if (!seen.insert(value).second) {
      throw ConfigError(origin + ": the value '" + value + "' appears twice");
    }
  }
  return axis;
}

}  // namespace vime
