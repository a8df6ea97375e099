#define VIME_LANE_WIDTH 16
#include "tests/math/lane_functions_impl.h"

namespace vime::testing {

const LaneEvaluator* LaneEvaluatorsWidth16() { return kEvaluators; }

}  // namespace vime::testing
