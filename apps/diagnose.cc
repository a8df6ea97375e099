#include "apps/diagnose.h"

#include <optional>

#include "apps/config_flags.h"
#include "apps/flags.h"
#include "experiments/diagnose/diagnose.h"
#include "experiments/runner/config_json.h"
#include "experiments/runner/files.h"
#include "lib/core/check.h"

namespace vime {

int DiagnoseCommand(int argc, const char* const* argv) {
  CLI::App app{
      "usage: vime-run diagnose [OPTIONS]\n"
      "for example: vime-run diagnose --env mountaincar --warmup 20\n"
      "Runs the config for a while, then measures: the variance of the policy gradient with each\n"
      "baseline, the bias of importance sampling as the policy moves on, the KL against its\n"
      "quadratic model, and the forms of the information gain. Takes every key of the config.",
      "vime-run diagnose"};
  AddHelp(app);
  DiagnoseOptions options;
  std::int64_t threads = 1;
  bool json = false;
  FieldList option_fields;
  option_fields.Add("warmup", options.warmup, "iterations before anything is measured",
                    {.low = 0, .high = 1e6});
  option_fields.Add("batches", options.batches, "independent batches behind every mean",
                    {.low = 2, .high = 1e5});
  option_fields.Add("threads", threads, "threads; the result does not depend on them",
                    {.low = 1, .high = 256});
  option_fields.Add("json", json, "print JSON instead of tables");
  RunConfig defaults;
  FieldList config_fields;
  defaults.Describe(config_fields);
  ConfigSources sources;
  sources.AddTo(app);
  FlagSet option_flags, config_flags;
  option_flags.AddTo(app, option_fields, kRunGroup);
  config_flags.AddTo(app, config_fields, "Config");
  if (const auto text = Parse(app, argc, argv, {&config_flags, &option_flags})) {
    WriteStdout(*text);
    return 0;
  }
  if (!app.remaining().empty()) FailUnknown(app, app.remaining().front());
  ConfigBuilder builder;
  sources.AddTo(builder);
  config_flags.ForEachGiven([&](std::size_t, const Field& field, const std::string& text) {
    builder.AddText(field.path, text, FlagOf(field.path));
  });
  option_flags.ForEachGiven([&](std::size_t i, const Field& field, const std::string& text) {
    AssignText(option_fields.fields()[i], text, FlagOf(field.path));
  });
  const RunConfig config = builder.Build().config;
  const Diagnosis diagnosis = Diagnose(config, options, static_cast<int>(threads));
  if (!json) {
    WriteStdout(config.env + ", " + std::to_string(options.warmup) + " iterations, seed " +
                std::to_string(config.seed) + ": " + ToMarkdown(diagnosis));
    return 0;
  }
  Json document;
  document["schema"] = "vime-diagnosis-1";
  document["config"] = ToJson(config);
  document["warmup"] = options.warmup;
  document["batches"] = options.batches;
  document.update(ToJson(diagnosis));
  WriteStdout(document.dump(2) + "\n");
  return 0;
}

}  // namespace vime
