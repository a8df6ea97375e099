#include "experiments/compare/report.h"

#include <algorithm>
#include <cmath>

#include "experiments/compare/comparison_text.h"
#include "experiments/compare/report_assets.h"
#include "experiments/runner/build_info.h"
#include "experiments/runner/files.h"
#include "experiments/runner/text.h"

namespace vime {
namespace {

std::string Base64OfHex(std::string_view hex) {
  constexpr std::string_view kDigits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  unsigned bits = 0;
  int count = 0;
  for (const char c : hex) {
    bits = bits << 4 | static_cast<unsigned>(c <= '9' ? c - '0' : c - 'a' + 10);
    for (count += 4; count >= 6; bits &= (1U << count) - 1) {
      count -= 6;
      text += kDigits[bits >> count];
    }
  }
  if (count > 0) text += kDigits[bits << (6 - count) & 63];
  while (text.size() % 4 != 0) text += '=';
  return text;
}

std::string Paragraph(const std::string& text, const char* attributes = "") {
  return "<p" + std::string(attributes) + ">" + EscapeHtml(text) + "</p>\n";
}

std::string Details(const std::string& summary, const std::string& html) {
  return "<details><summary>" + EscapeHtml(summary) + "</summary>\n" + html + "</details>\n";
}

std::string SaveButton(const Figure& figure, const std::string& text, const std::string& kind) {
  return "<button type=button data-save=" + kind + " aria-label=\"Save " +
         EscapeHtml(figure.title) + " as " + text + "\">" + text + "</button>";
}

std::string FigureHtml(const Figure& figure) {
  std::string html = "<figure id=\"figure-" + figure.id + "\" data-kind=\"" +
                     (figure.kind == FigureKind::kLines    ? "lines"
                      : figure.kind == FigureKind::kReplay ? "replay"
                                                           : "static") +
                     "\">\n<h3>" + EscapeHtml(figure.title) + "</h3>\n<div class=plot>" +
                     figure.svg + "</div>\n";
  if (figure.kind == FigureKind::kReplay) {
    html +=
        "<div class=\"player js\"><button type=button class=play>Play</button> "
        "<label>step <input type=range min=1 value=1 max=1></label> "
        "<output></output></div>\n";
  }
  html += "<figcaption>" + EscapeHtml(figure.caption) + "</figcaption>\n" +
          "<div class=\"tools js\">" + SaveButton(figure, "SVG", "svg") + " " +
          SaveButton(figure, "CSV", "csv") + "</div>\n";
  if (!figure.data.rows.empty()) html += Details("Numbers", ToHtml(figure.data));
  // The numbers in full, for the CSV button, where the table does not hold them.
  if (figure.csv != ToCsv(figure.data)) {
    html += "<pre class=csv hidden>" + EscapeHtml(figure.csv) + "</pre>\n";
  }
  return html + "</figure>\n";
}

std::string Section(const std::string& title, const std::vector<Figure>& figures,
                    const std::vector<std::string>& ids, const std::string& before = "",
                    const std::string& after = "") {
  std::string shown;
  for (const std::string& id : ids) {
    for (const Figure& figure : figures) {
      if (figure.id == id) shown += FigureHtml(figure);
    }
  }
  if (shown.empty() && before.empty() && after.empty()) return "";
  if (!shown.empty()) shown = "<div class=figures>\n" + shown + "</div>\n";
  return "<section>\n<h2>" + EscapeHtml(title) + "</h2>\n" + before + shown + after +
         "</section>\n";
}

// One check box per drawn arm, with its line as in the figures.
std::string Toggles(const Comparison& comparison) {
  std::string html;
  for (const ArmStyle& style : DrawnArms(comparison)) {
    const std::string dash = style.dash.empty() ? "" : " stroke-dasharray=\"" + style.dash + "\"";
    html += "<label><input type=checkbox checked data-arm=" + std::to_string(style.arm) +
            "> <svg width=26 height=10 viewBox=\"0 0 26 10\" aria-hidden=true class=s" +
            std::to_string(style.series) + " stroke=\"" + style.colour +
            "\" fill=none><path stroke-width=2.5 d=\"M0 5H26\"" + dash + "/></svg> " +
            EscapeHtml(comparison.arms[style.arm].arm.id + ": " +
                       Shortened(comparison.arms[style.arm].arm.label, 60)) +
            "</label>\n";
  }
  return "<fieldset class=\"toggles js\"><legend>Arms in the figures</legend>\n" + html +
         "</fieldset>\n";
}

std::string AnswerList(const Comparison& comparison) {
  std::string html;
  for (const Answer& answer : Answers(comparison)) {
    const bool shown = answer.verdict == Verdict::kBetter || answer.verdict == Verdict::kWorse;
    html += std::string("<li class=") + (shown ? "shown" : "open") + ">" + EscapeHtml(answer.text) +
            "</li>\n";
  }
  return html.empty() ? "" : "<ul class=answers>\n" + html + "</ul>\n";
}

std::string Code(const std::vector<std::string>& words) {
  std::string line;
  for (const std::string& word : words) {
    // The program by its name: where it was installed helps nobody else.
    line += line.empty() ? EscapeShell(word.substr(word.rfind('/') + 1)) : " " + EscapeShell(word);
  }
  return "<pre class=command tabindex=0><code>" + EscapeHtml(Shortened(Printable(line), 2000)) +
         "</code></pre>\n";
}

std::string FullConfigs(const Comparison& comparison) {
  Table table;
  table.title = "Every key of the configs";
  table.columns = {{"key", false}};
  std::map<std::string, std::vector<std::string>> rows;
  for (const ArmResult& result : comparison.arms) {
    table.columns.push_back({result.arm.id, false});
    for (const auto& [key, values] : result.arm.config) rows[key];
  }
  for (const auto& [key, none] : rows) {
    table.rows.push_back({key});
    for (const ArmResult& result : comparison.arms) {
      table.rows.back().push_back(ValueText(result.arm, key));
    }
  }
  return Details(table.title, ToHtml(table));
}

std::string Provenance(const Comparison& comparison, const std::vector<std::string>& command) {
  const BuildInfo& build = GetBuildInfo();
  std::string html =
      Paragraph("This page was made by vime-compare " + std::string(build.version) + " (" +
                build.git_revision + (build.git_dirty ? ", modified" : "") + ") with") +
      Code(command);
  for (const ArmResult& result : comparison.arms) {
    if (result.arm.runs.empty() || result.arm.runs.front()->argv.empty()) continue;
    const RunRecord& run = *result.arm.runs.front();
    html += Paragraph(result.arm.id + ", seed " + std::to_string(run.seed) + ", version " +
                      run.version + " (" + run.git_revision + "):") +
            Code(run.argv);
  }
  return html;
}

constexpr const char* kMethods =
    "Intervals are 95 % intervals. Welch's t test decides, with p values adjusted by Holm for all "
    "pairs of this page; where a run has no value or no value differs, the Mann-Whitney test "
    "decides. P(higher) is the probability that a run of the arm is above one of the baseline, "
    "ties "
    "one half. IQM: mean of the middle half of the runs; its interval is a percentile bootstrap, "
    "from 10 runs on. Success: Wilson intervals. First success: median and its interval by order "
    "statistics, with runs that never succeed last. No verdict below 5 runs per arm, a warning "
    "below 10.";

}  // namespace

std::string ReportHtml(const Comparison& comparison, const std::vector<Figure>& figures,
                       const std::vector<std::string>& command) {
  const bool single = comparison.num_runs() == 1;
  std::string title = single ? "One run" : comparison.arms.size() == 1 ? "One arm" : "Comparison";
  if (!comparison.arms.empty()) {
    const std::string environment = comparison.arms[comparison.baseline].arm.environment;
    title += " on " + Shortened(environment.substr(0, environment.find(',')), 60);
  }
  if (single && !comparison.arms.empty()) {
    const Arm& arm = comparison.arms.front().arm;
    title += ": " + Shortened(arm.label, 60) + ", seed " + std::to_string(arm.runs.front()->seed);
  }

  std::string notes;
  for (const std::string& note : comparison.notes) notes += "<li>" + EscapeHtml(note) + "</li>\n";
  if (comparison.arms.size() > DrawnArms(comparison).size()) {
    notes += "<li>" +
             EscapeHtml("The figures show " + std::to_string(DrawnArms(comparison).size()) +
                        " of " + std::to_string(comparison.arms.size()) +
                        " arms, the baseline and the best of the others; the tables have all.") +
             "</li>\n";
  }
  if (!notes.empty()) notes = "<ul class=notes>\n" + notes + "</ul>\n";

  std::string answer;
  if (comparison.selection) answer += ToHtml(SelectionTable(comparison));
  if (!comparison.pairs.empty()) answer += ToHtml(PairTable(comparison));
  if (!comparison.arms.empty()) {
    if (!single) answer += ToHtml(PrimaryTable(comparison));
    answer += ToHtml(OutcomeTable(comparison));
  }
  std::string left_out;
  if (!comparison.left_out.empty()) {
    left_out = ToHtml(LeftOutSummary(comparison)) +
               Details("Each of them: " + std::to_string(comparison.left_out.size()),
                       ToHtml(LeftOutTable(comparison)));
  }
  std::string configs;
  if (!comparison.arms.empty()) {
    const Table differences = ConfigTable(comparison);
    if (!differences.rows.empty()) configs = ToHtml(differences);
    configs += FullConfigs(comparison);
  }
  const std::string runs =
      left_out + (comparison.arms.empty()
                      ? ""
                      : Details("Runs in the numbers: " +
                                    Thousands(static_cast<double>(comparison.num_runs())),
                                ToHtml(RunTable(comparison))));

  std::string html =
      "<!DOCTYPE html>\n<html lang=en>\n<head>\n<meta charset=utf-8>\n"
      "<meta name=viewport content=\"width=device-width, initial-scale=1\">\n"
      "<meta name=color-scheme content=\"light dark\">\n"
      "<meta http-equiv=Content-Security-Policy content=\"default-src 'none'; "
      "style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'; "
      "script-src 'sha256-" +
      Base64OfHex(ReportScriptHash()) + "'\">\n<title>" + EscapeHtml(title) + "</title>\n<style>" +
      std::string(ReportStyle()) + "</style>\n</head>\n<body>\n<main>\n<h1>" + EscapeHtml(title) +
      "</h1>\n" + Paragraph(Subject(comparison), " class=subject") + AnswerList(comparison) + notes;
  if (!figures.empty() && comparison.arms.size() > 1) html += Toggles(comparison);
  html += Section(single ? "What it reached" : "How sure is that?", figures,
                  {"runs", "differences", "eta"}, "", answer);
  html += Section("Learning", figures, {"return", "success", "first-success", "coverage"});
  html += Section("Where the agent went", figures, {"visits", "film", "replay"});
  html += Section("The model behind the bonus", figures, {"gain", "model-error"});
  html += Section("Configs", figures, {}, configs);
  if (!runs.empty()) html += Section("Runs", figures, {}, runs);
  html += Section("How this was made", figures, {},
                  Paragraph(kMethods) + Provenance(comparison, command));
  return html + "</main>\n<script>" + std::string(ReportScript()) + "</script>\n</body>\n</html>\n";
}

void WriteFigures(const std::vector<Figure>& figures, const std::string& directory) {
  MakeDirectories(directory);
  for (const Figure& figure : figures) {
    WriteFileAtomically(directory + "/" + figure.id + ".svg", figure.svg);
    WriteFileAtomically(directory + "/" + figure.id + ".csv", figure.csv);
  }
}

}  // namespace vime
