// Runs a real program and observes what a user would: its output, its exit code, its files.
#pragma once

#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

namespace vime::testing {

/// An empty directory that disappears with its contents.
class TemporaryDirectory {
 public:
  TemporaryDirectory() {
    std::string name = (std::filesystem::temp_directory_path() / "vime_test_XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("mkdtemp failed");
    path_ = name;
  }
  ~TemporaryDirectory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;

  const std::string& path() const { return path_; }
  std::string operator/(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

/// The bytes of a file; "" when there is none.
inline std::string Slurp(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

inline void WriteText(const std::string& path, const std::string& text) {
  std::ofstream(path, std::ios::binary) << text;
}

/// A running program. Standard output and error go to files that Wait() reads.
class Process {
 public:
  struct Setup {
    std::string directory = ".";                ///< working directory
    std::vector<std::string> environment = {};  ///< NAME=value, added to what is inherited
    std::string stdout_path = {};               ///< where output goes instead, such as /dev/full
    bool close_stdout = false;
    bool close_stderr = false;
    bool broken_stdout = false;    ///< standard output is a pipe that nobody reads
    bool terminal_stderr = false;  ///< standard error is a terminal
    rlim_t max_file_bytes = RLIM_INFINITY;
  };
  struct Result {
    int exit_code = 0;  ///< 128 + the signal when one ended the program
    std::string out, err;
  };

  Process(std::vector<std::string> command, Setup setup) {
    stdout_ = Scratch();
    stderr_ = setup.terminal_stderr ? ::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC) : Scratch();
    std::string terminal;
    if (setup.terminal_stderr) {
      terminal_ = true;
      if (::grantpt(stderr_) != 0 || ::unlockpt(stderr_) != 0) {
        throw std::runtime_error("no pseudo terminal");
      }
      terminal = ::ptsname(stderr_);
    }
    int broken[2] = {-1, -1};
    if (setup.broken_stdout) {
      if (::pipe2(broken, O_CLOEXEC) != 0) throw std::runtime_error("pipe failed");
      ::close(broken[0]);
    }
    // Everything that allocates comes before fork().
    std::vector<char*> arguments;
    for (std::string& word : command) arguments.push_back(word.data());
    arguments.push_back(nullptr);
    pid_ = ::fork();
    if (pid_ < 0) throw std::runtime_error("fork failed");
    if (pid_ == 0) {
      // As from a terminal, even when the tests run under nohup or in the background.
      for (const int signal : {SIGINT, SIGHUP}) ::signal(signal, SIG_DFL);
      bool ready = ::chdir(setup.directory.c_str()) == 0;
      for (std::string& variable : setup.environment) ::putenv(variable.data());
      const int null = ::open("/dev/null", O_RDONLY);
      int out = broken[1] >= 0 ? broken[1] : stdout_;
      if (!setup.stdout_path.empty()) out = ::open(setup.stdout_path.c_str(), O_WRONLY);
      const int err = terminal_ ? ::open(terminal.c_str(), O_RDWR | O_NOCTTY) : stderr_;
      ready = ready && ::dup2(null, 0) == 0 && ::dup2(out, 1) == 1 && ::dup2(err, 2) == 2;
      if (setup.close_stdout) ::close(1);
      if (setup.close_stderr) ::close(2);
      if (setup.max_file_bytes != RLIM_INFINITY) {
        const rlimit limit{setup.max_file_bytes, setup.max_file_bytes};
        ready = ready && ::setrlimit(RLIMIT_FSIZE, &limit) == 0;
      }
      if (ready) ::execv(arguments[0], arguments.data());
      ::_exit(127);
    }
    if (broken[1] >= 0) ::close(broken[1]);
  }

  ~Process() {
    if (pid_ > 0) {
      Signal(SIGKILL);
      Wait();
    }
    ::close(stdout_);
    ::close(stderr_);
  }
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  void Signal(int signal) const { ::kill(pid_, signal); }

  /// To its children, and then to itself.
  void SignalTree(int signal) const {
    const std::string id = std::to_string(pid_);
    std::ifstream children("/proc/" + id + "/task/" + id + "/children");
    for (pid_t child = 0; children >> child;) ::kill(child, signal);
    Signal(signal);
  }

  /// Whether it has not ended yet.
  bool Running() const {
    siginfo_t info{};
    ::waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOHANG | WNOWAIT);
    return info.si_pid == 0;
  }

  Result Wait() {
    Result result;
    if (terminal_) result.err = ReadTerminal();
    int status = 0;
    while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
    }
    pid_ = -1;
    result.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    result.out = ReadScratch(stdout_);
    if (!terminal_) result.err = ReadScratch(stderr_);
    return result;
  }

 private:
  // An open file without a name.
  static int Scratch() {
    std::string name = (std::filesystem::temp_directory_path() / "vime_test_XXXXXX").string();
    const int descriptor = ::mkostemp(name.data(), O_CLOEXEC);
    if (descriptor < 0) throw std::runtime_error("mkostemp failed");
    ::unlink(name.c_str());
    return descriptor;
  }

  static std::string ReadScratch(int descriptor) {
    ::lseek(descriptor, 0, SEEK_SET);
    return ReadAll(descriptor);
  }

  // Until the program has closed its end, which is an error on Linux.
  std::string ReadTerminal() const { return ReadAll(stderr_); }

  static std::string ReadAll(int descriptor) {
    std::string text;
    char buffer[4096];
    for (ssize_t count = 0; (count = ::read(descriptor, buffer, sizeof buffer)) > 0;) {
      text.append(buffer, static_cast<std::size_t>(count));
    }
    return text;
  }

  pid_t pid_ = -1;
  int stdout_ = -1;
  int stderr_ = -1;
  bool terminal_ = false;
};

}  // namespace vime::testing
