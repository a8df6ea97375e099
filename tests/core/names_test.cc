#include "lib/core/names.h"

#include <doctest/doctest.h>

#include <vector>

namespace vime {
namespace {

const std::vector<std::string> kNames = {"pendulum", "pendulum-sparse", "swimmer", "gamma", "lr"};

TEST_CASE("A misspelt name is traced to the name one or two edits away") {
  CHECK(ClosestName("pendulm", kNames) == "pendulum");    // deletion
  CHECK(ClosestName("penduluum", kNames) == "pendulum");  // insertion
  CHECK(ClosestName("swinner", kNames) == "swimmer");     // two substitutions
  CHECK(ClosestName("gammmma", kNames) == "gamma");       // two insertions
  CHECK(ClosestName("pedulm", kNames) == "pendulum");     // two deletions
  CHECK(ClosestName("agmma", kNames) == "gamma");         // transposition
  CHECK(ClosestName("l", kNames) == "lr");
  CHECK(ClosestName("gamma", kNames) == "gamma");
}

TEST_CASE("A long name may be off by a third of its length") {
  CHECK(ClosestName("pendulum_sprs", kNames) == "pendulum-sparse");  // 3 edits, 13 letters
  CHECK(ClosestName("pndlm_sprs", kNames) == "");                    // 6 edits, 10 letters
}

TEST_CASE("Nothing is suggested for a name that resembles none") {
  CHECK(ClosestName("acrobot", kNames) == "");
  CHECK(ClosestName("xy", kNames) == "");  // two edits from lr, but nothing in common
  CHECK(ClosestName("", kNames) == "");
  CHECK(ClosestName("pendulum", {}) == "");
}

TEST_CASE("The first of equally distant names is suggested") {
  const std::vector<std::string> names = {"walker1", "walker2"};
  CHECK(ClosestName("walker", names) == "walker1");
  CHECK(ClosestName("walker2", names) == "walker2");
}

}  // namespace
}  // namespace vime
