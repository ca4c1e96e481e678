// Standard output and standard error of `spoke run`: the log above, one line of progress below it where this is a
// terminal.
#pragma once

#include <string>
#include <string_view>

namespace spoke::cli {

class Screen {
 public:
  Screen();
  ~Screen();  // takes the progress line away
  Screen(const Screen&) = delete;
  Screen& operator=(const Screen&) = delete;

  bool interactive() const { return interactive_; }  // whether there is a progress line
  bool colour() const { return colour_; }            // of standard error
  size_t width() const;

  void log(std::string_view text);         // to standard output, as it is
  void say(std::string_view text);         // lines to standard error
  void progress(const std::string& line);  // replaces the line; no-op where it is not interactive
  // While a question is on the screen, what comes is kept back.
  void ask(std::string_view question);
  void answered();

 private:
  void clear();
  void draw();

  bool interactive_, colour_, shared_;  // shared: log and progress are on the same terminal
  bool asking_ = false;
  bool drawn_ = false;
  bool mid_line_ = false;  // whether the log's last line has no end yet
  std::string line_;
  std::string kept_log_, kept_words_;
};

}  // namespace spoke::cli
