// Text for tables and pages. Names of files and arms come from users and may hold anything: every
// one passes Printable() and the escape of the format that it is written to.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace vime {

/// One line of valid UTF-8: bytes that are not UTF-8, control characters, line separators and
/// characters that reverse the direction of writing become U+FFFD.
std::string Printable(std::string_view text);

/// The beginning and the end of a longer UTF-8 text, with an ellipsis between them: at most `limit`
/// characters.
std::string Shortened(const std::string& text, std::size_t limit);

/// The shortest decimal that reads back as the same number, such as 0.1 or 1e6.
std::string NumberText(double value);

/// The finite number that a text is, if it is one.
std::optional<double> NumberIn(std::string_view text);

/// The number of characters (code points) of a UTF-8 text.
std::size_t Length(std::string_view text);

/// For the text and the attribute values of HTML and SVG.
std::string EscapeHtml(std::string_view text);

/// For a cell of a Markdown table or a sentence: marks lose their meaning, raw HTML does too.
std::string EscapeMarkdown(std::string_view text);

/// A field of a CSV file (RFC 4180). Text that a spreadsheet would run as a formula gets a leading
/// apostrophe.
std::string EscapeCsv(std::string_view text, bool is_number);

/// A word of a shell command, quoted where needed.
std::string EscapeShell(std::string_view text);

/// With so many decimals; "-" when not a number, "never" when infinite.
std::string Fixed(double value, int decimals);

/// With so many significant digits, in the shorter of 0.00012 and 1.2e-4; "-" when not a number,
/// "never" when infinite.
std::string Significant(double value, int digits);

/// Decimals that show `scale`, such as a standard deviation, with two significant digits.
int DecimalsFor(double scale);

/// A p value: two digits, "<0.0001" below that.
std::string PValue(double p);

/// A whole number with thousands separated: 200,000.
std::string Thousands(double value);

/// a, b and c.
std::string Listed(const std::vector<std::string>& items);

}  // namespace vime
