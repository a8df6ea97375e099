// Storage types shared by the whole library.
#pragma once

#include <Eigen/Core>
#include <cstdint>

namespace vime {

using Index = Eigen::Index;

/// A vector of T. Parameters of every model live in one of these, layers are maps into it.
template <class T>
using Vector = Eigen::Matrix<T, Eigen::Dynamic, 1>;
using VectorXd = Eigen::VectorXd;
using MatrixXd = Eigen::MatrixXd;

/// A time series of feature vectors, N x dim: column d is feature d over time and contiguous, so
/// that a kernel reads neighbouring transitions into neighbouring lanes.
template <class T>
using Features = Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic, Eigen::ColMajor>;

/// Read-only view of rows of a Features matrix.
template <class T>
using FeaturesRef = Eigen::Ref<const Features<T>, 0, Eigen::OuterStride<>>;

}  // namespace vime
