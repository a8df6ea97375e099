#include "experiments/runner/text.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstring>

namespace vime {
namespace {

constexpr const char* kReplacement = "\xef\xbf\xbd";  // U+FFFD
constexpr const char* kEllipsis = "\xe2\x80\xa6";     // U+2026

// The length of the valid UTF-8 sequence that `text` begins with, and its code point; 0 when there
// is none.
std::size_t Decode(std::string_view text, std::uint32_t& point) {
  const auto byte = [&](std::size_t i) { return static_cast<std::uint8_t>(text[i]); };
  const std::uint8_t first = byte(0);
  const std::size_t length = first < 0x80             ? 1
                             : (first & 0xe0) == 0xc0 ? 2
                             : (first & 0xf0) == 0xe0 ? 3
                             : (first & 0xf8) == 0xf0 ? 4
                                                      : 0;
  if (length == 0 || length > text.size()) return 0;
  point = length == 1 ? first : first & (0x7fU >> length);
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return 0;
    point = (point << 6) | (byte(i) & 0x3f);
  }
  constexpr std::uint32_t kLeast[] = {0, 0, 0x80, 0x800, 0x10000};
  const bool surrogate = point >= 0xd800 && point <= 0xdfff;
  return point < kLeast[length] || point > 0x10ffff || surrogate ? 0 : length;
}

bool Harmful(std::uint32_t c) {
  const auto in = [c](std::uint32_t low, std::uint32_t high) { return low <= c && c <= high; };
  return in(0, 0x1f) || in(0x7f, 0x9f) || c == 0x061c || in(0x200b, 0x200f) || in(0x2028, 0x202e) ||
         in(0x2060, 0x206f) || c == 0xfeff || in(0xfff9, 0xfffb) || in(0xe0000, 0xe0fff);
}

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

bool IsAlphanumeric(char c) {
  return IsDigit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
         static_cast<std::uint8_t>(c) >= 0x80;
}

std::string Print(const char* format, int precision, double value) {
  char buffer[400];  // room for 1e308 with decimals
  std::snprintf(buffer, sizeof buffer, format, precision, value);
  return buffer;
}

}  // namespace

std::string Printable(std::string_view text) {
  std::string printable;
  while (!text.empty()) {
    std::uint32_t point = 0;
    const std::size_t length = Decode(text, point);
    if (length == 0 || Harmful(point)) {
      printable += kReplacement;
    } else {
      printable += text.substr(0, length);
    }
    text.remove_prefix(std::max<std::size_t>(length, 1));
  }
  return printable;
}

std::string NumberText(double value) {
  std::array<char, 32> buffer;
  const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value).ptr;
  std::string text(buffer.data(), end);
  for (const char* padding : {"e+0", "e+"}) {  // 1e+06 is 1e6
    if (const auto at = text.find(padding); at != std::string::npos) {
      text.replace(at, std::strlen(padding), "e");
    }
  }
  return text;
}

std::optional<double> NumberIn(std::string_view text) {
  double value = 0;
  const char* end = text.data() + text.size();
  const auto result = std::from_chars(text.data(), end, value);
  if (result.ec != std::errc() || result.ptr != end || !std::isfinite(value)) return {};
  return value;
}

std::size_t Length(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<std::uint8_t>(c) & 0xc0) != 0x80;
  }));
}

std::string Shortened(const std::string& text, std::size_t limit) {
  const std::size_t length = Length(text);
  if (length <= limit) return text;
  const std::size_t head = limit / 2;
  const std::size_t tail = limit - head - 1;
  std::size_t index = 0;  // of the character that begins at a byte
  std::string shortened;
  bool cut = false;
  for (std::size_t i = 0; i < text.size();) {
    std::size_t next = i + 1;
    while (next < text.size() && (static_cast<std::uint8_t>(text[next]) & 0xc0) == 0x80) ++next;
    if (index < head || index >= length - tail) {
      shortened += text.substr(i, next - i);
    } else if (!cut) {
      shortened += kEllipsis;
      cut = true;
    }
    ++index;
    i = next;
  }
  return shortened;
}

std::string EscapeHtml(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    switch (c) {
      case '&':
        escaped += "&amp;";
        break;
      case '<':
        escaped += "&lt;";
        break;
      case '>':
        escaped += "&gt;";
        break;
      case '"':
        escaped += "&quot;";
        break;
      case '\'':
        escaped += "&#39;";
        break;
      default:
        escaped += c;
    }
  }
  return escaped;
}

std::string EscapeMarkdown(std::string_view text) {
  // Only where a mark would mean something, so that tables stay readable in a terminal.
  const auto live = [&](std::size_t i) {
    const char before = i > 0 ? text[i - 1] : ' ';
    const char after = i + 1 < text.size() ? text[i + 1] : ' ';
    switch (text[i]) {
      case '\\':
      case '`':
      case '*':
      case '|':
      case '$':
      case '~':
        return true;
      case '_':
        return !IsAlphanumeric(before) || !IsAlphanumeric(after);
      case '<':
        return IsAlphanumeric(after) ? !IsDigit(after)
                                     : after == '/' || after == '!' || after == '?';
      case '&':
        return IsAlphanumeric(after) || after == '#';
      case ']':
        return after == '(' || after == '[' || after == ':';
      default:
        return false;
    }
  };
  std::string escaped;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (live(i)) escaped += '\\';
    escaped += text[i];
  }
  return escaped;
}

std::string EscapeCsv(std::string_view text, bool is_number) {
  std::string field(text);
  const bool formula = !is_number && field.size() > 1 &&
                       std::string_view("=+-@\t\r").find(field[0]) != std::string_view::npos;
  if (formula) field.insert(0, "'");
  if (field.find_first_of(",\"\r\n") == std::string::npos) return field;
  std::string quoted = "\"";
  for (const char c : field) {
    if (c == '"') quoted += '"';
    quoted += c;
  }
  return quoted + '"';
}

std::string EscapeShell(std::string_view text) {
  constexpr std::string_view kSafe = "_-./:=,+%@";
  const bool safe = !text.empty() && std::all_of(text.begin(), text.end(), [&](char c) {
    return (IsAlphanumeric(c) && static_cast<std::uint8_t>(c) < 0x80) ||
           kSafe.find(c) != std::string_view::npos;
  });
  if (safe) return std::string(text);
  std::string quoted = "'";
  for (const char c : text) quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return quoted + "'";
}

std::string Fixed(double value, int decimals) {
  if (std::isnan(value)) return "-";
  if (std::isinf(value)) return "never";
  std::string text = Print("%.*f", decimals, value);
  // No minus before what rounds to zero.
  if (text[0] == '-' && text.find_first_not_of("-0.") == std::string::npos) text.erase(0, 1);
  return text;
}

std::string Significant(double value, int digits) {
  if (std::isnan(value)) return "-";
  if (std::isinf(value)) return "never";
  return Print("%.*g", digits, value == 0 ? 0.0 : value);
}

int DecimalsFor(double scale) {
  if (!(scale > 0) || std::isinf(scale)) return 1;
  return std::clamp(1 - static_cast<int>(std::floor(std::log10(scale))), 0, 12);
}

std::string PValue(double p) {
  if (std::isnan(p)) return "-";
  return p < 1e-4 ? "<0.0001" : Significant(p, 2);
}

std::string Thousands(double value) {
  std::string text = Fixed(value, 0);
  const std::size_t first = text.starts_with('-') ? 1 : 0;
  if (text.size() < 2 || !IsAlphanumeric(text.back()) || std::isinf(value)) return text;
  for (std::size_t i = text.size(); i > first + 3;) {
    i -= 3;
    text.insert(i, ",");
  }
  return text;
}

std::string Listed(const std::vector<std::string>& items) {
  std::string text;
  for (std::size_t i = 0; i < items.size(); ++i) {
    text += i == 0 ? "" : i + 1 == items.size() ? " and " : ", ";
    text += items[i];
  }
  return text;
}

}  // namespace vime
