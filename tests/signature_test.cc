#include <doctest/doctest.h>

#include "envs/registry.h"
#include "lib/kernels/kernels.h"
#include "tests/support/golden.h"
#include "tests/support/signature.h"

namespace vime {
namespace {

// When a change is meant to change results: write the new values that the test prints to
// tests/golden/signature.json and say in the commit message what changed and why.
TEST_CASE("A fixed run gives the recorded bits with every kernel and any number of threads") {
  const auto recorded = testing::ReadGolden("signature.json");
  for (const EnvEntry& entry : Environments()) {
    const RunConfig config = testing::SignatureConfig(entry.name);
    for (const std::string_view kernels : AvailableKernels()) {
      SelectKernels(kernels);
      for (const int threads : {1, 3}) {
        CAPTURE(entry.name);
        CAPTURE(kernels);
        CAPTURE(threads);
        CHECK(testing::Signature(config, threads) == recorded.value(entry.name, "not recorded"));
      }
    }
  }
  SelectKernels("auto");
}

}  // namespace
}  // namespace vime
