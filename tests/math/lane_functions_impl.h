// The body of lane_functions_width*.cc: kLaneTable for the lane width of the includer.
#pragma once

#include "lib/math/elementary.h"
#include "lib/math/lane_sum.h"
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

constexpr LaneTable kLaneTable{.functions = kEvaluators,
                               .sums = [](const float* x, float* each, float* together) {
                                 FloatLanes packs[16];
                                 for (int i = 0; i < 16; ++i) {
                                   Load(x + 16 * i, packs[i]);
                                   each[i] = LaneSum(packs[i]);
                                 }
                                 Store(together, LaneSums(packs));
                               }};

}  // namespace
}  // namespace vime::testing
