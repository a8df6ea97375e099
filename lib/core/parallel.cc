#include "lib/core/parallel.h"

#include <algorithm>
#include <atomic>
#include <exception>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>
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

Deferred::Deferred(std::function<void()> body, bool own_thread) : body_(std::move(body)) {
  if (!own_thread) return;
  try {
    thread_ = std::thread([this] {
      try {
        body_();
      } catch (...) {
        failure_ = std::current_exception();
      }
    });
  } catch (const std::system_error&) {  // no thread to be had: Join() does the work
  }
}

Deferred::~Deferred() {
  if (thread_.joinable()) thread_.join();
}

void Deferred::Join() {
  if (thread_.joinable()) {
    thread_.join();
  } else {
    body_();
  }
  if (failure_) std::rethrow_exception(failure_);
}

}  // namespace vime
