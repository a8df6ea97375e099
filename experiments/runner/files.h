// Files that survive: atomic replacement, append-only logs, locks. A failure of the file system is
// an IoError that names the path and the reason.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

namespace vime {

/// What the name of a temporary file ends in.
inline constexpr const char* kTemporarySuffix = ".tmp";

/// Replaces the file as a whole: temporary name, fsync, rename, fsync of the directory.
/// When that fails, the old file stands and no temporary file is left. Symbolic links are followed;
/// what is no file, such as a pipe or a device, is written to, and so is standard output under any
/// name.
void WriteFileAtomically(const std::string& name, std::string_view content);

/// The text of a regular file or a pipe. Throws for anything else, such as a directory or a device,
/// and for more than `max_bytes`, without reading further.
std::string ReadFile(const std::string& path, std::size_t max_bytes);

/// The first `bytes` of such a file, or all of it when it is shorter.
std::string ReadFileStart(const std::string& path, std::size_t bytes);

/// Gives every line of such a file to `read`, with its number from 1 on; never holds more than one.
/// Throws ConfigError for a line of more than a mebibyte. What follows after `bytes` is not read.
void ReadLines(const std::string& path,
               const std::function<void(std::string_view line, std::int64_t number)>& read,
               std::int64_t bytes = std::numeric_limits<std::int64_t>::max());

bool FileExists(const std::string& path);

/// The size in bytes of a regular file; 0 when there is none.
std::int64_t FileSize(const std::string& path);

/// Creates a directory and its parents.
void MakeDirectories(const std::string& path);

/// The names in a directory, sorted.
std::vector<std::string> ListDirectory(const std::string& path);

/// Removes a file if it is there.
void RemoveFile(const std::string& path);

/// Writes text to standard output at once. Throws IoError when it is closed or full.
void WriteStdout(std::string_view text);

/// A log of lines. Each line is one write(2) on an O_APPEND descriptor, so a reader never sees half
/// a line of a running program; when a write fails, what was there before is left as it was.
class LineWriter {
 public:
  /// Keeps the first `keep` bytes of the file, which must be there, and drops what follows.
  explicit LineWriter(std::string path, std::int64_t keep = 0);
  ~LineWriter();
  LineWriter(const LineWriter&) = delete;
  LineWriter& operator=(const LineWriter&) = delete;

  /// Appends `line` and a newline.
  void Append(std::string_view line) { AppendBytes(std::string(line) + '\n'); }

  /// Appends the bytes as they are.
  void AppendBytes(std::string_view bytes);

  /// Waits until everything is on the disk and returns how many bytes that is.
  std::int64_t Sync();

 private:
  std::string path_;
  int descriptor_;
};

/// Whether a process holds a FileLock on the file.
bool IsLocked(const std::string& path);

/// What the message of a FileLock that another process holds ends in.
inline constexpr const char* kLocked = " is locked: another process is using this run directory";

/// An exclusive lock on a file, held until destruction or the end of the process.
class FileLock {
 public:
  /// Throws IoError when another process holds the lock for longer than IsLocked() does, after a
  /// quarter of a second.
  explicit FileLock(const std::string& path);
  ~FileLock();
  FileLock(const FileLock&) = delete;
  FileLock& operator=(const FileLock&) = delete;

 private:
  int descriptor_;
};

}  // namespace vime
