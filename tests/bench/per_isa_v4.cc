#define VIME_LANE_WIDTH 16
#define Eigen Eigen_v4
#include "tests/bench/eigen_bonus.h"
#include "tests/bench/fma_peak.h"

namespace vime::testing {

extern const PerIsa kPerIsa_v4;
const PerIsa kPerIsa_v4 = {"v4",         FmaLoop,       kFmaFlopsPerRound, EigenInformationGain,
                           EigenNormals, LanesOfWidth16};

}  // namespace vime::testing
