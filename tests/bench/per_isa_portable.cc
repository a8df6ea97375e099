#define VIME_LANE_WIDTH 4
#include "tests/bench/per_isa.h"

#include "tests/bench/fma_peak.h"

namespace vime::testing {

extern const PerIsa kPerIsa_portable;
const PerIsa kPerIsa_portable = {"portable", FmaLoop, kFmaFlopsPerRound, LaneEvaluatorsWidth4};

}  // namespace vime::testing
