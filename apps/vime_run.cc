// vime-run: one run from the command line. Exit codes: 0 ok, 1 internal error, 2 usage or config,
// 3 diverged, 4 I/O or a locked run directory, 130 and 143 interrupted by SIGINT and SIGTERM.
#include <fcntl.h>
#include <unistd.h>

#include <csignal>
#include <iostream>

#include "apps/options.h"
#include "apps/report.h"
#include "lib/core/check.h"

namespace {

std::atomic<bool> stop_requested{false};
std::atomic<int> stop_signal{0};

// The first signal asks the run to stop after its iteration, a second one ends it at once.
void RequestStop(int signal) {
  stop_signal = signal;
  stop_requested = true;
  std::signal(SIGINT, SIG_DFL);
  std::signal(SIGTERM, SIG_DFL);
}

// A standard stream that is closed must not become the descriptor of the next file that is opened.
// Standard output is opened so that writing to it still fails: there the result would be lost.
void OccupyStandardStreams() {
  for (const int stream : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (::fcntl(stream, F_GETFD) >= 0) continue;
    ::open("/dev/null", stream == STDOUT_FILENO ? O_RDONLY : O_RDWR);  // the lowest that is free
  }
}

int Fail(int code, const std::string& message) {
  std::cerr << "vime-run: " << vime::OneLine(message) << "\n";
  return code;
}

}  // namespace

int main(int argc, char** argv) {
  OccupyStandardStreams();
  for (const int signal : {SIGINT, SIGTERM}) {
    if (std::signal(signal, RequestStop) == SIG_IGN) std::signal(signal, SIG_IGN);  // nohup and &
  }
  std::signal(SIGPIPE, SIG_IGN);  // a closed pipe and a full disk are errors of write(2)
  std::signal(SIGXFSZ, SIG_IGN);
  try {
    return vime::Execute(vime::ParseCommandLine(argc, argv), stop_requested, stop_signal);
  } catch (const vime::ConfigError& error) {
    return Fail(2, error.what());
  } catch (const vime::IoError& error) {
    return Fail(4, error.what());
  } catch (const std::bad_alloc&) {
    return Fail(1, "out of memory; smaller batch_steps, bnn.pool_capacity or networks may help");
  } catch (const std::exception& error) {
    return Fail(1, error.what());
  }
}
