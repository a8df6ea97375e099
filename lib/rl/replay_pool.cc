#include "lib/rl/replay_pool.h"

#include <algorithm>

#include "lib/core/check.h"

namespace vime {

ReplayPool::ReplayPool(Index capacity, int observation_dim, int action_dim)
    : observations_(capacity, observation_dim),
      actions_(capacity, action_dim),
      next_observations_(capacity, observation_dim) {
  VIME_CHECK(capacity >= 1);
}

void ReplayPool::Add(const Batch& batch) {
  // Of a batch larger than the pool only the last `capacity` transitions would survive.
  Index from = std::max<Index>(0, batch.size() - capacity());
  while (from < batch.size()) {
    const Index n = std::min(batch.size() - from, capacity() - next_);
    observations_.middleRows(next_, n) = batch.observations.middleRows(from, n);
    actions_.middleRows(next_, n) = batch.executed_actions.middleRows(from, n);
    next_observations_.middleRows(next_, n) = batch.next_observations.middleRows(from, n);
    from += n;
    next_ = (next_ + n) % capacity();
    size_ = std::min(capacity(), size_ + n);
  }
}

void ReplayPool::Sample(Rng& rng, std::span<Index> rows) const {
  VIME_CHECK(size_ > 0);
  for (Index& row : rows) row = rng.Below(static_cast<std::uint32_t>(size_));
}

void ReplayPool::Serialize(Archive& archive) {
  archive.Visit("pool size", size_);
  archive.Visit("pool next", next_);
  // A pool that is not full grows at its end.
  archive.Require(size_ >= 0 && size_ <= capacity() && next_ >= 0 && next_ < capacity() &&
                      (size_ == capacity() || next_ == size_),
                  "pool size");
  for (Features<float>* rows : {&observations_, &actions_, &next_observations_}) {
    for (Index d = 0; d < rows->cols(); ++d) {
      archive.Bytes("pool rows", rows->col(d).data(),
                    static_cast<std::size_t>(size_) * sizeof(float));
    }
  }
}

}  // namespace vime
