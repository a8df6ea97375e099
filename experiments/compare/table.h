// Tables, and their forms as Markdown, CSV and HTML.
#pragma once

#include <string>
#include <vector>

namespace vime {

/// Cells are plain text that has passed Printable(); each form escapes them.
struct Table {
  struct Column {
    std::string name;
    bool is_number = false;  ///< aligned to the right
  };
  std::string title;
  std::vector<Column> columns;
  std::vector<std::vector<std::string>> rows;
};

/// A Markdown table whose columns line up in a terminal too, without the title.
std::string ToMarkdown(const Table& table);

/// The header and the rows, lines ending in "\n".
std::string ToCsv(const Table& table);

/// A <table> with a caption; the first cell of each row is its header.
std::string ToHtml(const Table& table);

}  // namespace vime
