// metrics.jsonl and eval.jsonl: the event file of a run that goes on, vime-compare --report.
#include "experiments/runner/event_file.h"
#include "tests/fuzz/compare.h"
#include "tests/fuzz/fuzz.h"

namespace vime::testing {

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const TinySweep sweep(/*policies=*/false);
  for (const char* file : {"/metrics.jsonl", "/eval.jsonl"}) {
    sweep.Write(sweep.run() + file, Text(data, size));
  }
  const auto bytes = static_cast<std::int64_t>(size);
  return Try([&] { EventFile(RunDirectory(sweep.run()), 0, bytes, bytes); },
             [&] { DrawFigures(sweep.directory()); });
}

}  // namespace vime::testing
