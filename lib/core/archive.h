// The state of an object, for checkpoints. A class with state has a Serialize(Archive&) that visits
// every number its future depends on; the same code writes and reads. Random numbers are no state:
// each has a name (lib/core/rng.h).
#pragma once

#include <cstddef>
#include <string_view>
#include <type_traits>
#include <vector>

#include "lib/core/types.h"

namespace vime {

class Archive {
 public:
  virtual ~Archive() = default;

  /// A number.
  template <class T>
  requires std::is_arithmetic_v<T>
  void Visit(std::string_view name, T& value) { Bytes(name, &value, sizeof value); }

  /// The entries of a vector or matrix. Their number is fixed by the configuration: an archive that
  /// holds another number is refused.
  template <class Derived>
  void Visit(std::string_view name, Eigen::PlainObjectBase<Derived>& values) {
    Bytes(name, values.data(),
          static_cast<std::size_t>(values.size()) * sizeof(typename Derived::Scalar));
  }

  /// As many numbers as there are; when reading, the vector takes the archive's length.
  virtual void Numbers(std::string_view name, std::vector<double>& values) = 0;

  /// `size` bytes that are written or overwritten.
  virtual void Bytes(std::string_view name, void* data, std::size_t size) = 0;

  /// Refuses the archive unless what was read makes sense. `name` tells what does not.
  void Require(bool condition, std::string_view name) {
    if (!condition) Refuse(name);
  }

 protected:
  [[noreturn]] virtual void Refuse(std::string_view name) = 0;
};

}  // namespace vime
