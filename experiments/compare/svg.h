// Drawing in SVG: text, lines and areas in pixels, and scales from data to pixels.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace vime {

/// A number in pixels, to a tenth.
std::string Px(double value);

/// A growing SVG picture. Colours are presentation attributes, so that a file made of it stands
/// alone; classes let a page override them.
class Svg {
 public:
  Svg(double width, double height) : width_(width), height_(height) {}

  /// An element as it stands: its text must be escaped.
  void Raw(std::string_view element) { body_ += element; }

  void Line(double x0, double y0, double x1, double y1, std::string_view attributes);
  enum class Anchor { kStart, kMiddle, kEnd };
  /// `text` is escaped here; it is cut to `limit` characters.
  void Text(double x, double y, const std::string& text, Anchor anchor = Anchor::kStart,
            std::string_view attributes = "", std::size_t limit = 60);

  /// The whole element. `id` prefixes those of <title> and <desc>; `attributes` go to <svg>.
  std::string Finish(const std::string& id, const std::string& title,
                     const std::string& description, std::string_view attributes = "") const;

 private:
  double width_, height_;
  std::string body_;
};

/// "Mx yLx y..." through the points; not finite ones break the line.
std::string PathThrough(const std::vector<double>& x, const std::vector<double>& y);

/// Maps [low, high] of the data to pixels, linearly or by the logarithm.
class Scale {
 public:
  Scale(double low, double high, double from, double to, bool logarithmic = false);

  double operator()(double value) const;
  double low() const { return low_; }
  double high() const { return high_; }
  double from() const { return from_; }
  double to() const { return to_; }
  bool logarithmic() const { return logarithmic_; }

  /// About `count` round numbers within [low, high]; when logarithmic, powers of ten, with 2 and 5
  /// times them where there are few.
  std::vector<double> Ticks(int count = 5) const;

  /// The same scale with its ends moved outwards to round numbers.
  Scale Nice() const;

 private:
  double low_, high_, from_, to_;
  bool logarithmic_;
};

/// The label of a tick: 50k, 0.25, 2·10⁻⁶, with a proper minus.
std::string TickText(double value, const Scale& scale);

}  // namespace vime
