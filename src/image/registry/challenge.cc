#include "image/registry/challenge.h"

#include <cctype>

#include "base/strings.h"

namespace spoke::image {
namespace {

class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}

  bool at_end() const { return at_ >= text_.size(); }
  bool skip(char c) {
    if (at_end() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  void blanks() {
    while (skip(' ') || skip('\t')) {
    }
  }
  // "token" of RFC 9110, 5.6.2.
  std::string token() {
    const size_t begin = at_;
    constexpr std::string_view others = "!#$%&'*+-.^_`|~";
    while (!at_end() && (std::isalnum(static_cast<unsigned char>(text_[at_])) != 0 ||
                         others.find(text_[at_]) != std::string_view::npos))
      ++at_;
    return std::string(text_.substr(begin, at_ - begin));
  }
  std::string quoted() {
    std::string out;
    while (!at_end() && text_[at_] != '"') {
      if (text_[at_] == '\\' && at_ + 1 < text_.size()) ++at_;
      out += text_[at_++];
    }
    skip('"');
    return out;
  }
  size_t place() const { return at_; }
  void go_to(size_t place) { at_ = place; }

 private:
  std::string_view text_;
  size_t at_ = 0;
};

// "name=value" with what may stand around; false where no parameter is next.
bool read_parameter(Reader& reader, Challenge& challenge) {
  const size_t begin = reader.place();
  const std::string name = reader.token();
  reader.blanks();
  if (name.empty() || !reader.skip('=')) {
    reader.go_to(begin);
    return false;
  }
  reader.blanks();
  challenge.parameters[lower(name)] = reader.skip('"') ? reader.quoted() : reader.token();
  return true;
}

}  // namespace

std::vector<Challenge> parse_challenges(std::string_view header) {
  std::vector<Challenge> out;
  Reader reader(header);
  for (;;) {
    do reader.blanks();
    while (reader.skip(','));
    Challenge challenge{lower(reader.token()), {}};
    if (challenge.scheme.empty()) return out;
    reader.blanks();
    while (read_parameter(reader, challenge)) {
      do reader.blanks();
      while (reader.skip(','));
    }
    out.push_back(std::move(challenge));
  }
}

}  // namespace spoke::image
