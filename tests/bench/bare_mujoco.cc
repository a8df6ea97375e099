#include "tests/bench/bare_mujoco.h"

#include <mujoco/mujoco.h>

#include <algorithm>

namespace vime::testing {

BareMujoco::BareMujoco(const MujocoModel& model)
    : model_(model.get()), data_(mj_makeData(model_)) {}

void BareMujoco::Deleter::operator()(mjData* data) const { mj_deleteData(data); }

void BareMujoco::Reset() { mj_resetData(model_, data_.get()); }

void BareMujoco::Step(std::span<const double> controls) {
  std::ranges::copy(controls, data_->ctrl);
  mj_step(model_, data_.get());
}

}  // namespace vime::testing
