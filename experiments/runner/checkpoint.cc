#include "experiments/runner/checkpoint.h"

#include <xxhash.h>

#include <cstdint>
#include <cstring>

#include "experiments/runner/files.h"
#include "lib/core/check.h"

namespace vime {
namespace {

constexpr std::string_view kMagic = "VIMECKPT";
constexpr std::uint64_t kVersion = 1;  // of the layout and of what is visited
constexpr std::size_t kHeaderBytes = kMagic.size() + 3 * sizeof(std::uint64_t);

template <class T>
void Append(std::string& bytes, T value) {
  bytes.append(reinterpret_cast<const char*>(&value), sizeof value);
}

template <class T>
T Get(std::string_view bytes, std::size_t at) {
  T value;
  std::memcpy(&value, bytes.data() + at, sizeof value);
  return value;
}

class Writer final : public Archive {
 public:
  void Bytes(std::string_view name, void* data, std::size_t size) override {
    Append(payload, static_cast<std::uint32_t>(name.size()));
    payload += name;
    Append(payload, static_cast<std::uint64_t>(size));
    if (size > 0) payload.append(static_cast<const char*>(data), size);
  }
  void Numbers(std::string_view name, std::vector<double>& values) override {
    Bytes(name, values.data(), values.size() * sizeof(double));
  }

  std::string payload;

 protected:
  void Refuse(std::string_view name) override {
    throw std::logic_error("the state to save is inconsistent: " + std::string(name));
  }
};

class Reader final : public Archive {
 public:
  Reader(std::string_view payload, std::string origin)
      : rest_(payload), origin_(std::move(origin)) {}

  void Bytes(std::string_view name, void* data, std::size_t size) override {
    const std::string_view record = Next(name);
    if (record.size() != size) Refuse(name);
    if (size > 0) std::memcpy(data, record.data(), size);
  }
  void Numbers(std::string_view name, std::vector<double>& values) override {
    const std::string_view record = Next(name);
    if (record.size() % sizeof(double) != 0) Refuse(name);
    values.resize(record.size() / sizeof(double));
    if (!values.empty()) std::memcpy(values.data(), record.data(), record.size());
  }
  void End() {
    if (!rest_.empty()) Refuse("end");
  }

 protected:
  void Refuse(std::string_view name) override {
    throw ConfigError(origin_ + " is of another run or another version of the program (at '" +
                      std::string(name) + "')");
  }

 private:
  // The data of the next record, which must have this name.
  std::string_view Next(std::string_view name) {
    if (Take<std::uint32_t>(name) != name.size()) Refuse(name);
    if (!rest_.starts_with(name)) Refuse(name);
    rest_.remove_prefix(name.size());
    const auto size = Take<std::uint64_t>(name);
    if (size > rest_.size()) Refuse(name);
    const std::string_view data = rest_.substr(0, static_cast<std::size_t>(size));
    rest_.remove_prefix(data.size());
    return data;
  }

  template <class T>
  T Take(std::string_view name) {
    if (rest_.size() < sizeof(T)) Refuse(name);
    const T value = Get<T>(rest_, 0);
    rest_.remove_prefix(sizeof(T));
    return value;
  }

  std::string_view rest_;
  std::string origin_;
};

}  // namespace

std::string SaveState(const StateVisitor& visit) {
  Writer writer;
  visit(writer);
  return std::move(writer.payload);
}

void LoadState(std::string_view payload, const std::string& name, const StateVisitor& visit) {
  Reader reader(payload, name);
  visit(reader);
  reader.End();
}

void WriteCheckpoint(const std::string& path, const StateVisitor& visit) {
  const std::string payload = SaveState(visit);
  std::string header(kMagic);
  Append(header, kVersion);
  Append(header, static_cast<std::uint64_t>(payload.size()));
  Append(header, static_cast<std::uint64_t>(XXH64(payload.data(), payload.size(), 0)));
  WriteFileAtomically(path, header + payload);
}

void ReadCheckpoint(const std::string& path, const StateVisitor& visit) {
  std::string file;
  const auto field = [&](std::size_t i) {
    return Get<std::uint64_t>(file, kMagic.size() + i * sizeof(std::uint64_t));
  };
  const auto bytes = static_cast<std::uint64_t>(FileSize(path));
  try {
    // The header first: a large file that is no checkpoint is not read.
    file = ReadFileStart(path, kHeaderBytes);
    if (!std::string_view(file).starts_with(kMagic)) {
      throw ConfigError(path + " is not a checkpoint");
    }
    if (file.size() < kHeaderBytes) throw ConfigError(path + " is damaged: it is cut short");
    if (field(0) != kVersion) throw ConfigError(path + " is of another version of the program");
    if (field(1) != bytes - kHeaderBytes) {
      throw ConfigError(path + " is damaged: its length is wrong");
    }
    file = ReadFile(path, bytes);
  } catch (const IoError& error) {
    throw ConfigError(error.what());
  }
  if (file.size() != bytes) throw ConfigError(path + " is damaged: it is cut short");
  const std::string_view payload = std::string_view(file).substr(kHeaderBytes);
  if (field(2) != XXH64(payload.data(), payload.size(), 0)) {
    throw ConfigError(path + " is damaged: its checksum is wrong");
  }
  LoadState(payload, path, visit);
}

}  // namespace vime
