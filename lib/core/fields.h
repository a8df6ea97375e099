// A config describes itself once: name, value, help and range of every field, from which flags,
// help text, JSON in and out, and validation all follow.
#pragma once

#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace vime {

/// Allowed values of a number (for a list, of its entries).
struct Range {
  double low = -std::numeric_limits<double>::max();
  double high = std::numeric_limits<double>::max();
  bool low_open = false;
  bool high_open = false;
  /// Whole numbers only (always so for integer fields).
  bool integer = false;
  /// Most entries of a list.
  std::size_t max_entries = std::numeric_limits<std::size_t>::max();

  bool Contains(double value) const {
    return (low_open ? value > low : value >= low) && (high_open ? value < high : value <= high);
  }
};

inline constexpr Range kPositive{.low = 0, .low_open = true};
inline constexpr Range kNonNegative{.low = 0};
inline constexpr Range kProbability{.low = 0, .high = 1};
inline constexpr Range kUnitHalfOpen{.low = 0, .high = 1, .high_open = true};

/// The names of an enumeration, by value: specialise for each one that a config contains.
template <class E>
std::span<const std::string_view> EnumNames();

/// An enumeration with its type erased.
struct Choice {
  void* value;
  int (*get)(const void*);
  void (*set)(void*, int);
  std::span<const std::string_view> names;

  std::string_view name() const { return names[static_cast<std::size_t>(get(value))]; }
};

/// A reference to one field of a config. `path` is dotted, such as policy.hidden.
struct Field {
  using Value =
      std::variant<bool*, std::int64_t*, double*, std::string*, std::vector<std::int64_t>*, Choice>;
  std::string path;
  Value value;
  std::string help;
  Range range;
};

/// What Describe(FieldList&) of a config struct fills.
class FieldList {
 public:
  template <class T>
  void Add(std::string_view name, T& value, std::string_view help, Range range = {}) {
    Field field{prefix_ + std::string(name), {}, std::string(help), range};
    if constexpr (std::is_enum_v<T>) {
      field.value =
          Choice{&value, [](const void* p) { return static_cast<int>(*static_cast<const T*>(p)); },
                 [](void* p, int i) { *static_cast<T*>(p) = static_cast<T>(i); }, EnumNames<T>()};
    } else {
      field.value = &value;
    }
    fields_.push_back(std::move(field));
  }

  /// A field of another list, with its whole path.
  void Add(const Field& field) { fields_.push_back(field); }

  /// Fields of a part of the config, their paths beginning with `name.`.
  template <class Part>
  void Group(std::string_view name, Part&& describe) {
    const std::string outer = prefix_;
    prefix_ += std::string(name) + ".";
    describe(*this);
    prefix_ = outer;
  }

  const std::vector<Field>& fields() const { return fields_; }

 private:
  std::string prefix_;
  std::vector<Field> fields_;
};

}  // namespace vime
