#include "apps/compare_options.h"

#include <array>
#include <sstream>

#include "apps/completion.h"
#include "apps/flags.h"
#include "apps/program.h"
#include "experiments/runner/config_json.h"
#include "lib/core/check.h"

namespace vime {

template <>
std::span<const std::string_view> EnumNames<TextFormat>() {
  static constexpr auto kNames = std::to_array<std::string_view>({"markdown", "csv", "json"});
  return kNames;
}

namespace {

// The values of flags as they are written, before they are taken apart.
struct RawOptions {
  std::string primary, baseline, group_by, select_seeds, report_seeds, allow_different;

  void Describe(FieldList& f, CompareCommand& command) {
    f.Add("primary", primary, "the metric that decides: a key of summary.json [auc_return]");
    f.Add("baseline", baseline,
          "the arm that the others are compared with: its letter, label, config hash or "
          "key=value[,key=value] [the arm without bonus, else the first]");
    f.Add("group_by", group_by,
          "KEY[,KEY]: an arm is everything with these values, instead of one config");
    f.Add("select_seeds", select_seeds,
          "SEEDS, such as 1-30,35: choose the best config of every group (see --group-by; without "
          "it, of everything but the baseline) on these, and report on other seeds");
    f.Add("report_seeds", report_seeds,
          "SEEDS that the results are of [all that --select-seeds does not name]");
    f.Add("allow_different", allow_different,
          "env|budget|version[,...]: what may differ between arms that are compared");
    f.Add("report", command.report, "write a report with figures: one HTML file");
    f.Add("out", command.out, "name of the report [vime-report.html]");
    f.Add("figures", command.figures, "directory for the figures as SVG and their numbers as CSV");
    f.Add("format", command.format, "what is printed on standard output");
    f.Add("threads", command.threads, "threads that read files; 0: one per processor",
          {.low = 0, .high = 256});
  }
};

std::vector<std::string> Split(const std::string& text) {
  std::vector<std::string> parts;
  std::istringstream stream(text);
  for (std::string part; std::getline(stream, part, ',');) {
    if (!part.empty()) parts.push_back(part);
  }
  return parts;
}

}  // namespace

CompareCommand ParseCompareCommand(int argc, const char* const* argv) {
  CompareCommand command;
  command.argv.assign(argv, argv + argc);
  CLI::App app{
      "usage: vime-compare [OPTIONS] RUN...        for example: vime-compare runs/*\n"
      "Compares runs: is one arm better than another, and how sure is that? A RUN is a run "
      "directory,\na directory of them, a summary.json or a glob. An arm is the runs of one "
      "config, "
      "less the seed.",
      "vime-compare"};
  AddHelp(app);
  AddCompletion(app);
  bool version = false;
  app.add_flag("--version", version, "print the version, and exit")->group(kRunGroup);
  std::vector<std::string> labels;
  app.add_option_function<std::string>(
         "--label", [&](const std::string& text) { labels.push_back(text); },
         "ARM:TEXT, such as eta=0.1:VIME: what to call an arm; may be repeated")
      ->trigger_on_parse()
      ->group(kRunGroup);
  RawOptions raw;
  FieldList fields;
  raw.Describe(fields, command);
  FlagSet flags;
  flags.AddTo(app, fields, kRunGroup);

  // What follows "--" is a path even where it begins with a dash.
  const char* const* separator = FindSeparator(argc, argv);
  if (auto text = Parse(app, static_cast<int>(separator - argv), argv, {&flags})) {
    command.action = CompareAction::kPrintText;
    command.text = *std::move(text);
    return command;
  }
  if (version) {
    command.action = CompareAction::kPrintText;
    command.text = VersionText("vime-compare");
    return command;
  }
  flags.ForEachGiven([&](std::size_t i, const Field& field, const std::string& text) {
    AssignText(fields.fields()[i], text, FlagOf(field.path));
  });
  for (const std::string& argument : app.remaining()) {
    if (argument.starts_with("-")) FailUnknown(app, argument);
    command.paths.push_back(argument);
  }
  if (separator != argv + argc)
    command.paths.insert(command.paths.end(), separator + 1, argv + argc);
  if (command.paths.empty()) throw ConfigError("no runs given; see vime-compare --help");

  if (!command.out.empty()) command.report = true;
  CompareOptions& options = command.options;
  options.primary = raw.primary;
  options.arms.baseline = raw.baseline;
  options.arms.group_by = Split(raw.group_by);
  options.arms.allow = Split(raw.allow_different);
  for (const std::string& name : options.arms.allow) {
    if (name != "env" && name != "budget" && name != "version") {
      throw ConfigError("--allow-different must be of env|budget|version, got '" + name + "'");
    }
  }
  if (!raw.select_seeds.empty()) options.select_seeds.emplace(raw.select_seeds, "--select-seeds");
  if (!raw.report_seeds.empty()) options.report_seeds.emplace(raw.report_seeds, "--report-seeds");
  for (const std::string& text : labels) {
    const std::size_t colon = text.find(':');
    if (colon == std::string::npos || colon == 0 || colon + 1 == text.size()) {
      throw ConfigError("--label must be ARM:TEXT, got '" + text + "'");
    }
    options.arms.labels[text.substr(0, colon)] = text.substr(colon + 1);
  }
  return command;
}

}  // namespace vime
