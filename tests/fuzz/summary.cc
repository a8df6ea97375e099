// summary.json: vime-run that finds a finished run, vime-sweep status and merge, vime-compare.
#include "experiments/sweep/sweep_status.h"
#include "tests/fuzz/compare.h"
#include "tests/fuzz/fuzz.h"

namespace vime::testing {

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const TinySweep sweep;
  sweep.Write(sweep.run() + "/summary.json", Text(data, size));
  RunConfig longer = sweep.config();
  ++longer.iterations;
  return Try([&] { RunDirectory(sweep.run()).Look(sweep.config(), IfExists::kResume); },
             [&] { RunDirectory(sweep.run()).Look(longer, IfExists::kResume); },
             [&] {
               const auto records = SweepStatus(sweep.manifest());
               MergedJsonl(records);
               MergedCsv(records);
             },
             [&] { PrintTables(sweep.directory(), ""); },
             [&] { PrintTables(sweep.directory(), "first_success_env_steps"); });
}

}  // namespace vime::testing
