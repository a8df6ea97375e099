#include "lib/kernels/make_table.h"

namespace vime {

extern const KernelTable<double> kKernels_double;
const KernelTable<double> kKernels_double = MakeKernelTable<double>("double");

}  // namespace vime
