#define VIME_LANE_WIDTH 16
#include "tests/math/lane_functions_impl.h"

namespace vime::testing {

LaneTable LanesOfWidth16() { return kLaneTable; }

}  // namespace vime::testing
