#define VIME_LANE_WIDTH 8
#include "tests/bench/per_isa.h"

#include "tests/bench/fma_peak.h"

namespace vime::testing {

extern const PerIsa kPerIsa_v3;
const PerIsa kPerIsa_v3 = {"v3", FmaLoop, kFmaFlopsPerRound, LaneEvaluatorsWidth8};

}  // namespace vime::testing
