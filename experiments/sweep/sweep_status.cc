#include "experiments/sweep/sweep_status.h"

#include <algorithm>

#include "experiments/runner/files.h"
#include "experiments/runner/run_directory.h"
#include "experiments/runner/summary.h"
#include "experiments/runner/text.h"
#include "lib/core/check.h"

namespace vime {
namespace {

// The document, or null when it is absent or broken.
Json ReadOrNull(const std::string& path) {
  try {
    if (FileExists(path)) return ReadJsonFile(path, path);
  } catch (const ConfigError&) {
  }
  return nullptr;
}

TaskRecord Inspect(const std::string& manifest, const SweepTask& task, std::int64_t number) {
  TaskRecord record{
      .task = number, .run = RunPath(manifest, task), .axes = task.axes, .summary = {}};
  const Json run = ReadOrNull(record.run + "/run.json");
  const bool ours =
      ValueOr<std::string>(run, "config_hash", "") == task.config_hash &&
      ValueOr<std::int64_t>(run, "seed", -1) == ValueOr<std::int64_t>(task.axes, "seed", -2);
  if (!ours) return record;
  const Json summary = ReadOrNull(record.run + "/summary.json");
  const std::string status = ValueOr<std::string>(run, "status", "");
  const bool diverged = ValueOr<std::string>(summary, "status", "") == "diverged";
  const bool far_enough = LimitsReached(
      LimitsOf(task), ValueOr<std::int64_t>(summary, "iterations", 0),
      ValueOr<std::int64_t>(summary, "env_steps", 0), ValueOr(summary, "solved", false));
  if (IsFinal(summary) && (diverged || far_enough)) {
    record.summary = summary;
    record.status = diverged ? TaskStatus::kDiverged : TaskStatus::kFinished;
  } else if (IsLocked(record.run + "/.lock")) {
    record.status = TaskStatus::kRunning;
  } else {
    const bool stopped = status == "interrupted" || status == "finished";  // the plan has grown
    record.status = stopped ? TaskStatus::kStopped : TaskStatus::kFailed;
  }
  return record;
}

Json Row(const TaskRecord& record) {
  Json row;
  row["task"] = record.task;
  row["run"] = record.run;
  row["status"] = NameOf(record.status);
  for (const auto& [path, value] : record.axes.items()) row[path] = value;
  if (!record.summary.is_object()) return row;
  for (const auto& [key, value] : record.summary.items()) {
    if (key != "schema" && !row.contains(key)) row[key] = value;
  }
  return row;
}

// null is an empty cell.
std::string Cell(const Json& value) {
  if (value.is_null()) return "";
  const std::string text = value.is_string()
                               ? value.get<std::string>()
                               : value.dump(-1, ' ', false, Json::error_handler_t::replace);
  return EscapeCsv(text, value.is_number());
}

}  // namespace

const char* NameOf(TaskStatus status) {
  switch (status) {
    case TaskStatus::kFinished:
      return "finished";
    case TaskStatus::kDiverged:
      return "diverged";
    case TaskStatus::kStopped:
      return "stopped";
    case TaskStatus::kRunning:
      return "running";
    case TaskStatus::kFailed:
      return "failed";
    case TaskStatus::kMissing:
      break;
  }
  return "missing";
}

std::vector<TaskRecord> SweepStatus(const std::string& manifest) {
  std::vector<TaskRecord> records;
  for (const SweepTask& task : ReadManifest(manifest)) {
    records.push_back(Inspect(manifest, task, static_cast<std::int64_t>(records.size() + 1)));
  }
  return records;
}

bool IsComplete(const TaskRecord& record) {
  return record.status == TaskStatus::kFinished || record.status == TaskStatus::kDiverged;
}

std::string MergedJsonl(const std::vector<TaskRecord>& records) {
  std::string text;
  for (const TaskRecord& record : records) {
    text += Row(record).dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
  }
  return text;
}

std::string MergedCsv(const std::vector<TaskRecord>& records) {
  std::vector<std::string> columns;
  std::vector<Json> rows;
  for (const TaskRecord& record : records) {
    rows.push_back(Row(record));
    for (const auto& [key, value] : rows.back().items()) {
      if (std::find(columns.begin(), columns.end(), key) == columns.end()) columns.push_back(key);
    }
  }
  std::string text;
  const auto line = [&](const auto& cell) {
    for (std::size_t i = 0; i < columns.size(); ++i) text += (i > 0 ? "," : "") + cell(columns[i]);
    text += "\n";
  };
  line([](const std::string& column) { return Cell(column); });
  for (const Json& row : rows) {
    line([&](const std::string& column) {
      return row.contains(column) ? Cell(row[column]) : std::string();
    });
  }
  return text;
}

}  // namespace vime
