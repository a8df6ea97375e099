// Disks that are really full: a small tmpfs, whose files compete for its pages.
#include <doctest/doctest.h>
#include <sys/mount.h>

#include "tests/support/vime_run.h"

namespace vime::testing {
namespace {

// A file system of a few pages. Mounting it needs root.
class SmallDisk {
 public:
  explicit SmallDisk(int kilobytes)
      : mounted_(::mount("tmpfs", directory_.path().c_str(), "tmpfs", 0, Size(kilobytes).c_str()) ==
                 0) {}
  ~SmallDisk() {
    if (mounted_) ::umount2(directory_.path().c_str(), MNT_DETACH);
  }
  SmallDisk(const SmallDisk&) = delete;
  SmallDisk& operator=(const SmallDisk&) = delete;

  /// False, said loudly, where the test cannot be.
  bool mounted() const {
    if (!mounted_) MESSAGE("NOT TESTED: mounting a small disk needs root");
    return mounted_;
  }
  void Resize(int kilobytes) const {
    REQUIRE(::mount("tmpfs", directory_.path().c_str(), "tmpfs", MS_REMOUNT,
                    Size(kilobytes).c_str()) == 0);
  }
  const std::string& path() const { return directory_.path(); }
  std::string operator/(const std::string& name) const { return directory_ / name; }

 private:
  static std::string Size(int kilobytes) { return "size=" + std::to_string(kilobytes) + "k"; }

  TemporaryDirectory directory_;
  bool mounted_;
};

Result Run(const std::string& program, const Arguments& arguments, const SmallDisk& disk) {
  return Process(Arguments{program} + arguments, {.directory = disk.path()}).Wait();
}

void CheckFull(const Result& result) {
  CAPTURE(result.err);
  CHECK(result.exit_code == 4);
  CHECK(IsOneLine(result.err));
  CHECK(Contains(result.err, "No space left on device"));
}

TEST_CASE("A run goes on when a full disk has space again, with nothing lost and nothing else") {
  const Arguments command = kTiny + Arguments{"--out",   "r",
                                              "--quiet", "--iterations",
                                              "40",      "--checkpoint-every",
                                              "1",       "--tensorboard"};
  const TemporaryDirectory roomy;
  REQUIRE(VimeRun(command, roomy).exit_code == 0);
  const std::string expected = Reproducible(roomy / "r");
  int full = 0;
  std::size_t most_kept = 0;
  for (int kilobytes = 4; kilobytes < 200; kilobytes += 12) {
    CAPTURE(kilobytes);
    const SmallDisk disk(kilobytes);
    if (!disk.mounted()) return;
    const Result result = Run(VIME_RUN_PATH, command, disk);
    if (result.exit_code == 0) break;
    ++full;
    CheckFull(result);
    CHECK(!std::filesystem::exists(disk / "r/summary.json"));
    for (const std::string& name : Entries(disk / "r")) CHECK(!name.ends_with(".tmp"));
    const std::string kept = Reproducible(disk / "r");
    CHECK(expected.starts_with(kept));
    most_kept = std::max(most_kept, kept.size());
    CheckFull(Run(VIME_RUN_PATH, command, disk));  // still full
    CHECK(Reproducible(disk / "r").size() >= kept.size());
    disk.Resize(1000);
    REQUIRE(Run(VIME_RUN_PATH, command, disk).exit_code == 0);
    CHECK(Reproducible(disk / "r") == expected);
    CHECK(Slurp(disk / "r/policy.json") == Slurp(roomy / "r/policy.json"));
  }
  CHECK(full >= 5);
  CHECK(most_kept > 0);
}

TEST_CASE("A sweep on a full disk names its runs as failed, and goes on when there is space") {
  const SmallDisk disk(48);
  if (!disk.mounted()) return;
  Arguments plan = {"plan", "s", "eta=0,0.1", "--seeds", "1-4"};
  for (const char* setting : {"iterations=4", "batch_steps=100", "horizon=25", "bnn.updates=3"}) {
    plan = plan + Arguments{"--set", setting};
  }
  REQUIRE(Run(VIME_SWEEP_PATH, plan, disk).exit_code == 0);
  const Result run = Run(VIME_SWEEP_PATH, {"run", "s"}, disk);
  CHECK(run.exit_code == 1);
  CHECK(Contains(run.err, "  I/O  s/"));
  CHECK(Contains(run.err, "No space left on device"));
  // What is written beside results stands as a whole or not at all.
  CheckFull(Run(VIME_SWEEP_PATH, {"merge", "s", "--out", "rows"}, disk));
  CheckFull(Run(VIME_SWEEP_PATH, {"plan", "t", "eta=0,0.1", "--seeds", "1-100"}, disk));
  CHECK(!std::filesystem::exists(disk / "rows"));
  CHECK(!std::filesystem::exists(disk / "t/manifest.jsonl"));
  disk.Resize(1000);
  CHECK(Run(VIME_SWEEP_PATH, {"run", "s"}, disk).exit_code == 0);
  CHECK(
      Run(VIME_SWEEP_PATH, {"merge", "s", "--out", "rows", "--require-complete"}, disk).exit_code ==
      0);
  CHECK(Lines(Slurp(disk / "rows")).size() == 8);
}

TEST_CASE("A report that does not fit on the disk is an error, and the one before stands") {
  const SmallDisk disk(1000);
  if (!disk.mounted()) return;
  for (const char* seed : {"1", "2"}) {
    REQUIRE(Run(VIME_RUN_PATH, kTiny + Arguments{"--quiet", "--seed", seed}, disk).exit_code == 0);
  }
  const Arguments compare = {"runs", "--report"};
  const Result written = Run(VIME_COMPARE_PATH, compare, disk);
  CAPTURE(written.err);
  REQUIRE(written.exit_code == 0);
  const std::vector<std::string> entries = Entries(disk.path());
  const std::string report = Slurp(disk / "vime-report.html");
  REQUIRE(!report.empty());
  WriteText(disk / "ballast", std::string(2000000, 'x'));  // what is left of the disk
  CheckFull(Run(VIME_COMPARE_PATH, compare, disk));
  std::filesystem::remove(disk / "ballast");
  CHECK(Entries(disk.path()) == entries);
  CHECK(Slurp(disk / "vime-report.html") == report);
}

}  // namespace
}  // namespace vime::testing
