// manifest.jsonl: vime-run --manifest, vime-sweep run, status and merge.
#include "experiments/sweep/sweep_status.h"
#include "tests/fuzz/fuzz.h"

namespace vime::testing {

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const TinySweep sweep;
  sweep.Write(sweep.manifest(), Text(data, size));
  return Try(
      [&] {
        ConfigBuilder builder;
        builder.AddJson(ReadTask(sweep.manifest(), 1).config, "--manifest", "manifest");
        builder.Build();
      },
      [&] {
        const auto records = SweepStatus(sweep.manifest());
        MergedJsonl(records);
        MergedCsv(records);
      });
}

}  // namespace vime::testing
