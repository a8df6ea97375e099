#include "experiments/compare/table.h"

#include <algorithm>

#include "experiments/runner/text.h"
#include "lib/core/check.h"

namespace vime {
namespace {

constexpr std::size_t kLongestMarkdownCell = 100;

std::string Padded(const std::string& text, std::size_t width, bool right) {
  const std::string space(width - std::min(width, Length(text)), ' ');
  return right ? space + text : text + space;
}

}  // namespace

std::string ToMarkdown(const Table& table) {
  std::vector<std::vector<std::string>> lines(1);
  for (const Table::Column& column : table.columns) lines[0].push_back(EscapeMarkdown(column.name));
  for (const auto& row : table.rows) {
    VIME_CHECK(row.size() == table.columns.size());
    lines.emplace_back();
    for (const std::string& cell : row) {
      lines.back().push_back(EscapeMarkdown(Shortened(cell, kLongestMarkdownCell)));
    }
  }
  std::vector<std::size_t> widths(table.columns.size(), 3);
  for (const auto& line : lines) {
    for (std::size_t c = 0; c < line.size(); ++c) widths[c] = std::max(widths[c], Length(line[c]));
  }
  std::string text;
  for (std::size_t r = 0; r < lines.size(); ++r) {
    for (std::size_t c = 0; c < widths.size(); ++c) {
      text += "| " + Padded(lines[r][c], widths[c], table.columns[c].is_number) + " ";
    }
    text += "|\n";
    if (r > 0) continue;
    for (std::size_t c = 0; c < widths.size(); ++c) {
      const bool right = table.columns[c].is_number;
      text += "|" + std::string(widths[c] + (right ? 1 : 2), '-') + (right ? ":" : "");
    }
    text += "|\n";
  }
  return text;
}

std::string ToCsv(const Table& table) {
  std::string text;
  for (std::size_t c = 0; c < table.columns.size(); ++c) {
    text += (c > 0 ? "," : "") + EscapeCsv(table.columns[c].name, false);
  }
  text += "\n";
  for (const auto& row : table.rows) {
    for (std::size_t c = 0; c < row.size(); ++c) {
      text += (c > 0 ? "," : "") + EscapeCsv(row[c], table.columns[c].is_number);
    }
    text += "\n";
  }
  return text;
}

std::string ToHtml(const Table& table) {
  const auto cell = [&](const char* tag, const char* scope, std::size_t column,
                        const std::string& text) {
    return "<" + std::string(tag) + scope + (table.columns[column].is_number ? " class=n>" : ">") +
           EscapeHtml(text);
  };
  std::string html = "<div class=scroll tabindex=0 role=region aria-label=\"" +
                     EscapeHtml(table.title) + "\"><table><caption>" + EscapeHtml(table.title) +
                     "</caption>\n<thead><tr>";
  for (std::size_t c = 0; c < table.columns.size(); ++c) {
    html += cell("th", " scope=col", c, table.columns[c].name);
  }
  html += "</thead>\n<tbody>\n";
  for (const auto& row : table.rows) {
    html += "<tr>";
    for (std::size_t c = 0; c < row.size(); ++c) {
      html += c == 0 ? cell("th", " scope=row", c, row[c]) : cell("td", "", c, row[c]);
    }
    html += "\n";
  }
  return html + "</tbody></table></div>\n";
}

}  // namespace vime
