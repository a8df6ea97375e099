#include "experiments/runner/event_file.h"

#include <bit>
#include <boost/crc.hpp>
#include <utility>

#include "lib/core/check.h"

namespace vime {
namespace {

// Integers of files and messages are little-endian.
template <class T>
std::string Fixed(T value) {
  std::string bytes;
  for (std::size_t i = 0; i < sizeof value; ++i) {
    bytes += static_cast<char>(static_cast<unsigned char>(value >> (8 * i)));
  }
  return bytes;
}

// Protocol buffers, as far as events need them: fields of a message.
std::string Varint(std::uint64_t value) {
  std::string bytes;
  for (; value >= 0x80; value >>= 7) bytes += static_cast<char>((value & 0x7f) | 0x80);
  return bytes + static_cast<char>(value);
}
std::string Key(int field, int wire_type) {
  return Varint(static_cast<std::uint64_t>(field << 3 | wire_type));
}
std::string Integer(int field, std::int64_t value) {
  return Key(field, 0) + Varint(static_cast<std::uint64_t>(value));
}
std::string Double(int field, double value) {
  return Key(field, 1) + Fixed(std::bit_cast<std::uint64_t>(value));
}
std::string Bytes(int field, std::string_view value) {
  return Key(field, 2) + Varint(value.size()) + std::string(value);
}
std::string Float(int field, float value) {
  return Key(field, 5) + Fixed(std::bit_cast<std::uint32_t>(value));
}

// message Event { double wall_time = 1; int64 step = 2; string file_version = 3; Summary summary =
// 5; }
std::string VersionEvent(double wall_time) {
  return Double(1, wall_time) + Bytes(3, "brain.Event:2");
}

// message Summary { message Value { string tag = 1; float simple_value = 2; }
//                   repeated Value value = 1; }
std::string ScalarsEvent(const Json& line, double origin_s) {
  std::string summary;
  for (const auto& [key, value] : line.items()) {
    if (!value.is_number() || key.find('/') == std::string::npos) continue;
    summary += Bytes(1, Bytes(1, key) + Float(2, static_cast<float>(value.get<double>())));
  }
  return Double(1, origin_s + line["wall_s"].get<double>()) +
         Integer(2, line["env_steps"].get<std::int64_t>()) + Bytes(5, summary);
}

// A record of a TFRecord file: length, its checksum, data, their checksum.
std::string Record(const std::string& data) {
  const std::string length = Fixed(static_cast<std::uint64_t>(data.size()));
  return length + Fixed(MaskedCrc32c(length)) + data + Fixed(MaskedCrc32c(data));
}

}  // namespace

std::uint32_t MaskedCrc32c(std::string_view bytes) {
  boost::crc_optimal<32, 0x1EDC6F41, 0xFFFFFFFF, 0xFFFFFFFF, true, true> crc32c;
  crc32c.process_bytes(bytes.data(), bytes.size());
  return std::rotr(static_cast<std::uint32_t>(crc32c.checksum()), 15) + 0xa282ead8U;
}

EventFile::EventFile(const RunDirectory& directory, double origin_s, std::int64_t metrics_bytes,
                     std::int64_t eval_bytes)
    : origin_s_(origin_s) {
  std::string records = Record(VersionEvent(origin_s));
  for (const auto& [name, bytes] :
       {std::pair{"metrics.jsonl", metrics_bytes}, std::pair{"eval.jsonl", eval_bytes}}) {
    const std::string path = directory.File(name);
    if (bytes <= 0 || !FileExists(path)) continue;
    const auto add = [&](std::string_view text, std::int64_t number) {
      const std::string where = path + ", line " + std::to_string(number);
      const Json line = ParseJson(std::string(text), where);
      const bool placed = line.is_object() && line.contains("wall_s") &&
                          line["wall_s"].is_number() && line.contains("env_steps") &&
                          line["env_steps"].is_number_integer();
      if (!placed) throw ConfigError(where + ": wall_s and env_steps must be numbers");
      records += Record(ScalarsEvent(line, origin_s));
    };
    ReadLines(path, add, bytes);
  }
  const std::string path = directory.File(kName);
  WriteFileAtomically(path, records);
  writer_ = std::make_unique<LineWriter>(path, static_cast<std::int64_t>(records.size()));
}

void EventFile::Append(const Json& line) {
  writer_->AppendBytes(Record(ScalarsEvent(line, origin_s_)));
}

}  // namespace vime
