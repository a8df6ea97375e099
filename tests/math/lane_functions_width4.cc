#define VIME_LANE_WIDTH 4
#include "tests/math/lane_functions_impl.h"

namespace vime::testing {

LaneTable LanesOfWidth4() { return kLaneTable; }

}  // namespace vime::testing
