#define VIME_LANE_WIDTH 4
#include "tests/math/lane_functions_impl.h"

namespace vime::testing {

const LaneEvaluator* LaneEvaluatorsWidth4() { return kEvaluators; }

}  // namespace vime::testing
