#include "experiments/sweep/pool.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <map>

#include "experiments/runner/files.h"
#include "lib/core/check.h"

namespace vime {
namespace {

constexpr std::array kSignals = {SIGINT, SIGTERM, SIGHUP, SIGUSR1, SIGUSR2};
constexpr int kRunAgain = 75;

struct RunningTask {
  std::int64_t task;
  int messages;  // descriptor of its standard error
};

std::string LastLine(int descriptor) {
  std::array<char, 2048> buffer;
  const off_t size = ::lseek(descriptor, 0, SEEK_END);
  const off_t from = std::max<off_t>(0, size - static_cast<off_t>(buffer.size()));
  const ssize_t count = ::pread(descriptor, buffer.data(), buffer.size(), from);
  std::string text(buffer.data(), static_cast<std::size_t>(std::max<ssize_t>(0, count)));
  while (!text.empty() && text.back() == '\n') text.pop_back();
  return text.substr(text.rfind('\n') + 1);  // npos + 1 is 0
}

// One line on standard error about how far the sweep is.
class SweepProgress {
 public:
  explicit SweepProgress(std::size_t total) : total_(total), terminal_(::isatty(STDERR_FILENO)) {}

  void Show(std::size_t done, const PoolOutcome& outcome) {
    const auto now = Clock::now();
    const bool last = done == total_;
    const auto pause = terminal_ ? std::chrono::milliseconds(100) : std::chrono::seconds(10);
    if (!last && now - shown_ < pause) return;
    shown_ = now;
    std::fprintf(stderr, "%s%zu of %zu runs, %zu failed%s", terminal_ ? "\r" : "", done, total_,
                 outcome.failed.size(), terminal_ && !last ? "" : "\n");
  }

 private:
  using Clock = std::chrono::steady_clock;
  std::size_t total_;
  bool terminal_;
  Clock::time_point shown_ = Clock::now();
};

pid_t Start(const std::string& manifest, std::int64_t task, const PoolOptions& options,
            const SweepSignals& signals, int messages) {
  std::vector<std::string> command = {options.program, "--manifest",         manifest,
                                      "--task",        std::to_string(task), "--quiet"};
  command.insert(command.end(), options.arguments.begin(), options.arguments.end());
  std::vector<char*> arguments;
  for (std::string& word : command) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  const pid_t parent = ::getpid();
  const pid_t child = ::fork();
  if (child != 0) return child;
  // Only what may follow fork(). Ctrl-C reaches the sweep alone, which passes it on; a sweep that
  // is killed takes its runs along, which leave checkpoints.
  ::setpgid(0, 0);
  ::prctl(PR_SET_PDEATHSIG, SIGTERM);
  if (::getppid() != parent) ::_exit(kRunAgain);
  ::dup2(messages, STDERR_FILENO);
  const int null = ::open("/dev/null", O_RDWR);
  ::dup2(null, STDIN_FILENO);
  ::dup2(null, STDOUT_FILENO);
  signals.UnblockInChild();
  ::execvp(arguments[0], arguments.data());
  const char* failed = "cannot start vime-run\n";
  if (::write(STDERR_FILENO, failed, std::strlen(failed)) < 0) ::_exit(126);
  ::_exit(127);
}

bool IsEnding(int signal) { return signal == SIGINT || signal == SIGTERM || signal == SIGHUP; }

// What a run is sent. It ends at once when the second ending signal reaches it, and who ends the
// sweep may signal all its processes: the first is passed on as a warning, which may come twice.
int PassedOn(int signal, int endings) {
  if (!IsEnding(signal)) return signal;
  return endings == 1 ? SIGUSR1 : SIGKILL;
}

}  // namespace

SweepSignals::SweepSignals() {
  std::signal(SIGCHLD, SIG_DFL);  // it may be ignored by inheritance
  sigemptyset(&waited_);
  sigaddset(&waited_, SIGCHLD);
  for (const int signal : kSignals) {
    struct sigaction action {};
    ::sigaction(signal, nullptr, &action);
    if (action.sa_handler != SIG_IGN) sigaddset(&waited_, signal);  // nohup and &
  }
  ::sigprocmask(SIG_BLOCK, &waited_, &before_);
}

SweepSignals::~SweepSignals() {
  while (Poll() > 0) {  // too late
  }
  ::sigprocmask(SIG_SETMASK, &before_, nullptr);
}

int SweepSignals::Poll() const {
  const timespec no_time{};
  const int signal = ::sigtimedwait(&waited_, nullptr, &no_time);
  return signal == SIGCHLD ? Poll() : std::max(0, signal);
}

int SweepSignals::Wait() const {
  int signal = 0;
  while (::sigwait(&waited_, &signal) != 0) {
  }
  return signal;
}

void SweepSignals::UnblockInChild() const { ::sigprocmask(SIG_SETMASK, &before_, nullptr); }

PoolOutcome RunTasks(const SweepSignals& signals, const std::string& manifest,
                     const std::vector<std::int64_t>& tasks, const PoolOptions& options) {
  PoolOutcome outcome;
  outcome.signal = signals.Poll();
  int endings = 0;
  SweepProgress progress(tasks.size());
  std::map<pid_t, RunningTask> running;
  std::size_t next = 0;
  std::size_t done = 0;
  while (true) {
    while (outcome.signal == 0 && next < tasks.size() &&
           static_cast<std::int64_t>(running.size()) < options.jobs) {
      const int messages = ::memfd_create("messages", MFD_CLOEXEC);
      const pid_t child =
          messages < 0 ? -1 : Start(manifest, tasks[next], options, signals, messages);
      if (child < 0 && running.empty()) {
        throw IoError("cannot start a process: " + std::string(std::strerror(errno)));
      }
      if (child < 0) {  // too many at once: wait for one to end
        if (messages >= 0) ::close(messages);
        break;
      }
      running[child] = {tasks[next++], messages};
    }
    if (running.empty()) break;

    const int signal = signals.Wait();
    if (signal != SIGCHLD) {
      outcome.signal = signal;
      endings += IsEnding(signal) ? 1 : 0;
      for (const auto& [child, task] : running) ::kill(child, PassedOn(signal, endings));
      continue;
    }
    int status = 0;
    for (pid_t child = 0; (child = ::waitpid(-1, &status, WNOHANG)) > 0;) {
      const auto found = running.find(child);
      if (found == running.end()) continue;
      const auto [task, messages] = found->second;
      const int code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
      const bool stopped = code == kRunAgain || (outcome.signal != 0 && code > 128);
      if (code == 0 && options.has_result(task)) {
        ++outcome.finished;
      } else if (code == 0) {
        outcome.failed.push_back({task, code, "vime-run succeeded without a summary.json"});
      } else if (stopped) {
        ++outcome.stopped;
      } else if (const std::string message = LastLine(messages); message.ends_with(kLocked)) {
        ++outcome.elsewhere;
      } else {
        outcome.failed.push_back({task, code, message});
      }
      ::close(messages);
      running.erase(found);
      progress.Show(++done, outcome);
    }
  }
  outcome.stopped += static_cast<std::int64_t>(tasks.size() - next);
  return outcome;
}

}  // namespace vime
