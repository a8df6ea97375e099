#include "experiments/runner/files.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <thread>
#include <utility>

#include "lib/core/check.h"

namespace vime {
namespace {

[[noreturn]] void Fail(const std::string& action, const std::string& path) {
  throw IoError("cannot " + action + " " + path + ": " + std::strerror(errno));
}

// Writes everything or throws; retries after signals and short writes.
void WriteAll(int descriptor, std::string_view text, const std::string& path) {
  while (!text.empty()) {
    const ssize_t written = ::write(descriptor, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) Fail("write", path);
    text.remove_prefix(static_cast<std::size_t>(written));
  }
}

class Descriptor {
 public:
  Descriptor(const std::string& path, int flags) : value_(::open(path.c_str(), flags, 0666)) {}
  ~Descriptor() {
    if (value_ >= 0) ::close(value_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int value() const { return value_; }
  /// False when what was written may be lost.
  bool Close() { return ::close(std::exchange(value_, -1)) == 0; }

 private:
  int value_;
};

// Whether standard output goes to the file of that status.
bool IsStdout(const struct stat& status) {
  struct stat output {};
  return ::fstat(STDOUT_FILENO, &output) == 0 && output.st_dev == status.st_dev &&
         output.st_ino == status.st_ino;
}

// Where a link leads, whether there is something or not.
std::string FollowLinks(const std::string& name) {
  constexpr int kMostLinks = 40;  // as the system
  std::filesystem::path path = name;
  std::error_code none;
  for (int i = 0; i < kMostLinks; ++i) {
    if (!std::filesystem::is_symlink(path, none)) return path.string();
    path = path.parent_path() / std::filesystem::read_symlink(path, none);
  }
  errno = ELOOP;
  Fail("write", name);
}

}  // namespace

void WriteFileAtomically(const std::string& name, std::string_view content) {
  struct stat status {};
  const bool exists = ::stat(name.c_str(), &status) == 0;
  if (exists && IsStdout(status)) return WriteStdout(content);
  if (exists && !S_ISREG(status.st_mode)) {
    Descriptor other(name, O_WRONLY | O_CLOEXEC);
    if (other.value() < 0) Fail("write", name);
    WriteAll(other.value(), content, name);
    if (!other.Close()) Fail("write", name);
    return;
  }
  const std::string path = FollowLinks(name);
  const std::string temporary = path + kTemporarySuffix;
  Descriptor file(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC);
  if (file.value() < 0) Fail("create", temporary);
  try {
    WriteAll(file.value(), content, path);
    if (::fsync(file.value()) != 0 || !file.Close()) Fail("write", path);
    if (::rename(temporary.c_str(), path.c_str()) != 0) Fail("replace", path);
  } catch (const IoError&) {
    ::unlink(temporary.c_str());
    throw;
  }
  const std::string parent = std::filesystem::path(path).parent_path().string();
  const Descriptor directory(parent.empty() ? "." : parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (directory.value() >= 0) ::fsync(directory.value());
}

namespace {

constexpr std::size_t kMaxLineBytes = std::size_t{1} << 20;

// Gives the bytes of a regular file or a pipe to `take`, piece by piece, until that returns false.
void ReadPieces(const std::string& path, const std::function<bool(std::string_view)>& take) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) Fail("read", path);
  if (!S_ISREG(status.st_mode) && !S_ISFIFO(status.st_mode)) {
    throw IoError("cannot read " + path + ": not a regular file");
  }
  const Descriptor file(path, O_RDONLY | O_CLOEXEC);
  if (file.value() < 0) Fail("read", path);
  char buffer[65536];
  while (true) {
    const ssize_t count = ::read(file.value(), buffer, sizeof buffer);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) Fail("read", path);
    if (count == 0 || !take({buffer, static_cast<std::size_t>(count)})) return;
  }
}

// The first bytes of a file, at least `bytes` of them if it has as many.
std::string ReadAtLeast(const std::string& path, std::size_t bytes) {
  std::string text;
  ReadPieces(path, [&](std::string_view piece) {
    text += piece;
    return text.size() < bytes;
  });
  return text;
}

}  // namespace

std::string ReadFile(const std::string& path, std::size_t max_bytes) {
  const auto refuse_if = [&](bool large) {
    if (!large) return;
    throw IoError("cannot read " + path + ": larger than " + std::to_string(max_bytes >> 20) +
                  " MiB");
  };
  refuse_if(FileSize(path) > static_cast<std::int64_t>(max_bytes));
  std::string text = ReadAtLeast(path, max_bytes + 1);
  refuse_if(text.size() > max_bytes);
  return text;
}

std::string ReadFileStart(const std::string& path, std::size_t bytes) {
  return ReadAtLeast(path, bytes).substr(0, bytes);
}

void ReadLines(const std::string& path,
               const std::function<void(std::string_view line, std::int64_t number)>& read,
               std::int64_t bytes) {
  std::string begun;  // a line that ends in a later piece
  std::int64_t number = 0;
  const auto append = [&](std::string_view part) {
    if (begun.size() + part.size() > kMaxLineBytes) {
      throw ConfigError(path + ", line " + std::to_string(number + 1) + ": longer than 1 MiB");
    }
    begun += part;
  };
  ReadPieces(path, [&](std::string_view piece) {
    piece = piece.substr(
        0, static_cast<std::size_t>(std::min(bytes, static_cast<std::int64_t>(piece.size()))));
    bytes -= static_cast<std::int64_t>(piece.size());
    for (std::size_t end; (end = piece.find('\n')) != std::string_view::npos;) {
      append(piece.substr(0, end));
      piece.remove_prefix(end + 1);
      read(begun, ++number);
      begun.clear();
    }
    append(piece);
    return bytes > 0;
  });
  if (!begun.empty()) read(begun, ++number);
}

bool FileExists(const std::string& path) {
  struct stat status {};
  return ::stat(path.c_str(), &status) == 0;
}

std::int64_t FileSize(const std::string& path) {
  struct stat status {};
  return ::stat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode) ? status.st_size : 0;
}

void MakeDirectories(const std::string& path) {
  std::error_code error;
  std::filesystem::create_directories(path, error);
  if (error) throw IoError("cannot create directory " + path + ": " + error.message());
}

std::vector<std::string> ListDirectory(const std::string& path) {
  std::vector<std::string> names;
  std::error_code error;
  std::filesystem::directory_iterator entry(path, error);
  for (; !error && entry != std::filesystem::directory_iterator(); entry.increment(error)) {
    names.push_back(entry->path().filename().string());
  }
  if (error) throw IoError("cannot read directory " + path + ": " + error.message());
  std::sort(names.begin(), names.end());
  return names;
}

void RemoveFile(const std::string& path) {
  if (::unlink(path.c_str()) != 0 && errno != ENOENT) Fail("remove", path);
}

void WriteStdout(std::string_view text) { WriteAll(STDOUT_FILENO, text, "standard output"); }

LineWriter::LineWriter(std::string path, std::int64_t keep)
    : path_(std::move(path)),
      descriptor_(::open(path_.c_str(),
                         O_WRONLY | O_CREAT | (keep == 0 ? O_TRUNC : 0) | O_APPEND | O_CLOEXEC,
                         0666)) {
  if (descriptor_ < 0) Fail("create", path_);
  if (keep > 0 && ::ftruncate(descriptor_, keep) != 0) {
    const int code = errno;
    ::close(descriptor_);
    errno = code;
    Fail("cut", path_);
  }
}

LineWriter::~LineWriter() { ::close(descriptor_); }

void LineWriter::AppendBytes(std::string_view bytes) {
  const off_t before = ::lseek(descriptor_, 0, SEEK_END);
  try {
    WriteAll(descriptor_, bytes, path_);
  } catch (const IoError&) {
    // A full disk may have taken a part of them.
    if (before >= 0 && ::ftruncate(descriptor_, before) != 0) { /* the first error is thrown */
    }
    throw;
  }
}

std::int64_t LineWriter::Sync() {
  if (::fsync(descriptor_) != 0) Fail("write", path_);
  return ::lseek(descriptor_, 0, SEEK_END);
}

bool IsLocked(const std::string& path) {
  const Descriptor file(path, O_RDONLY | O_CLOEXEC);
  return file.value() >= 0 && ::flock(file.value(), LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK;
}

FileLock::FileLock(const std::string& path)
    : descriptor_(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666)) {
  if (descriptor_ < 0) Fail("create", path);
  // IsLocked() in another process, which has a look, holds the lock for a moment too.
  constexpr int kTries = 26;  // a quarter of a second
  int taken = -1;
  for (int i = 0; i < kTries && taken != 0; ++i) {
    if (i > 0) std::this_thread::sleep_for(std::chrono::milliseconds(10));
    taken = ::flock(descriptor_, LOCK_EX | LOCK_NB);
  }
  if (taken != 0) {
    const bool held = errno == EWOULDBLOCK;
    const int code = errno;
    ::close(descriptor_);
    errno = code;
    if (held) throw IoError(path + kLocked);
    Fail("lock", path);
  }
}

FileLock::~FileLock() { ::close(descriptor_); }

}  // namespace vime
