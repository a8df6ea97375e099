// Data-parallel loops whose results do not depend on the number of threads.
#pragma once

#include <functional>

#include "lib/core/types.h"

namespace vime {

/// Calls body(i) for every i in [0, count), on at most num_threads threads. Bodies write disjoint
/// data; whoever reduces over i afterwards does so in the order of i. The first exception thrown
/// by a body is rethrown once every thread has stopped.
void ParallelFor(Index count, int num_threads, const std::function<void(Index)>& body);

}  // namespace vime
