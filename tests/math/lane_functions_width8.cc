#define VIME_LANE_WIDTH 8
#include "tests/math/lane_functions_impl.h"

namespace vime::testing {

const LaneEvaluator* LaneEvaluatorsWidth8() { return kEvaluators; }

}  // namespace vime::testing
