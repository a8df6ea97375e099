#include "experiments/runner/progress.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>

namespace vime {
namespace {

constexpr double kLineSeconds = 10;
constexpr double kBarSeconds = 0.05;

[[gnu::format(printf, 1, 2)]] std::string Text(const char* format, ...) {
  char text[400];  // longer than any double with %.2f
  va_list arguments;
  va_start(arguments, format);
  const int length = std::vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  return std::string(text, std::min(static_cast<std::size_t>(length), sizeof text - 1));
}

std::string Duration(double seconds) {
  if (!(seconds < 3.6e8)) return ">100000h";
  if (seconds < 100) return Text("%.1fs", seconds);
  const int s = static_cast<int>(seconds);
  if (seconds < 6000) return Text("%dm%02ds", s / 60, s % 60);
  return Text("%dh%02dm", s / 3600, s / 60 % 60);
}

std::string Count(double value) {
  if (value >= 1e6) return Text("%.2fM", value / 1e6);
  if (value >= 1e4) return Text("%.0fk", value / 1e3);
  return Text("%.0f", value);
}

std::size_t TerminalColumns() {
  winsize size{};
  if (::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) return size.ws_col;
  return 100;
}

}  // namespace

Progress::Progress(ProgressStyle style, std::int64_t iterations, std::int64_t from_iteration,
                   std::int64_t from_env_steps)
    : style_(style),
      iterations_(iterations),
      from_iteration_(from_iteration),
      from_env_steps_(from_env_steps) {
  const bool terminal = ::isatty(STDERR_FILENO) == 1;
  if (style_ == ProgressStyle::kAuto) {
    style_ = terminal ? ProgressStyle::kBar : ProgressStyle::kLines;
  }
  const char* no_colour = std::getenv("NO_COLOR");
  colour_ = terminal && (no_colour == nullptr || *no_colour == '\0');
  if (from_iteration_ > 0 && style_ != ProgressStyle::kOff) {
    std::fprintf(stderr, "resuming after %lld iterations\n",
                 static_cast<long long>(from_iteration_));
  }
}

Progress::~Progress() { Finish(); }

void Progress::Show(const IterationMetrics& m, bool solved) {
  if (style_ == ProgressStyle::kOff) return;
  const auto now = Clock::now();
  const double elapsed = std::chrono::duration<double>(now - start_).count();
  const double done = static_cast<double>(m.iteration + 1 - from_iteration_);
  const double left = elapsed / done * static_cast<double>(iterations_ - m.iteration - 1);
  const bool small = m.return_mean != 0 && std::abs(m.return_mean) < 0.01;
  last_ = Text("iteration %lld/%lld  steps %s  return %s  success %3.0f%%",
               static_cast<long long>(m.iteration) + 1, static_cast<long long>(iterations_),
               Count(static_cast<double>(m.env_steps)).c_str(),
               Text(small ? "%.1e" : "%.2f", m.return_mean).c_str(), 100 * m.success_fraction);
  if (solved) last_ += " solved";
  if (m.bonus_mean) last_ += Text("  bonus %.1e", *m.bonus_mean);
  if (m.bonus_not_finite > 0) last_ += "  bonus not finite";
  last_ += "  " + Count(static_cast<double>(m.env_steps - from_env_steps_) / elapsed) +
           " steps/s  ETA " + Duration(left);
  solved_ = solved;
  pending_ = true;

  const double waited = std::chrono::duration<double>(now - last_shown_).count();
  const bool bar = style_ == ProgressStyle::kBar;
  if (waited < (bar ? kBarSeconds : kLineSeconds) && !(bar && m.iteration == 0)) return;
  last_shown_ = now;
  Print();
}

void Progress::Print() {
  if (style_ == ProgressStyle::kLines) {
    std::fprintf(stderr, "%s\n", last_.c_str());
  } else {
    const std::string shown = last_.substr(0, TerminalColumns() - 1);
    const bool colour = colour_ && solved_;
    std::fprintf(stderr, "\r%s%s%s\x1b[K", colour ? "\x1b[32m" : "", shown.c_str(),
                 colour ? "\x1b[0m" : "");
    open_line_ = true;
  }
  pending_ = false;
}

void Progress::Finish() {
  if (pending_) Print();
  if (open_line_) std::fprintf(stderr, "\n");
  open_line_ = false;
}

}  // namespace vime
