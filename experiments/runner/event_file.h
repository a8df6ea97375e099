// The metrics of a run as events for TensorBoard.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "experiments/runner/config_json.h"
#include "experiments/runner/files.h"
#include "experiments/runner/run_directory.h"

namespace vime {

/// CRC-32C (Castagnoli) of the bytes, rotated and shifted as TFRecord files want it:
/// ((crc >> 15) | (crc << 17)) + 0xa282ead8.
std::uint32_t MaskedCrc32c(std::string_view bytes);

/// Beside metrics.jsonl and eval.jsonl. It holds what they hold: every number of a line whose key
/// has a group, such as rollout/return_mean, at the step env_steps of the line.
class EventFile {
 public:
  static constexpr const char* kName = "events.out.tfevents.vime";

  /// Writes the file anew, from the lines in the first `metrics_bytes` and `eval_bytes` of the two
  /// files. `origin_s` is the time at which wall_s was 0, in seconds since 1970. Throws ConfigError
  /// for a line that is no such line, and has then written nothing.
  EventFile(const RunDirectory& directory, double origin_s, std::int64_t metrics_bytes,
            std::int64_t eval_bytes);

  /// Appends the numbers of a further line.
  void Append(const Json& line);

 private:
  double origin_s_;
  std::unique_ptr<LineWriter> writer_;
};

}  // namespace vime
