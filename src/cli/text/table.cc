#include "cli/text/table.h"

#include <algorithm>

namespace spoke::cli {

std::string Table::text(bool colour, size_t indent) const {
  std::vector<size_t> widths;
  return lines(colour, indent, widths);
}

std::string Table::more(bool colour, std::vector<size_t>& widths) const { return lines(colour, 0, widths); }

std::string Table::lines(bool colour, size_t indent, std::vector<size_t>& widths) const {
  const bool first = widths.empty();
  if (first)
    for (const auto& header : headers_) widths.push_back(width(header));
  for (const auto& row : rows_)
    for (size_t i = 0; i < row.size() && i < widths.size(); ++i)
      widths[i] = std::max(widths[i], width(printable(row[i].text)));

  std::string out;
  const auto add_line = [&](const std::vector<Cell>& row) {
    std::string line(indent, ' ');
    for (size_t i = 0; i < row.size() && i < widths.size(); ++i) {
      const std::string text = printable(row[i].text);
      line += paint(row[i].style, text, colour);
      if (i + 1 < row.size()) line.append(widths[i] - width(text) + 3, ' ');
    }
    while (line.ends_with(' ')) line.pop_back();
    out += line + "\n";
  };
  std::vector<Cell> head;
  for (const auto& header : headers_) head.emplace_back(header, Style::Strong);
  if (first) add_line(head);
  for (const auto& row : rows_) add_line(row);
  return out;
}

}  // namespace spoke::cli
