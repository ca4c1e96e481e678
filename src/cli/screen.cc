#include "cli/screen.h"

#include <cstdio>
#include <utility>

#include "cli/terminal.h"

namespace spoke::cli {
namespace {

void to_error(std::string_view text) { std::fwrite(text.data(), 1, text.size(), stderr); }

}  // namespace

Screen::Screen()
    : interactive_(is_terminal(Stream::Error)),
      colour_(use_colour(Stream::Error)),
      shared_(interactive_ && is_terminal(Stream::Out)) {}

Screen::~Screen() { clear(); }

size_t Screen::width() const { return terminal_width(Stream::Error); }

void Screen::log(std::string_view text) {
  if (text.empty()) return;
  if (asking_) {
    kept_log_ += text;
    return;
  }
  if (shared_) clear();
  print(text);
  mid_line_ = !text.ends_with('\n');
  if (shared_) draw();
}

void Screen::say(std::string_view text) {
  if (asking_) {
    kept_words_ += text;
    return;
  }
  clear();
  if (shared_ && mid_line_) to_error("\n");
  mid_line_ = false;
  to_error(text);
  draw();
}

void Screen::progress(const std::string& line) {
  if (!interactive_) return;
  line_ = line;
  clear();
  draw();
}

void Screen::ask(std::string_view question) {
  clear();
  to_error(question);
  asking_ = true;
}

void Screen::answered() {
  if (!asking_) return;
  asking_ = false;
  if (!kept_words_.empty()) say(std::exchange(kept_words_, ""));
  log(std::exchange(kept_log_, ""));
  draw();
}

void Screen::clear() {
  if (drawn_) to_error("\r\x1b[K");  // to the line's beginning, and all of it away
  drawn_ = false;
}

void Screen::draw() {
  // Not into the middle of a log's line.
  if (!interactive_ || asking_ || line_.empty() || (shared_ && mid_line_)) return;
  clear();
  to_error(line_);
  drawn_ = true;
}

}  // namespace spoke::cli
