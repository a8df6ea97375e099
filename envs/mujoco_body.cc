#include "envs/mujoco_body.h"

#include <mujoco/mujoco.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>
#include <utility>

#include "lib/core/check.h"

namespace vime {
namespace {

constexpr const char* kFileName = "model.xml";
constexpr int kRoot = 1;  // body 0 is the world

/// MuJoCo prints warnings and errors, writes them to MUJOCO_LOG.TXT, and ends the program after an
/// error, unless these functions are set. They belong to the process.
void SetHandlers() {
  [[maybe_unused]] static const bool done = [] {
    mju_user_warning = [](const char*) {};  // counted in mjData too, where Guarded() looks
    mju_user_error = [](const char* message) { throw NumericalError(message); };
    return true;
  }();
}

bool AllFinite(std::span<const double> numbers) {
  return std::ranges::all_of(numbers, [](double x) { return std::isfinite(x); });
}

std::size_t Size(int n) { return static_cast<std::size_t>(n); }

}  // namespace

MujocoModel::MujocoModel(std::string_view mjcf) {
  SetHandlers();
  const auto files = std::make_unique<mjVFS>();  // 2 MB
  mj_defaultVFS(files.get());
  VIME_CHECK(mj_makeEmptyFileVFS(files.get(), kFileName, static_cast<int>(mjcf.size())) == 0);
  std::ranges::copy(mjcf, static_cast<char*>(files->filedata[0]));
  std::array<char, 500> error = {};
  model_.reset(mj_loadXML(kFileName, files.get(), error.data(), static_cast<int>(error.size())));
  mj_deleteVFS(files.get());
  if (model_ == nullptr) throw std::logic_error(std::string("MJCF: ") + error.data());
  VIME_CHECK(model_->nq == model_->nv && model_->nbody > kRoot);
}

void MujocoModel::Deleter::operator()(mjModel* model) const { mj_deleteModel(model); }
void MujocoBody::Deleter::operator()(mjData* data) const { mj_deleteData(data); }

MujocoBody::MujocoBody(std::string task, const MujocoModel& model)
    : task_(std::move(task)), model_(model.get()), data_(mj_makeData(model_)) {
  VIME_CHECK(data_ != nullptr);
  Start(InitialQ(), std::vector<double>(Size(n())));
}

/// Runs a part of MuJoCo that may fail.
template <class Simulation>
void MujocoBody::Guarded(const Simulation& simulation) {
  try {
    simulation();
  } catch (const NumericalError& error) {
    throw NumericalError(task_ + ": MuJoCo: " + error.what());
  }
  for (int kind = 0; kind < mjNWARNING; ++kind) {
    const mjWarningStat& warning = data_->warning[kind];
    if (warning.number == 0) continue;
    throw NumericalError(task_ + ": MuJoCo: " + mju_warningText(kind, warning.lastinfo));
  }
}

void MujocoBody::Start(std::span<const double> q, std::span<const double> v) {
  mj_resetData(model_, data_.get());
  std::ranges::copy(q, data_->qpos);
  std::ranges::copy(v, data_->qvel);
  Guarded([&] { mj_forward(model_, data_.get()); });
}

// mj_step is mj_step1 (what follows from the coordinates and velocities), then mj_step2, which
// takes the controls and integrates. In the other order the centre of mass belongs to the state
// that the step led to, and nothing is computed twice.
void MujocoBody::Advance(std::span<const double> controls) {
  VIME_CHECK(controls.size() == Size(model_->nu));
  const bool nan = std::ranges::any_of(controls, [](double x) { return std::isnan(x); });
  if (nan || std::isnan(data_->qpos[0])) return Break();
  for (std::size_t i = 0; i < controls.size(); ++i) {
    const mjtNum* range = model_->actuator_ctrlrange + 2 * i;
    data_->ctrl[i] = std::clamp(controls[i], range[0], range[1]);
  }
  Guarded([&] {
    mj_step2(model_, data_.get());
    mj_step1(model_, data_.get());
  });
}

void MujocoBody::GetState(std::span<double> state) const {
  const auto end_of_q = std::ranges::copy(q(), state.begin()).out;
  const auto end_of_v = std::ranges::copy(v(), end_of_q).out;
  std::ranges::copy(w(), end_of_v);
}

void MujocoBody::SetState(std::span<const double> state) {
  mj_resetData(model_, data_.get());
  if (!AllFinite(state)) return Break();
  std::ranges::copy(state.first(Size(n())), data_->qpos);
  std::ranges::copy(state.subspan(Size(n()), Size(n())), data_->qvel);
  std::ranges::copy(state.last(Size(n())), w().begin());
  Guarded([&] { mj_step1(model_, data_.get()); });
}

void MujocoBody::Break() {
  constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
  std::fill_n(data_->qpos, n(), kNan);
  std::fill_n(data_->qvel, n(), kNan);
  std::ranges::fill(w(), kNan);
  std::fill_n(data_->subtree_com + 3 * kRoot, 3, kNan);
}

int MujocoBody::n() const { return model_->nv; }
std::span<const double> MujocoBody::q() const { return {data_->qpos, Size(n())}; }
std::span<const double> MujocoBody::v() const { return {data_->qvel, Size(n())}; }
std::span<double> MujocoBody::w() const { return {data_->qacc_warmstart, Size(n())}; }
std::span<const double> MujocoBody::InitialQ() const { return {model_->qpos0, Size(n())}; }

std::array<double, 3> MujocoBody::Centre() const {
  const mjtNum* centre = data_->subtree_com + 3 * kRoot;
  return {centre[0], centre[1], centre[2]};
}

// sum_i m_i (u_i + w_i x (x_i - c))/sum_i m_i over the links i, where c is the centre of mass of
// the mechanism, x_i that of link i, w_i its angular velocity, and u_i the velocity of the point of
// the link, extended, that is at c. mj_subtreeVel, which does this for every subtree and angular
// momenta too, takes a twelfth of the time of a step.
std::array<double, 3> MujocoBody::CentreVelocity() const {
  const std::array<double, 3> c = Centre();
  std::array<double, 3> momentum = {};
  double mass = 0;
  for (int i = kRoot; i < model_->nbody; ++i) {
    const mjtNum* w = data_->cvel + 6 * i;
    const mjtNum* u = w + 3;
    const mjtNum* x = data_->xipos + 3 * i;
    const double m = model_->body_mass[i];
    const std::array r = {x[0] - c[0], x[1] - c[1], x[2] - c[2]};
    momentum[0] += m * (u[0] + w[1] * r[2] - w[2] * r[1]);
    momentum[1] += m * (u[1] + w[2] * r[0] - w[0] * r[2]);
    momentum[2] += m * (u[2] + w[0] * r[1] - w[1] * r[0]);
    mass += m;
  }
  return {momentum[0] / mass, momentum[1] / mass, momentum[2] / mass};
}

}  // namespace vime
