// What the tasks of MuJoCo are measured against: its own step.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "envs/mujoco_tasks.h"

struct mjData_;

namespace vime::testing {

/// Nothing but mj_step, from the pose in which the model was drawn.
class BareMujoco {
 public:
  explicit BareMujoco(const MujocoModel& model);

  void Reset();
  /// Controls within their ranges.
  void Step(std::span<const double> controls);

 private:
  struct Deleter {
    void operator()(mjData_* data) const;
  };

  const mjModel_* model_;
  std::unique_ptr<mjData_, Deleter> data_;
};

}  // namespace vime::testing
