#include "lib/core/check.h"

namespace vime {

void CheckFailed(const char* condition, const char* file, int line) {
  throw std::logic_error(std::string("internal error: ") + condition + " does not hold (" + file +
                         ":" + std::to_string(line) + ")");
}

}  // namespace vime
