#include "experiments/runner/progress.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>

namespace vime {
namespace {

constexpr double kLineSeconds = 10;
constexpr double kBarSeconds = 0.05;

std::string Duration(double seconds) {
  char text[32];
  if (seconds < 100) {
    std::snprintf(text, sizeof text, "%.1fs", seconds);
  } else if (seconds < 6000) {
    std::snprintf(text, sizeof text, "%dm%02ds", static_cast<int>(seconds) / 60,
                  static_cast<int>(seconds) % 60);
  } else {
    std::snprintf(text, sizeof text, "%dh%02dm", static_cast<int>(seconds / 3600),
                  static_cast<int>(seconds / 60) % 60);
  }
  return text;
}

std::string Count(double value) {
  char text[32];
  if (value >= 1e6) {
    std::snprintf(text, sizeof text, "%.2fM", value / 1e6);
  } else if (value >= 1e4) {
    std::snprintf(text, sizeof text, "%.0fk", value / 1e3);
  } else {
    std::snprintf(text, sizeof text, "%.0f", value);
  }
  return text;
}

std::size_t TerminalColumns() {
  winsize size{};
  if (::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) return size.ws_col;
  return 100;
}

}  // namespace

Progress::Progress(ProgressStyle style, std::int64_t iterations)
    : style_(style), iterations_(iterations) {
  const bool terminal = ::isatty(STDERR_FILENO) == 1;
  if (style_ == ProgressStyle::kAuto) {
    style_ = terminal ? ProgressStyle::kBar : ProgressStyle::kLines;
  }
  const char* no_colour = std::getenv("NO_COLOR");
  colour_ = terminal && (no_colour == nullptr || *no_colour == '\0');
}

Progress::~Progress() { Finish(); }

void Progress::Show(const IterationMetrics& m, bool solved) {
  if (style_ == ProgressStyle::kOff) return;
  const double elapsed = std::chrono::duration<double>(Clock::now() - start_).count();
  const double done = static_cast<double>(m.iteration + 1);
  const double left = elapsed / done * (static_cast<double>(iterations_) - done);
  char text[256];
  int length = std::snprintf(
      text, sizeof text, "iteration %lld/%lld  steps %s  return %.2f  success %3.0f%%",
      static_cast<long long>(m.iteration + 1), static_cast<long long>(iterations_),
      Count(static_cast<double>(m.env_steps)).c_str(), m.return_mean, 100 * m.success_fraction);
  last_.assign(text, static_cast<std::size_t>(length));
  if (m.bonus_mean) {
    length = std::snprintf(text, sizeof text, "  bonus %.2e", *m.bonus_mean);
    last_.append(text, static_cast<std::size_t>(length));
  }
  last_ += "  " + Count(static_cast<double>(m.env_steps) / elapsed) + " steps/s  ETA " +
           Duration(left) + (solved ? "  solved" : "");

  const auto now = Clock::now();
  const double waited = std::chrono::duration<double>(now - last_shown_).count();
  const bool final_line = m.iteration + 1 == iterations_;
  if (style_ == ProgressStyle::kLines) {
    if (waited < kLineSeconds && !final_line) return;
    std::fprintf(stderr, "%s\n", last_.c_str());
  } else {
    if (waited < kBarSeconds && m.iteration > 0 && !final_line) {
      open_line_ = true;
      return;
    }
    const std::string shown = last_.substr(0, TerminalColumns() - 1);
    const bool green = colour_ && solved;
    std::fprintf(stderr, "\r%s%s%s\x1b[K", green ? "\x1b[32m" : "", shown.c_str(),
                 green ? "\x1b[0m" : "");
    open_line_ = true;
  }
  last_shown_ = now;
}

void Progress::Finish() {
  if (style_ == ProgressStyle::kBar && open_line_) {
    std::fprintf(stderr, "\r%s\x1b[K\n", last_.substr(0, TerminalColumns() - 1).c_str());
  }
  open_line_ = false;
}

}  // namespace vime
