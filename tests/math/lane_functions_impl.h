// The body of lane_functions_width*.cc: kEvaluators for the lane width of the includer.
#pragma once

#include "lib/math/elementary.h"
#include "lib/math/normal_distribution.h"
#include "tests/math/lane_functions.h"

namespace vime::testing {
namespace {

#define VIME_EVALUATOR(name)             \
  [](const float* x, float* y, int n) {  \
    for (int i = 0; i < n; i += 16) {    \
      FloatLanes lanes;                  \
      Load(x + i, lanes);                \
      Store(y + i, ::vime::name(lanes)); \
    }                                    \
  },
constexpr LaneEvaluator kEvaluators[] = {VIME_FOR_EACH_FUNCTION(VIME_EVALUATOR)};
#undef VIME_EVALUATOR

}  // namespace
}  // namespace vime::testing
