// Tables as kubectl prints them: columns three blanks apart, headers in capitals.
#pragma once

#include <string>
#include <vector>

#include "cli/text/style.h"

namespace spoke::cli {

struct Cell {
  std::string text;
  Style style = Style::Plain;

  Cell(std::string t, Style s = Style::Plain) : text(std::move(t)), style(s) {}  // NOLINT(google-explicit-constructor)
  Cell(const char* t) : text(t) {}                                               // NOLINT(google-explicit-constructor)
};

class Table {
 public:
  explicit Table(std::vector<std::string> headers) : headers_(std::move(headers)) {}
  void add(std::vector<Cell> row) { rows_.push_back(std::move(row)); }
  bool empty() const { return rows_.empty(); }
  // A line each, headers first, `indent` blanks before. Control characters in cells become blanks.
  std::string text(bool colour, size_t indent = 0) const;
  // The same for a table that goes on: `widths` are those of what was printed before, and grow; without headers where
  // there was something.
  std::string more(bool colour, std::vector<size_t>& widths) const;

 private:
  std::string lines(bool colour, size_t indent, std::vector<size_t>& widths) const;

  std::vector<std::string> headers_;
  std::vector<std::vector<Cell>> rows_;
};

}  // namespace spoke::cli
