#include "lib/core/parallel.h"

#include <algorithm>
#include <atomic>
#include <exception>
#include <mutex>
#include <system_error>
#include <thread>
#include <vector>

namespace vime {

void ParallelFor(Index count, int num_threads, const std::function<void(Index)>& body) {
  const Index workers = std::min<Index>(num_threads, count);
  if (workers <= 1) {
    for (Index i = 0; i < count; ++i) body(i);
    return;
  }
  std::atomic<Index> next{0};
  std::exception_ptr failure;
  std::mutex failure_mutex;
  const auto work = [&] {
    try {
      for (Index i = next++; i < count; i = next++) body(i);
    } catch (...) {
      const std::scoped_lock lock(failure_mutex);
      if (!failure) failure = std::current_exception();
      next = count;
    }
  };
  {
    std::vector<std::jthread> threads;
    try {
      for (Index t = 1; t < workers; ++t) threads.emplace_back(work);
    } catch (const std::system_error&) {  // no more threads to be had: those that run do the work
    }
    work();
  }
  if (failure) std::rethrow_exception(failure);
}

}  // namespace vime
