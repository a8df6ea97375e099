#define VIME_LANE_WIDTH 16
#include "tests/bench/per_isa.h"

#include "tests/bench/fma_peak.h"

namespace vime::testing {

extern const PerIsa kPerIsa_v4;
const PerIsa kPerIsa_v4 = {"v4", FmaLoop, kFmaFlopsPerRound, LaneEvaluatorsWidth16};

}  // namespace vime::testing
