#include "apps/man_page.h"

#include <algorithm>
#include <sstream>
#include <vector>

#include "experiments/runner/build_info.h"

namespace vime {
namespace {

// Text that troff prints as it is.
std::string Escaped(const std::string& text) {
  std::string escaped;
  for (const char c : text) {
    switch (c) {
      case '\\':
        escaped += "\\e";
        break;
      case '-':
        escaped += "\\-";
        break;
      default:
        escaped += c;
    }
  }
  const bool is_request = escaped.starts_with(".") || escaped.starts_with("'");
  return (is_request ? "\\&" : "") + escaped;
}

// Lines as they are, such as commands.
std::string Verbatim(const std::vector<std::string>& lines) {
  std::string text = ".nf\n";
  for (const std::string& line : lines) text += Escaped(line) + "\n";
  return text + ".fi\n";
}

// Sentences, in lines of less than 80 bytes.
std::string Filled(const std::string& sentences) {
  constexpr std::size_t kColumns = 72;
  std::string text, line;
  std::istringstream words(sentences);
  for (std::string word; words >> word;) {
    if (!line.empty() && line.size() + 1 + word.size() > kColumns) {
      text += Escaped(line) + "\n";
      line.clear();
    }
    line += (line.empty() ? "" : " ") + word;
  }
  return text + Escaped(line) + "\n";
}

bool IsUsage(const std::string& line) {
  return line.starts_with("usage: ") || line.starts_with(" ") || line.starts_with("for example:");
}

// Paragraphs of sentences and of lines that begin with a space.
std::string Prose(const std::vector<std::string>& lines) {
  std::string text;
  for (auto line = lines.begin(); line != lines.end();) {
    const bool verbatim = line->starts_with(" ");
    const auto end = std::find_if(line, lines.end(), [&](const std::string& other) {
      return other.empty() || other.starts_with(" ") != verbatim;
    });
    if (line == end) {
      ++line;
      continue;
    }
    if (!text.empty()) text += ".PP\n";
    if (verbatim) {
      text += Verbatim({line, end});
    } else {
      std::string sentences;
      for (; line != end; ++line) sentences += *line + " ";
      text += Filled(sentences);
    }
    line = end;
  }
  return text;
}

std::string Options(const CLI::App& app) {
  std::string text;
  std::string group;
  for (const CLI::Option* option : app.get_options()) {
    if (option->get_group().empty()) continue;
    if (option->get_group() != group) {
      group = option->get_group();
      text += ".SS " + Escaped(group) + "\n";
    }
    text += ".TP\n.B " + Escaped(option->get_name(false, true));
    if (option->get_items_expected_max() > 0) text += " \\fIVALUE\\fR";
    text += "\n" + Filled(option->get_description());
  }
  return text;
}

}  // namespace

std::string ManPage(const CLI::App& app) {
  std::vector<std::string> usage, description;
  std::istringstream stream(app.get_description());
  for (std::string line; std::getline(stream, line);) {
    if (description.empty() && IsUsage(line)) {
      usage.push_back(line.starts_with("for example:") ? line : line.substr(7));
    } else {
      description.push_back(line);
    }
  }
  std::string first;  // sentence
  for (const std::string& line : description) first += (first.empty() ? "" : " ") + line;
  first = first.substr(0, first.find_first_of(".?:"));
  std::string name = app.get_name();
  std::ranges::replace(name, ' ', '-');
  std::string title = name;
  std::ranges::transform(title, title.begin(),
                         [](char c) { return c >= 'a' && c <= 'z' ? char(c - 'a' + 'A') : c; });
  const BuildInfo& build = GetBuildInfo();
  return ".TH " + Escaped(title) + " 1 \"" + build.git_date + "\" \"vime " + build.version +
         "\" \"vime\"\n.SH NAME\n" + Filled(name + " - " + first) + ".SH SYNOPSIS\n" +
         Verbatim(usage) + ".SH DESCRIPTION\n" + Prose(description) + ".SH OPTIONS\n" +
         Options(app) +
         ".SH SEE ALSO\n.BR vime\\-run (1),\n.BR vime\\-sweep (1),\n.BR vime\\-compare (1)\n"
         ".PP\nRUNS.md, among the documentation of the package, describes the files that\nruns "
         "write "
         "and the exit codes.\n";
}

}  // namespace vime
