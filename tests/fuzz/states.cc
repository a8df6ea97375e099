// states.json: vime-compare --report.
#include "tests/fuzz/compare.h"
#include "tests/fuzz/fuzz.h"

namespace vime::testing {

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const TinySweep sweep(/*policies=*/false);
  sweep.Write(sweep.run() + "/states.json", Text(data, size));
  return Try([&] { DrawFigures(sweep.directory()); });
}

}  // namespace vime::testing
