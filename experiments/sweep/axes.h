// The axes of a sweep as written on the command line.
#pragma once

#include <string>
#include <vector>

namespace vime {

/// A key of the config and the values that it takes, as texts.
struct SweepAxis {
  std::string path;
  std::vector<std::string> values;
};

/// Reads KEY=VALUES, where VALUES are separated by commas outside of brackets and each is
///   a value                 0.1   vime   [64,32]
///   A..B                    the whole numbers from A to B
///   A..B*N                  N numbers from A to B: evenly spaced on a logarithmic scale when both
///                           ends are positive and B >= 10 A, else on a linear scale
///   log:A..B*N, lin:A..B*N  the same on the scale that is named
/// Numbers of a range are rounded to six significant digits; with `whole` to whole numbers. Throws
/// ConfigError, also when a value appears twice.
SweepAxis ParseAxis(const std::string& text, bool whole);

/// The KEY of KEY=VALUES. Throws ConfigError.
std::string AxisKey(const std::string& text);

}  // namespace vime
