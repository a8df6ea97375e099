// vime-run: one run from the command line. Exit codes: 0 ok, 1 internal error, 2 usage or config,
// 3 diverged, 4 I/O or a locked run directory, 75 stopped after a checkpoint (by SIGTERM, SIGHUP,
// SIGUSR1, SIGUSR2 or --max-seconds), 130 the same by SIGINT.
#include <csignal>
#include <new>
#include <stdexcept>

#include "apps/diagnose.h"
#include "apps/difficulty.h"
#include "apps/options.h"
#include "apps/oracle.h"
#include "apps/policy_commands.h"
#include "apps/program.h"
#include "apps/report.h"

namespace {

std::atomic<bool> stop_requested{false};
std::atomic<int> stop_signal{0};

// SIGUSR1 and SIGUSR2 warn of an end that is near, as batch systems do.
constexpr int kEndingSignals[] = {SIGINT, SIGTERM, SIGHUP};
constexpr int kWarningSignals[] = {SIGUSR1, SIGUSR2};

// The run stops after its iteration, with a checkpoint.
void RequestStop(int signal) {
  stop_signal = signal;
  stop_requested = true;
}

// The second ending signal ends the run at once.
void RequestEnd(int signal) {
  RequestStop(signal);
  for (const int each : kEndingSignals) std::signal(each, SIG_DFL);
}

void Handle(int signal, void (*handler)(int)) {
  if (std::signal(signal, handler) == SIG_IGN) std::signal(signal, SIG_IGN);  // nohup and &
}

int TrainAndReport(int argc, char** argv) {
  try {
    return vime::Execute(vime::ParseCommandLine(argc, argv), stop_requested, stop_signal);
  } catch (const std::bad_alloc&) {
    throw std::runtime_error(
        "out of memory; smaller bnn.hidden, policy.hidden, batch_steps or bnn.pool_capacity may "
        "help");
  }
}

}  // namespace

int main(int argc, char** argv) {
  const vime::Commands commands = {{"diagnose", vime::DiagnoseCommand},
                                   {"difficulty", vime::MeasureDifficulty},
                                   {"eval", vime::EvalCommand},
                                   {"oracle", vime::OracleCommand},
                                   {"replay", vime::ReplayCommand}};
  const int code = vime::RunProgram("vime-run", [&] {
    if (const auto command_code = vime::RunCommand(commands, argc, argv)) return *command_code;
    for (const int signal : kEndingSignals) Handle(signal, RequestEnd);
    for (const int signal : kWarningSignals) Handle(signal, RequestStop);
    return TrainAndReport(argc, argv);
  });
  if (code == 128 + SIGINT) {  // a shell ends its loop only when the signal itself ended us
    std::signal(SIGINT, SIG_DFL);
    std::raise(SIGINT);
  }
  return code;
}
