#include "kube/pattern.h"

#include <gtest/gtest.h>

#include <chrono>

namespace spoke::kube {
namespace {

bool matches(const char* pattern, std::string_view text) { return Pattern(pattern).matches(text); }

TEST(Pattern, MatchesAnywhereUnlessBoundToTheEnds) {
  EXPECT_TRUE(matches("b", "abc"));
  EXPECT_FALSE(matches("^b", "abc"));
  EXPECT_FALSE(matches("b$", "abc"));
  EXPECT_TRUE(matches("^abc$", "abc"));
  EXPECT_FALSE(matches("^abc$", "abc\n"));
  EXPECT_TRUE(matches("(?m)^b$", "a\nb\nc"));
  EXPECT_TRUE(matches("", "anything"));
}

TEST(Pattern, KnowsClassesRepetitionAndAlternatives) {
  EXPECT_TRUE(matches("^[a-z0-9]([-a-z0-9]*[a-z0-9])?$", "spark-pi"));
  EXPECT_FALSE(matches("^[a-z0-9]([-a-z0-9]*[a-z0-9])?$", "spark-"));
  EXPECT_TRUE(matches("^(a|bc){2,3}$", "abca"));
  EXPECT_FALSE(matches("^(a|bc){2,3}$", "abcaa"));
  EXPECT_TRUE(matches("^[^\\d\\s]+$", "é-x"));
  EXPECT_TRUE(matches("^[]a]+$", "]a"));
  EXPECT_TRUE(matches("^[[:upper:]]+$", "ABC"));
  EXPECT_TRUE(matches("^a{,2}$", "a{,2}"));
  EXPECT_TRUE(matches("\\bfoo\\b", "a foo b"));
  EXPECT_FALSE(matches("\\bfoo\\b", "afoo"));
}

TEST(Pattern, CountsCharactersNotBytes) {
  EXPECT_TRUE(matches("^.{3}$", "äöü"));
  EXPECT_TRUE(matches("^[à-ü]$", "é"));
  EXPECT_TRUE(matches("^\\x{e9}$", "é"));
}

TEST(Pattern, FlagsHoldToTheEndOfTheirGroup) {
  EXPECT_TRUE(matches("^(?i)abc$", "aBC"));
  EXPECT_TRUE(matches("^a(?i:b)c$", "aBc"));
  EXPECT_FALSE(matches("^a(?i:b)c$", "aBC"));
  EXPECT_TRUE(matches("^(?s).$", "\n"));
  EXPECT_FALSE(matches("^.$", "\n"));
}

// What Go's regexp says of the same patterns.
TEST(Pattern, RefusesInGosWords) {
  const std::pair<const char*, const char*> cases[] = {
      {"[a", "missing closing ]: `[a`"},
      {"(a", "missing closing ): `(a`"},
      {"a)", "unexpected ): `a)`"},
      {"*", "missing argument to repetition operator: `*`"},
      {"a**", "invalid nested repetition operator: `**`"},
      {"a{1001}", "invalid repeat count: `{1001}`"},
      {"a{2,1}", "invalid repeat count: `{2,1}`"},
      {"\\q", "invalid escape sequence: `\\q`"},
      {"a\\", "trailing backslash at end of expression: ``"},
      {"[z-a]", "invalid character class range: `z-a`"},
      {"[[:foo:]]", "invalid character class range: `[:foo:]`"},
      {"(?z)", "invalid or unsupported Perl syntax: `(?z`"},
      {"(?<", "invalid or unsupported Perl syntax: `(?<`"},
      {"(?P<n!>a)", "invalid named capture: `(?P<n!>`"},
      {"\\x{110000}", "invalid escape sequence: `\\x{110000`"},
  };
  for (const auto& [pattern, why] : cases) {
    try {
      Pattern compiled(pattern);
      ADD_FAILURE() << pattern;
    } catch (const BadPattern& e) {
      EXPECT_EQ(e.what(), std::string("error parsing regexp: ") + why);
    }
  }
}

// Patterns that take a backtracking matcher longer than the universe lasts.
TEST(Pattern, IsLinearInTheText) {
  const std::string text(100'000, 'a');
  EXPECT_FALSE(matches("^(a+)+$", text + "b"));
  EXPECT_FALSE(matches("^(a|a)*$", text + "b"));
  EXPECT_TRUE(matches("(x+x+)+y|a$", text));
}

TEST(Pattern, RefusesWhatIsTooLargeOrTooDeep) {
  EXPECT_THROW(Pattern("((a{1000}){1000}){1000}"), BadPattern);
  EXPECT_THROW(Pattern("((((){1000}){1000}){1000}){1000}"), BadPattern);
  EXPECT_THROW(Pattern(std::string(100'000, '(')), BadPattern);
  EXPECT_TRUE(matches("^[a-z]{1,253}$", std::string(253, 'x')));
}

}  // namespace
}  // namespace spoke::kube
