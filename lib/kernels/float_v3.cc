#define VIME_LANE_WIDTH 8
#include "lib/kernels/make_table.h"

namespace vime {

extern const KernelTable<float> kKernels_v3;
const KernelTable<float> kKernels_v3 = MakeKernelTable<FloatLanes>("v3");

}  // namespace vime
