// run.json: vime-run that finds a run of the same name, vime-run eval and replay, vime-sweep status
// and merge, vime-compare.
#include "experiments/runner/saved_policy.h"
#include "experiments/sweep/sweep_status.h"
#include "tests/fuzz/compare.h"
#include "tests/fuzz/fuzz.h"

namespace vime::testing {

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const TinySweep sweep;
  sweep.Write(sweep.run() + "/run.json", Text(data, size));
  return Try([&] { RunDirectory(sweep.run()).Look(sweep.config(), IfExists::kResume); },
             [&] { LoadPolicy(sweep.run()); }, [&] { MergedJsonl(SweepStatus(sweep.manifest())); },
             [&] { PrintTables(sweep.directory(), ""); });
}

}  // namespace vime::testing
