#include "cli/text/log_lines.h"

#include <gtest/gtest.h>

namespace spoke::cli {
namespace {

TEST(LogLines, LoseTheirTimestamps) {
  LogLines lines;
  EXPECT_EQ(lines.add("2026-03-01T12:00:00.000000001Z one\n2026-03-01T12:00:00.5Z two  words\n2026-03-01T12:00:01Z \n"),
            "one\ntwo  words\n\n");
  EXPECT_EQ(lines.since(), "2026-03-01T12:00:01Z");
}

TEST(LogLines, AreWholeWhereverTheWireCutsThem) {
  const std::string text = "2026-03-01T12:00:00.1Z one\n2026-03-01T12:00:00.2Z two\n";
  for (size_t cut = 0; cut <= text.size(); ++cut) {
    LogLines lines;
    EXPECT_EQ(lines.add(text.substr(0, cut)) + lines.add(text.substr(cut)), "one\ntwo\n") << cut;
  }
}

TEST(LogLines, GoOnWhereABrokenConnectionLeftOff) {
  LogLines lines;
  EXPECT_EQ(lines.since(), "");
  lines.add(
      "2026-03-01T12:00:00.1Z one\n2026-03-01T12:00:00.2Z two\n2026-03-01T12:00:00.2Z three\n2026-03-01T12:00:00.3Z "
      "ha");
  lines.resume();
  EXPECT_EQ(lines.since(), "2026-03-01T12:00:00Z");
  EXPECT_EQ(lines.add("2026-03-01T12:00:00.1Z one\n2026-03-01T12:00:00.2Z two\n2026-03-01T12:00:00.2Z three\n"
                      "2026-03-01T12:00:00.2Z at the same time\n2026-03-01T12:00:00.3Z half\n"),
            "at the same time\nhalf\n");
}

TEST(LogLines, SeveralBrokenConnections) {
  LogLines lines;
  const std::string one = "2026-03-01T12:00:00.1Z one\n";
  EXPECT_EQ(lines.add(one), "one\n");
  for (int i = 0; i < 3; ++i) {
    lines.resume();
    EXPECT_EQ(lines.add(one), "");
  }
  EXPECT_EQ(lines.add("2026-03-01T12:00:00.2Z two\n"), "two\n");
}

TEST(LogLines, TheLastLineNeedsNoEnd) {
  LogLines lines;
  EXPECT_EQ(lines.add("2026-03-01T12:00:00Z bye"), "");
  EXPECT_EQ(lines.finish(), "bye");
  EXPECT_EQ(lines.finish(), "");
}

TEST(LogLines, AClockThatIsSetBackHidesNothing) {
  LogLines lines;
  EXPECT_EQ(lines.add("2026-03-01T12:00:05Z one\n2026-03-01T12:00:00Z two\n"), "one\ntwo\n");
}

TEST(LogLines, WhatHasNoTimestampIsShownAsItIs) {
  LogLines lines;
  EXPECT_EQ(lines.add("unable to retrieve container logs\n\nx\n"), "unable to retrieve container logs\n\nx\n");
}

TEST(Prefix, StandsBeforeEachLine) {
  EXPECT_EQ(prefix_lines("a\n\nb", "[x] "), "[x] a\n[x] \n[x] b\n");
  EXPECT_EQ(prefix_lines("", "[x] "), "");
}

}  // namespace
}  // namespace spoke::cli
