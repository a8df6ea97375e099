// Reading of the reference vectors in tests/golden.
#pragma once

#include <fstream>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>

#include "lib/core/types.h"

namespace vime::testing {

inline nlohmann::json ReadGolden(const std::string& name) {
  std::ifstream file(std::string(VIME_GOLDEN_DIR) + "/" + name);
  if (!file) throw std::runtime_error("cannot read tests/golden/" + name);
  return nlohmann::json::parse(file);
}

inline VectorXd ToVector(const nlohmann::json& array) {
  VectorXd v(static_cast<Index>(array.size()));
  for (Index i = 0; i < v.size(); ++i) v[i] = array[static_cast<std::size_t>(i)].get<double>();
  return v;
}

/// Rows of a nested array; row b of the result is array[b].
inline MatrixXd ToMatrix(const nlohmann::json& array) {
  MatrixXd m(static_cast<Index>(array.size()), static_cast<Index>(array.at(0).size()));
  for (Index b = 0; b < m.rows(); ++b) {
    m.row(b) = ToVector(array[static_cast<std::size_t>(b)]).transpose();
  }
  return m;
}

}  // namespace vime::testing
