// Regular expressions as custom resources' schemas write them: RE2's syntax, which is Go's. Matching takes time linear
// in the text, whatever the pattern, so that neither a definition nor an object can stall the server.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/error.h"

namespace spoke::kube {

class BadPattern : public Error {  // "error parsing regexp: missing closing ]: `[a`"
 public:
  using Error::Error;
};

class Pattern {
 public:
  explicit Pattern(std::string_view text);  // throws BadPattern

  // Whether it matches anywhere in the text, which is UTF-8. `^` and `$` bind it to the ends.
  bool matches(std::string_view text) const;
  const std::string& text() const { return text_; }

 private:
  struct Program;
  std::string text_;
  std::shared_ptr<const Program> program_;
};

}  // namespace spoke::kube
