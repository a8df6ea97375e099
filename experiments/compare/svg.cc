#include "experiments/compare/svg.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "experiments/runner/text.h"
#include "lib/core/check.h"

namespace vime {
namespace {

constexpr const char* kMinus = "\xe2\x88\x92";

// 1, 2 or 5 times a power of ten, at least span / count.
double NiceStep(double span, int count) {
  const double rough = span / count;
  const double power = std::pow(10, std::floor(std::log10(rough)));
  for (const double factor : {1.0, 2.0, 5.0}) {
    if (factor * power >= rough * (1 - 1e-9)) return factor * power;
  }
  return 10 * power;
}

std::string WithMinus(std::string text) {
  if (text.starts_with('-')) text = kMinus + text.substr(1);
  return text;
}

std::string Superscript(int value) {
  constexpr const char* kDigits[] = {"\xe2\x81\xb0", "\xc2\xb9",     "\xc2\xb2",     "\xc2\xb3",
                                     "\xe2\x81\xb4", "\xe2\x81\xb5", "\xe2\x81\xb6", "\xe2\x81\xb7",
                                     "\xe2\x81\xb8", "\xe2\x81\xb9"};
  std::string text;
  for (const char c : std::to_string(value)) text += c == '-' ? "\xe2\x81\xbb" : kDigits[c - '0'];
  return text;
}

}  // namespace

std::string Px(double value) {
  char buffer[64];
  std::snprintf(buffer, sizeof buffer, "%.1f", value);
  std::string text = buffer;
  if (text.ends_with(".0")) text.resize(text.size() - 2);
  return text == "-0" ? "0" : text;
}

void Svg::Line(double x0, double y0, double x1, double y1, std::string_view attributes) {
  body_ += "<path d=\"M" + Px(x0) + " " + Px(y0) + "L" + Px(x1) + " " + Px(y1) + "\" " +
           std::string(attributes) + "/>\n";
}

void Svg::Text(double x, double y, const std::string& text, Anchor anchor,
               std::string_view attributes, std::size_t limit) {
  constexpr const char* kAnchors[] = {"", " text-anchor=\"middle\"", " text-anchor=\"end\""};
  body_ += "<text x=\"" + Px(x) + "\" y=\"" + Px(y) + "\"" +
           kAnchors[static_cast<std::size_t>(anchor)] + (attributes.empty() ? "" : " ") +
           std::string(attributes) + ">" + EscapeHtml(Shortened(text, limit)) + "</text>\n";
}

std::string Svg::Finish(const std::string& id, const std::string& title,
                        const std::string& description, std::string_view attributes) const {
  return "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 " + Px(width_) + " " +
         Px(height_) + "\" role=\"img\" aria-labelledby=\"" + id + "-t " + id + "-d\" " +
         "font-family=\"Helvetica, Arial, sans-serif\" font-size=\"13\" fill=\"#222\" " +
         std::string(attributes) + ">\n<title id=\"" + id + "-t\">" + EscapeHtml(title) +
         "</title><desc id=\"" + id + "-d\">" + EscapeHtml(description) + "</desc>\n" +
         "<rect class=\"ground\" width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n" + body_ +
         "</svg>\n";
}

std::string PathThrough(const std::vector<double>& x, const std::vector<double>& y) {
  std::string path;
  bool pen_down = false;
  for (std::size_t i = 0; i < x.size(); ++i) {
    if (!std::isfinite(x[i]) || !std::isfinite(y[i])) {
      pen_down = false;
      continue;
    }
    path += (pen_down ? "L" : "M") + Px(x[i]) + " " + Px(y[i]);
    pen_down = true;
  }
  return path;
}

Scale::Scale(double low, double high, double from, double to, bool logarithmic)
    : low_(low), high_(high), from_(from), to_(to), logarithmic_(logarithmic) {
  VIME_CHECK(std::isfinite(low) && std::isfinite(high));
  VIME_CHECK(!logarithmic || low > 0);
  if (low_ < high_) return;
  // One value only: give it room.
  const double room = logarithmic ? 0 : std::max(1.0, std::abs(low) * 0.1);
  low_ = logarithmic ? low / 10 : low - room;
  high_ = logarithmic ? low * 10 : low + room;
}

double Scale::operator()(double value) const {
  const double share = logarithmic_ ? std::log(value / low_) / std::log(high_ / low_)
                                    : (value - low_) / (high_ - low_);
  return from_ + share * (to_ - from_);
}

std::vector<double> Scale::Ticks(int count) const {
  std::vector<double> ticks;
  if (logarithmic_) {
    const double decades = std::log10(high_ / low_);
    // Powers of ten, fewer of them over many decades and 2 and 5 between them over few.
    const int stride = std::max(1, static_cast<int>(std::ceil(decades / count)));
    const auto add = [&](double value) {
      if (value >= low_ * (1 - 1e-9) && value <= high_ * (1 + 1e-9)) ticks.push_back(value);
    };
    for (int power = static_cast<int>(std::floor(std::log10(low_)));
         power <= std::ceil(std::log10(high_)); ++power) {
      if (power % stride != 0) continue;
      add(std::pow(10, power));
      if (decades > 2) continue;
      add(2 * std::pow(10, power));
      add(5 * std::pow(10, power));
    }
    return ticks;
  }
  const double step = NiceStep(high_ - low_, count);
  const double first = std::ceil(low_ / step - 1e-9);
  for (double i = first; i * step <= high_ + 1e-9 * step; ++i) {
    ticks.push_back(i == 0 ? 0 : i * step);
  }
  return ticks;
}

Scale Scale::Nice() const {
  if (logarithmic_) {
    // 1, 2 or 5 times a power of ten, outwards.
    const auto rounded = [](double value, bool up) {
      const double power = std::pow(10, std::floor(std::log10(value) + 1e-9));
      double best = up ? 10 * power : power;
      for (const double factor : {2.0, 5.0}) {
        const double candidate = factor * power;
        if (up ? candidate >= value * (1 - 1e-9) && candidate < best
               : candidate <= value * (1 + 1e-9)) {
          best = candidate;
        }
      }
      return up && power >= value * (1 - 1e-9) ? power : best;
    };
    return {rounded(low_, false), rounded(high_, true), from_, to_, true};
  }
  const double step = NiceStep(high_ - low_, 10);
  return {std::floor(low_ / step + 1e-9) * step, std::ceil(high_ / step - 1e-9) * step, from_, to_};
}

std::string TickText(double value, const Scale& scale) {
  if (scale.logarithmic()) {
    const bool plain = scale.low() >= 9e-5 && scale.high() <= 1.1e4;
    if (plain) return Significant(value, 6);
    const int power = static_cast<int>(std::floor(std::log10(value) + 1e-9));
    const double factor = std::round(value / std::pow(10, power));
    return (factor == 1 ? "" : Fixed(factor, 0) + "\xc2\xb7") + "10" + Superscript(power);
  }
  const double largest = std::max(std::abs(scale.low()), std::abs(scale.high()));
  const double unit = largest >= 1e6 ? 1e6 : largest >= 1e4 ? 1e3 : 1;
  const char* suffix = value == 0 || unit == 1 ? "" : unit == 1e6 ? "M" : "k";
  return WithMinus(Significant(value / unit, 6)) + suffix;
}

}  // namespace vime
