// Data-parallel loops whose results do not depend on the number of threads.
#pragma once

#include <exception>
#include <functional>
#include <thread>

#include "lib/core/types.h"

namespace vime {

/// Calls body(i) for every i in [0, count), on at most num_threads threads. Bodies write disjoint
/// data; whoever reduces over i afterwards does so in the order of i. The first exception thrown
/// by a body is rethrown once every thread has stopped.
void ParallelFor(Index count, int num_threads, const std::function<void(Index)>& body);

/// Work that need not be done before Join(): on a thread of its own where `own_thread` asks for one
/// and the system has it, else in Join() itself.
class Deferred {
 public:
  Deferred(std::function<void()> body, bool own_thread);
  /// Waits for the thread; drops what it threw, and work that was never begun.
  ~Deferred();
  Deferred(const Deferred&) = delete;
  Deferred& operator=(const Deferred&) = delete;

  /// Returns when the work is done; rethrows what it threw. To be called once.
  void Join();

 private:
  std::function<void()> body_;
  std::exception_ptr failure_;
  std::thread thread_;
};

}  // namespace vime
