// vime-sweep: many runs. Exit codes: 0 ok, 1 some run failed or is missing, or internal error,
// 2 usage or config, 4 I/O, 75 stopped by a signal after checkpoints (130 by SIGINT).
#include "apps/program.h"
#include "apps/sweep_commands.h"

int main(int argc, char** argv) {
  return vime::RunProgram("vime-sweep", [&] { return vime::SweepCommand(argc, argv); });
}
