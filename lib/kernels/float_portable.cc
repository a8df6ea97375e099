#define VIME_LANE_WIDTH 4
#include "lib/kernels/make_table.h"

namespace vime {

extern const KernelTable<float> kKernels_portable;
const KernelTable<float> kKernels_portable = MakeKernelTable<FloatLanes>("portable");

}  // namespace vime
