// --tensorboard, read back by a reader that shares nothing with what writes it.
#include <doctest/doctest.h>

#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <map>

#include "experiments/runner/event_file.h"
#include "tests/support/vime_run.h"

namespace vime::testing {
namespace {

// CRC-32C bit by bit: polynomial 0x1EDC6F41, reflected.
std::uint32_t Crc32c(std::string_view bytes) {
  std::uint32_t crc = ~0U;
  for (const char byte : bytes) {
    crc ^= static_cast<unsigned char>(byte);
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) != 0 ? 0x82F63B78U : 0U);
  }
  return ~crc;
}

std::uint32_t Unmasked(std::uint32_t masked) { return std::rotl(masked - 0xa282ead8U, 15); }

template <class T>
T Take(std::string_view& bytes) {
  T value;
  REQUIRE(bytes.size() >= sizeof value);
  std::memcpy(&value, bytes.data(), sizeof value);  // little-endian, like the processors we run on
  bytes.remove_prefix(sizeof value);
  return value;
}

std::uint64_t TakeVarint(std::string_view& bytes) {
  std::uint64_t value = 0;
  for (int shift = 0;; shift += 7) {
    const auto byte = Take<unsigned char>(bytes);
    value |= static_cast<std::uint64_t>(byte & 0x7f) << shift;
    if (byte < 0x80) return value;
  }
}

// The fields of a message. A field that appears again is another entry.
struct FieldValue {
  std::uint64_t number = 0;
  std::string bytes;
};
std::multimap<int, FieldValue> Message(std::string_view bytes) {
  std::multimap<int, FieldValue> fields;
  while (!bytes.empty()) {
    const std::uint64_t key = TakeVarint(bytes);
    FieldValue value;
    switch (key & 7) {
      case 0:
        value.number = TakeVarint(bytes);
        break;
      case 1:
        value.number = Take<std::uint64_t>(bytes);
        break;
      case 2: {
        const std::uint64_t size = TakeVarint(bytes);
        REQUIRE(bytes.size() >= size);
        value.bytes = bytes.substr(0, size);
        bytes.remove_prefix(size);
        break;
      }
      case 5:
        value.number = Take<std::uint32_t>(bytes);
        break;
      default:
        FAIL("wire type ", key & 7);
    }
    fields.emplace(static_cast<int>(key >> 3), value);
  }
  return fields;
}

struct Event {
  double wall_time = 0;
  std::int64_t step = 0;
  std::string file_version;
  std::map<std::string, float> scalars;
};

std::vector<Event> ReadEvents(const std::string& directory) {
  const std::string file = Slurp(directory + "/events.out.tfevents.vime");
  std::string_view rest = file;
  std::vector<Event> events;
  while (!rest.empty()) {
    const std::string_view length_bytes = rest.substr(0, 8);
    const auto length = Take<std::uint64_t>(rest);
    CHECK(Unmasked(Take<std::uint32_t>(rest)) == Crc32c(length_bytes));
    REQUIRE(rest.size() >= length + 4);
    const std::string_view data = rest.substr(0, length);
    rest.remove_prefix(length);
    CHECK(Unmasked(Take<std::uint32_t>(rest)) == Crc32c(data));
    Event& event = events.emplace_back();
    for (const auto& [number, field] : Message(data)) {
      if (number == 1) event.wall_time = std::bit_cast<double>(field.number);
      if (number == 2) event.step = static_cast<std::int64_t>(field.number);
      if (number == 3) event.file_version = field.bytes;
      if (number != 5) continue;
      for (const auto& [one, value] : Message(field.bytes)) {
        const auto parts = Message(value.bytes);
        REQUIRE(parts.count(1) == 1);
        REQUIRE(parts.count(2) == 1);
        event.scalars[parts.find(1)->second.bytes] =
            std::bit_cast<float>(static_cast<std::uint32_t>(parts.find(2)->second.number));
      }
    }
  }
  return events;
}

// The events must be the lines of metrics.jsonl and eval.jsonl, once each.
void CheckEvents(const std::string& directory) {
  const std::vector<Event> events = ReadEvents(directory);
  REQUIRE(!events.empty());
  CHECK(events[0].file_version == "brain.Event:2");
  CHECK(events[0].scalars.empty());
  std::multimap<std::int64_t, Json> lines;
  for (const char* file : {"metrics.jsonl", "eval.jsonl"}) {
    for (const Json& line : ReadMetrics(directory, file)) lines.emplace(line["env_steps"], line);
  }
  REQUIRE(events.size() == lines.size() + 1);
  for (std::size_t i = 1; i < events.size(); ++i) {
    const Event& event = events[i];
    const bool is_eval = event.scalars.contains("eval/return_mean");
    const auto [begin, end] = lines.equal_range(event.step);
    const auto line = std::find_if(begin, end, [&](const auto& entry) {
      return entry.second.contains("eval/return_mean") == is_eval;
    });
    REQUIRE(line != end);
    std::size_t numbers = 0;
    for (const auto& [key, value] : line->second.items()) {
      if (!value.is_number() || !Contains(key, "/")) continue;
      ++numbers;
      REQUIRE(event.scalars.contains(key));
      CHECK(event.scalars.at(key) == static_cast<float>(value.get<double>()));
    }
    CHECK(numbers == event.scalars.size());
    CHECK(numbers > 5);
    const double wall_s = line->second["wall_s"].get<double>();
    CHECK(event.wall_time == doctest::Approx(events[0].wall_time + wall_s).epsilon(1e-12));
    lines.erase(line);
  }
}

const Arguments kEvents = {"--eval-every", "2", "--eval-episodes", "2", "--quiet", "--out", "r"};

TEST_CASE("CRC-32C has its published values, masked as in TFRecord files") {
  CHECK(Crc32c("123456789") == 0xE3069283U);            // the check value of the CRC catalogues
  CHECK(Crc32c(std::string(32, '\0')) == 0x8A9136AAU);  // RFC 3720, B.4
  CHECK(Crc32c(std::string(32, '\xff')) == 0x62A8AB43U);
  for (const std::string& bytes :
       {std::string(), std::string("123456789"), std::string(32, '\0'), std::string(32, '\xff')}) {
    CHECK(Unmasked(MaskedCrc32c(bytes)) == Crc32c(bytes));
  }
}

TEST_CASE("The event file holds what the metrics hold") {
  const TemporaryDirectory directory;
  CHECK(VimeRun(kTiny + kEvents + Arguments{"--tensorboard"}, directory).exit_code == 0);
  CheckEvents(directory / "r");
  CHECK(ReadEvents(directory / "r").size() == 1 + 4 + 2);
}

TEST_CASE("Without --tensorboard there is no event file; a finished run gets one afterwards") {
  const TemporaryDirectory directory;
  const Arguments command = kTiny + kEvents;
  CHECK(VimeRun(command, directory).exit_code == 0);
  CHECK(!std::filesystem::exists(directory / "r/events.out.tfevents.vime"));
  const std::string metrics = Slurp(directory / "r/metrics.jsonl");
  CHECK(VimeRun(command + Arguments{"--tensorboard"}, directory).exit_code == 0);
  CHECK(Slurp(directory / "r/metrics.jsonl") == metrics);
  CheckEvents(directory / "r");
}

TEST_CASE("A resumed run has every event once, whatever was in the file before") {
  const TemporaryDirectory directory;
  const Arguments command = kTiny + kEvents;
  const Arguments stop = {"--iterations", "2"};
  CHECK(VimeRun(command + stop + Arguments{"--tensorboard"}, directory).exit_code == 0);
  // Killed after its checkpoint: another event, and half a record.
  const std::string path = directory / "r/events.out.tfevents.vime";
  const std::string file = Slurp(path);
  WriteText(path, file + file.substr(file.size() / 2));
  SUBCASE("with the option") {
    CHECK(VimeRun(command + Arguments{"--tensorboard"}, directory).exit_code == 0);
  }
  SUBCASE("without it, because the file is there") {
    CHECK(VimeRun(command, directory).exit_code == 0);
  }
  CheckEvents(directory / "r");
  CHECK(ReadMetrics(directory / "r").size() == 4);
}

TEST_CASE("Starting over removes the event file of the run before") {
  const TemporaryDirectory directory;
  const Arguments command = kTiny + kEvents;
  CHECK(VimeRun(command + Arguments{"--tensorboard"}, directory).exit_code == 0);
  CHECK(VimeRun(command + Arguments{"--if-exists", "overwrite"}, directory).exit_code == 0);
  CHECK(!std::filesystem::exists(directory / "r/events.out.tfevents.vime"));
}

TEST_CASE("Metrics that no run wrote are refused by file and line, and no event file is left") {
  const TemporaryDirectory directory;
  REQUIRE(VimeRun(kTiny + Arguments{"--out", "r", "--quiet"}, directory).exit_code == 0);
  const std::string good = Lines(Slurp(directory / "r/metrics.jsonl"))[0];
  for (const char* line :
       {"", "{", "3", "[]", "{}", R"({"wall_s": 1})", R"({"env_steps": 1})",
        R"({"env_steps": "1", "wall_s": 1})", R"({"env_steps": 1e300, "wall_s": 1})",
        R"({"env_steps": 1, "wall_s": null})"}) {
    CAPTURE(line);
    WriteText(directory / "r/metrics.jsonl", good + "\n" + line + "\n");
    const Result result = VimeRun(kTiny + Arguments{"--out", "r", "--tensorboard"}, directory);
    CAPTURE(result.err);
    CHECK(result.exit_code == 2);
    CHECK(IsOneLine(result.err));
    CHECK(Contains(result.err, "r/metrics.jsonl, line 2: "));
    CHECK(!std::filesystem::exists(directory / "r/events.out.tfevents.vime"));
  }
}

}  // namespace
}  // namespace vime::testing
