#define VIME_LANE_WIDTH 8
#include "tests/math/lane_functions_impl.h"

namespace vime::testing {

LaneTable LanesOfWidth8() { return kLaneTable; }

}  // namespace vime::testing
