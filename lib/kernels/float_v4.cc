#define VIME_LANE_WIDTH 16
#include "lib/kernels/make_table.h"

namespace vime {

extern const KernelTable<float> kKernels_v4;
const KernelTable<float> kKernels_v4 = MakeKernelTable<FloatLanes>("v4");

}  // namespace vime
