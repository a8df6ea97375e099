// Errors. VIME_CHECK guards against our own mistakes; the exception types are for everything that
// a user or the numbers can cause. They are caught in main() and nowhere else.
#pragma once

#include <stdexcept>
#include <string>

namespace vime {

/// The user asked for something that cannot be: an unknown name, a value out of range.
class ConfigError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// The outside world failed: disk full, no permission, a locked directory.
class IoError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// A computation left the finite numbers; what() names the quantity, the trainer adds when.
class NumericalError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

[[noreturn]] void CheckFailed(const char* condition, const char* file, int line);

}  // namespace vime

/// Throws std::logic_error, naming the condition, when our own reasoning was wrong.
#define VIME_CHECK(condition) \
  ((condition) ? (void)0 : ::vime::CheckFailed(#condition, __FILE__, __LINE__))
