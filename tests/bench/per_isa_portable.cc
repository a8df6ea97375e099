#define VIME_LANE_WIDTH 4
#define Eigen Eigen_portable
#include "tests/bench/eigen_bonus.h"
#include "tests/bench/fma_peak.h"

namespace vime::testing {

extern const PerIsa kPerIsa_portable;
const PerIsa kPerIsa_portable = {"portable",           FmaLoop,      kFmaFlopsPerRound,
                                 EigenInformationGain, EigenNormals, LanesOfWidth4};

}  // namespace vime::testing
