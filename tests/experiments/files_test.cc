#include "experiments/runner/files.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <thread>

#include "lib/core/check.h"
#include "tests/support/process.h"

namespace vime {
namespace {

using testing::Slurp;
using testing::TemporaryDirectory;
using testing::WriteText;

constexpr std::size_t kMegabyte = std::size_t{1} << 20;

// The message of the error that `action` throws; "" when it throws none.
template <class Action>
std::string ErrorOf(const Action& action) {
  try {
    action();
  } catch (const std::runtime_error& error) {
    return error.what();
  }
  return "";
}

bool Contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

// Files of this process cannot grow beyond a size: a disk that is full.
class FullDisk {
 public:
  explicit FullDisk(rlim_t bytes) : handler_(std::signal(SIGXFSZ, SIG_IGN)) {
    ::getrlimit(RLIMIT_FSIZE, &before_);
    const rlimit limit{bytes, before_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~FullDisk() {
    ::setrlimit(RLIMIT_FSIZE, &before_);
    std::signal(SIGXFSZ, handler_);
  }
  FullDisk(const FullDisk&) = delete;
  FullDisk& operator=(const FullDisk&) = delete;

 private:
  void (*handler_)(int);
  rlimit before_{};
};

TEST_CASE("WriteFileAtomically replaces a file as a whole") {
  const TemporaryDirectory directory;
  const std::string path = directory / "f";
  WriteFileAtomically(path, "first");
  CHECK(Slurp(path) == "first");
  const std::string large(3 * kMegabyte, 'x');
  WriteFileAtomically(path, large);
  CHECK(Slurp(path) == large);
  WriteFileAtomically(path, "");
  CHECK(Slurp(path).empty());
  CHECK(ListDirectory(directory.path()) == std::vector<std::string>{"f"});
}

TEST_CASE("A reader sees the old file or the new one, never a part") {
  const TemporaryDirectory directory;
  const std::string path = directory / "f";
  const std::string a(100000, 'a'), b(200000, 'b');
  WriteFileAtomically(path, a);
  std::atomic<bool> done = false;
  std::jthread writer([&] {
    for (int i = 0; i < 50; ++i) WriteFileAtomically(path, i % 2 == 0 ? b : a);
    done = true;
  });
  int torn = 0;
  while (!done) {
    const std::string seen = ReadFile(path, kMegabyte);
    torn += seen != a && seen != b;
  }
  CHECK(torn == 0);
}

TEST_CASE("When WriteFileAtomically fails, the old file stands and nothing else is left") {
  const TemporaryDirectory directory;
  const std::string path = directory / "f";
  WriteFileAtomically(path, "old");
  std::string message;
  {
    const FullDisk full(1000);
    message = ErrorOf([&] { WriteFileAtomically(path, std::string(5000, 'x')); });
  }
  CHECK(message == "cannot write " + path + ": File too large");
  CHECK(Slurp(path) == "old");
  CHECK(ListDirectory(directory.path()) == std::vector<std::string>{"f"});

  MakeDirectories(directory / "d/inner");  // a directory cannot be replaced by a file
  CHECK(Contains(ErrorOf([&] { WriteFileAtomically(directory / "d", "x"); }), "Is a directory"));
  CHECK(ListDirectory(directory.path()) == std::vector<std::string>{"d", "f"});
  CHECK(Contains(ErrorOf([&] { WriteFileAtomically(directory / "no/f", "x"); }), "cannot create"));
}

TEST_CASE("WriteFileAtomically follows links and writes to pipes and devices") {
  const TemporaryDirectory directory;
  WriteText(directory / "f", "old");
  MakeDirectories(directory / "d");
  std::filesystem::create_symlink("../f", directory / "d/link");
  WriteFileAtomically(directory / "d/link", "new");
  CHECK(std::filesystem::is_symlink(directory / "d/link"));
  CHECK(Slurp(directory / "f") == "new");

  std::filesystem::create_symlink("../later", directory / "d/dangling");
  WriteFileAtomically(directory / "d/dangling", "there now");
  CHECK(Slurp(directory / "later") == "there now");
  std::filesystem::create_symlink("loop", directory / "loop");
  CHECK(Contains(ErrorOf([&] { WriteFileAtomically(directory / "loop", "x"); }), "symbolic links"));

  const std::string pipe = directory / "pipe";
  REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);
  std::string read;
  {
    const std::jthread reader([&] { read = Slurp(pipe); });
    WriteFileAtomically(pipe, "through the pipe");
  }
  CHECK(read == "through the pipe");
  CHECK(std::filesystem::is_fifo(pipe));

  const std::string full = directory / "full";  // a link: a mistake must not cost the device
  std::filesystem::create_symlink("/dev/full", full);
  CHECK(Contains(ErrorOf([&] { WriteFileAtomically(full, "x"); }), "No space left"));
  CHECK(std::filesystem::is_character_file(full));
}

TEST_CASE("ReadFile refuses what is absent, large, a directory or a device") {
  const TemporaryDirectory directory;
  const std::string path = directory / "f";
  WriteText(path, std::string("a\0b\n", 4));
  CHECK(ReadFile(path, 4) == std::string("a\0b\n", 4));
  CHECK(Contains(ErrorOf([&] { ReadFile(path, 3); }), "larger than"));
  CHECK(Contains(ErrorOf([&] { ReadFile(directory / "g", 4); }), "No such file"));
  CHECK(Contains(ErrorOf([&] { ReadFile(directory.path(), 4); }), "not a regular file"));
  CHECK(Contains(ErrorOf([&] { ReadFile("/dev/zero", 4); }), "not a regular file"));
  std::filesystem::resize_file(path, std::uintmax_t{1} << 40);
  CHECK(Contains(ErrorOf([&] { ReadFile(path, 64 * kMegabyte); }), "larger than 64 MiB"));
}

TEST_CASE(
    "ReadLines gives lines of any length up to a mebibyte, the last one also without its end") {
  const TemporaryDirectory directory;
  const std::string path = directory / "f";
  const auto lines_of = [&](const std::string& text) {
    WriteText(path, text);
    std::vector<std::string> lines;
    ReadLines(path, [&](std::string_view line, std::int64_t number) {
      lines.emplace_back(line);
      CHECK(number == static_cast<std::int64_t>(lines.size()));
    });
    return lines;
  };
  using Lines = std::vector<std::string>;
  CHECK(lines_of("").empty());
  CHECK(lines_of("a") == Lines{"a"});
  CHECK(lines_of("a\n\nb\n") == Lines{"a", "", "b"});
  for (const std::size_t length : {65534, 65535, 65536, 65537, 200000, 1 << 20}) {
    CAPTURE(length);
    const std::string line(length, 'x');
    CHECK(lines_of(line + "\n" + line + "\nz") == Lines{line, line, "z"});
  }
  CHECK(ErrorOf([&] { lines_of("a\n" + std::string((1 << 20) + 1, 'x')); }) ==
        path + ", line 2: longer than 1 MiB");
  std::filesystem::resize_file(path, std::uintmax_t{1} << 40);  // is not read as a whole
  CHECK(Contains(ErrorOf([&] { ReadLines(path, [](auto&&...) {}); }), "longer than 1 MiB"));
}

TEST_CASE("Directories are made with their parents, and listed sorted") {
  const TemporaryDirectory directory;
  MakeDirectories(directory / "a/b/c");
  MakeDirectories(directory / "a/b/c");
  WriteText(directory / "a/z", "");
  WriteText(directory / "a/.hidden", "");
  CHECK(ListDirectory(directory / "a") == std::vector<std::string>{".hidden", "b", "z"});
  CHECK(FileExists(directory / "a/z"));
  CHECK(!FileExists(directory / "a/y"));
  RemoveFile(directory / "a/z");
  RemoveFile(directory / "a/z");
  CHECK(!FileExists(directory / "a/z"));
  WriteText(directory / "file", "");
  CHECK(!ErrorOf([&] { MakeDirectories(directory / "file"); }).empty());
  CHECK(!ErrorOf([&] { MakeDirectories(directory / "file/below"); }).empty());
  CHECK(!ErrorOf([&] { ListDirectory(directory / "absent"); }).empty());
  CHECK(!ErrorOf([&] { ListDirectory(directory / "file"); }).empty());
  CHECK(!ErrorOf([&] { RemoveFile(directory / "a"); }).empty());
}

TEST_CASE("LineWriter begins an empty file and appends whole lines at once") {
  const TemporaryDirectory directory;
  const std::string path = directory / "log";
  WriteText(path, "of an earlier run\n");
  LineWriter writer(path);
  CHECK(Slurp(path).empty());
  writer.Append("one");
  CHECK(Slurp(path) == "one\n");
  writer.Append("");
  writer.Append("three");
  CHECK(Slurp(path) == "one\n\nthree\n");
}

TEST_CASE("On a full disk LineWriter keeps whole lines only, and can go on later") {
  const TemporaryDirectory directory;
  const std::string path = directory / "log";
  LineWriter writer(path);
  const std::string line(99, 'x');
  int written = 0;
  std::string message;
  {
    const FullDisk full(1050);
    while (message.empty()) {
      message = ErrorOf([&] { writer.Append(line); });
      written += message.empty();
    }
  }
  CHECK(written == 10);
  CHECK(message == "cannot write " + path + ": File too large");
  CHECK(Slurp(path).size() == 1000);
  writer.Append("end");
  CHECK(Slurp(path).ends_with("x\nend\n"));
  CHECK(Slurp(path).size() == 1004);
}

TEST_CASE("LineWriter names the file that it cannot open or write") {
  CHECK(Contains(ErrorOf([] { LineWriter("/nothing/log"); }), "cannot create /nothing/log"));
  LineWriter full("/dev/full");
  CHECK(ErrorOf([&] { full.Append("x"); }) == "cannot write /dev/full: No space left on device");
}

TEST_CASE("A lock excludes others until it is released") {
  const TemporaryDirectory directory;
  const std::string path = directory / ".lock";
  {
    const FileLock lock(path);
    for (int i = 0; i < 3; ++i) {
      CHECK(Contains(ErrorOf([&] { FileLock second(path); }), path + " is locked"));
    }
    const FileLock other(directory / "other");
  }
  {  // One that is only looked at, as by vime-sweep status, is not taken.
    const int look = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    REQUIRE(::flock(look, LOCK_SH) == 0);
    const std::jthread end([&] {
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
      ::close(look);
    });
    CHECK(ErrorOf([&] { FileLock after(path); }).empty());
  }
  CHECK(ErrorOf([&] { FileLock again(path); }).empty());
  CHECK(Contains(ErrorOf([] { FileLock lock("/nothing/.lock"); }), "cannot create"));
}

}  // namespace
}  // namespace vime
