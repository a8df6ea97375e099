// Files that survive: atomic replacement, append-only logs, locks. Every failure is an IoError that
// names the path and the reason.
#pragma once

#include <string>
#include <string_view>

namespace vime {

/// Replaces the file as a whole: temporary name, fsync, rename, fsync of the directory.
void WriteFileAtomically(const std::string& path, std::string_view content);

/// The text of a file that must exist.
std::string ReadFile(const std::string& path);

bool FileExists(const std::string& path);

/// Creates a directory and its parents.
void MakeDirectories(const std::string& path);

/// Removes a file if it is there.
void RemoveFile(const std::string& path);

/// Writes text to standard output at once. Throws IoError when it is closed or full.
void WriteStdout(std::string_view text);

/// A log of lines. Each line is one write(2) on an O_APPEND descriptor, so a reader never sees half
/// a line of a running program; when a write fails, what was there before is left as it was.
class LineWriter {
 public:
  /// Starts an empty file.
  explicit LineWriter(std::string path);
  ~LineWriter();
  LineWriter(const LineWriter&) = delete;
  LineWriter& operator=(const LineWriter&) = delete;

  /// Appends `line` and a newline.
  void Append(std::string_view line);

 private:
  std::string path_;
  int descriptor_;
};

/// An exclusive lock on a file, held until destruction or the end of the process.
class FileLock {
 public:
  /// Throws IoError at once when another process holds the lock.
  explicit FileLock(const std::string& path);
  ~FileLock();
  FileLock(const FileLock&) = delete;
  FileLock& operator=(const FileLock&) = delete;

 private:
  int descriptor_;
};

}  // namespace vime
