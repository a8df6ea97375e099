// Mechanisms that MuJoCo simulates.
#pragma once

#include <array>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

struct mjModel_;
struct mjData_;

namespace vime {

/// What does not change about a mechanism. One model serves any number of bodies and threads.
class MujocoModel {
 public:
  /// From the text of an MJCF file whose first body is the root of the mechanism, and all of whose
  /// joints are hinges and slides.
  explicit MujocoModel(std::string_view mjcf);

  const mjModel_* get() const { return model_.get(); }

 private:
  struct Deleter {
    void operator()(mjModel_* model) const;
  };
  std::unique_ptr<mjModel_, Deleter> model_;
};

/// A mechanism in motion: coordinates q and velocities v = dq/dt of n joints.
///
/// The state is (q, v, w), 3 n numbers. MuJoCo's solver of contact forces is iterative and starts
/// from w, the accelerations of the step before, so they decide the last bits of the next step.
///
/// No warning of MuJoCo goes unnoticed: where it would reset an unstable simulation, or has no room
/// for a contact, Advance throws NumericalError. NaN in an action or a state makes all of the state
/// NaN, until the next Start or SetState.
class MujocoBody {
 public:
  /// `task` stands in errors. The model must outlive the body.
  MujocoBody(std::string task, const MujocoModel& model);

  /// Sets the mechanism in motion, w being the accelerations with the motors off.
  void Start(std::span<const double> q, std::span<const double> v);

  /// One time step with these controls, clipped to their ranges.
  void Advance(std::span<const double> controls);

  void GetState(std::span<double> state) const;
  void SetState(std::span<const double> state);

  /// q and v; q as Start takes it.
  std::span<const double> q() const;
  std::span<const double> v() const;
  /// q where the model was drawn.
  std::span<const double> InitialQ() const;
  /// The centre of mass of the mechanism [m], and its velocity [m/s].
  std::array<double, 3> Centre() const;
  std::array<double, 3> CentreVelocity() const;

 private:
  struct Deleter {
    void operator()(mjData_* data) const;
  };

  int n() const;
  std::span<double> w() const;
  void Break();
  template <class Simulation>
  void Guarded(const Simulation& simulation);

  std::string task_;
  const mjModel_* model_;
  std::unique_ptr<mjData_, Deleter> data_;
};

}  // namespace vime
