// vime-run: one run from the command line. Exit codes: 0 ok, 1 internal error, 2 usage or config,
// 3 diverged, 4 I/O or a locked run directory, 130 and 143 interrupted by SIGINT and SIGTERM.
#include <csignal>
#include <new>
#include <stdexcept>
#include <string_view>

#include "apps/difficulty.h"
#include "apps/options.h"
#include "apps/program.h"
#include "apps/report.h"

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

int TrainAndReport(int argc, char** argv) {
  try {
    return vime::Execute(vime::ParseCommandLine(argc, argv), stop_requested, stop_signal);
  } catch (const std::bad_alloc&) {
    throw std::runtime_error(
        "out of memory; smaller batch_steps, bnn.pool_capacity or networks may help");
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc > 1 && std::string_view(argv[1]) == "difficulty") {
    return vime::RunProgram("vime-run",
                            [&] { return vime::MeasureDifficulty(argc - 1, argv + 1); });
  }
  for (const int signal : {SIGINT, SIGTERM}) {
    if (std::signal(signal, RequestStop) == SIG_IGN) std::signal(signal, SIG_IGN);  // nohup and &
  }
  return vime::RunProgram("vime-run", [&] { return TrainAndReport(argc, argv); });
}
