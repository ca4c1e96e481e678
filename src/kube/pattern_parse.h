// The grammar of regular expressions, RE2's: text to tree. Source: github.com/google/re2/wiki/Syntax, Go's
// regexp/syntax.
#pragma once

#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

namespace spoke::kube::pattern {

using Ranges = std::vector<std::pair<char32_t, char32_t>>;  // sorted, apart from each other, both ends included

enum class Assertion : std::uint8_t { TextStart, TextEnd, LineStart, LineEnd, WordBoundary, NoWordBoundary };

struct Node {
  enum class Kind : std::uint8_t { Empty, Set, Assert, Concat, Alternate, Repeat };
  Kind kind = Kind::Empty;
  Assertion assertion{};         // Assert
  Ranges ranges = {};            // Set: one character out of these
  int least = 0, most = 0;       // Repeat; most is -1 where there is no end
  std::vector<Node> parts = {};  // Concat, Alternate; Repeat has one
};

// Throws BadPattern in Go's words. Groups group, they do not capture; laziness changes nothing about whether a text
// matches.
Node parse(std::string_view text);

// The code point that begins at `at`, which moves on behind it; U+FFFD, one byte long, where there is none.
char32_t next_rune(std::string_view text, size_t& at);

}  // namespace spoke::kube::pattern
