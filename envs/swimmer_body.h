// The body of the swimmer: three links in a viscous fluid, bent by two motors.
#pragma once

#include <array>
#include <span>
#include <vector>

#include "lib/rl/scene.h"

namespace vime {

/// The swimmer of rllab [D16] as MuJoCo 2.2.2 simulates it, in closed form: within 1e-12 of it
/// after a step of 0.05 s.
///
/// Coordinates q: X, Y [m], heading t1 of link 1 and joint angles r2, r3 [rad]; t2 = t1 + r2,
/// t3 = t2 + r3. Velocities v = dq/dt. e_k = (cos t_k, sin t_k), n_k = (-sin t_k, cos t_k),
/// w_k = dt_k/dt.
///
/// Links: capsules of radius r = 0.1 m and cylinder length H = 1 m, density 1000 kg/m^3,
///   mc = 1000 pi r^2 H,  ms = 1000 (4/3) pi r^3,  m = mc + ms
///   It = mc (3 r^2 + H^2)/12 + 2 ms r^2/5 + ms H (3 r + 2 H)/8,  Ia = mc r^2/2 + 2 ms r^2/5
/// with centres of mass c_i = (X, Y) + sum_k C_ik e_k,
///   C = [[1, 0, 0], [1/2, -1/2, 0], [1/2, -1, -1/2]].
///
/// Fluid of density rho = 4000 kg/m^3 and viscosity mu = 0.1 Pa s, on the box that has the inertia
/// of a link and the sides ba = sqrt(6 (2 It - Ia)/m) along it and bp = sqrt(6 Ia/m) across;
/// d = (ba + 2 bp)/3. For the velocities vl along the link, vp across it, and its w:
///   force along   -3 pi d mu vl - rho/2 bp^2 |vl| vl
///   force across  -3 pi d mu vp - rho/2 ba bp |vp| vp
///   torque        -pi d^3 mu w - rho bp (ba^4 + bp^4) |w| w/64
///
/// Motion: let G_i be the force of the fluid on link i plus m sum_k C_ik e_k w_k^2, and T_k the
/// torque of the fluid on link k plus that of the motors, (-tau2, tau2 - tau3, tau3). With
/// s_k = sum_i C_ik and B = C^T C,
///   sum_l S_kl dw_l/dt = T_k + sum_i C_ik n_k.G_i - s_k/3 n_k.(sum_i G_i)
///   S_kl = m (B_kl - s_k s_l/3) e_k.e_l + It [k = l]
///   d^2(X, Y)/dt^2 = sum_i G_i/(3 m) - sum_k s_k/3 n_k dw_k/dt
///
/// Soft limits |r2|, |r3| <= 100 degrees: the torque of a joint that is beyond by x [rad] has sigma
/// f added, sigma = -1 at the upper limit and 1 at the lower. With the acceleration a0 of the joint
/// without f, its velocity v, and A the accelerations of the joints per unit torque on each,
///   y = 2 z^2 for z = x/0.001 up to 1/2, 1 - 2 (1 - z)^2 up to 1, then 1;  D = 0.9 + 0.05 y
///   b = D x/(0.95 0.02)^2 - 2/(0.95 0.02) sigma v - sigma a0,  R = (1 - D)/D W
///   f >= 0,  sigma A sigma f + R f >= b,  with equality where f > 0
/// over the joints that are beyond, where W is the diagonal of A for a straight swimmer.
///
/// Semi-implicit Euler with 50 substeps of h = 1 ms:  v += h dv/dt,  q += h v.
class SwimmerBody {
 public:
  static constexpr double kMaxTorque = 50;   // N m
  static constexpr double kTimeStep = 0.05;  // s

  /// q and v, in the order of the state.
  using State = std::array<double, 10>;

  const State& state() const { return state_; }
  void SetState(std::span<const double> state);

  /// q ~ N(0, 0.01^2), v ~ N(0, 0.1^2).
  void Reset(Rng& rng);

  /// One step under the torques tau2, tau3 [N m], clipped to kMaxTorque.
  void Advance(std::span<const double> torques);

  double heading() const { return state_[2]; }
  /// The centre of mass of the whole body [m], and its velocity [m/s].
  std::array<double, 2> Centre() const;
  std::array<double, 2> CentreVelocity() const;

  /// Writes q, v and the centre of mass (x, y, z = 0).
  static constexpr int kObservationDim = 13;
  void Observe(std::span<double> observation) const;

  /// The three links.
  static Shape Links(std::span<const double> state);

  static std::vector<Axis> ObservationAxes();
  static std::vector<Axis> StateAxes();
  static std::vector<Axis> ActionAxes();

 private:
  void Substep(double tau2, double tau3);

  State state_ = {};
};

}  // namespace vime
