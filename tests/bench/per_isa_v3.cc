#define VIME_LANE_WIDTH 8
#define Eigen Eigen_v3
#include "tests/bench/eigen_bonus.h"
#include "tests/bench/fma_peak.h"

namespace vime::testing {

extern const PerIsa kPerIsa_v3;
const PerIsa kPerIsa_v3 = {"v3",         FmaLoop,      kFmaFlopsPerRound, EigenInformationGain,
                           EigenNormals, LanesOfWidth8};

}  // namespace vime::testing
