#include "cli/text/style.h"

#include <gtest/gtest.h>

namespace spoke::cli {
namespace {

TEST(Style, ColoursOnlyWhereAsked) {
  EXPECT_EQ(paint(Style::Bad, "x", false), "x");
  EXPECT_EQ(paint(Style::Bad, "x", true), "\x1b[31mx\x1b[0m");
  EXPECT_EQ(paint(Style::Plain, "x", true), "x");
}

TEST(Style, StatesHaveTheirColour) {
  EXPECT_EQ(style_of_state("COMPLETED"), Style::Good);
  EXPECT_EQ(style_of_state("SUBMISSION_FAILED"), Style::Bad);
  EXPECT_EQ(style_of_state("PENDING_RERUN"), Style::Busy);
}

TEST(Printable, NothingThatATerminalObeys) {
  EXPECT_EQ(printable("a\x1b[31mb\r\n\ac\x7f"), "a [31mb   c ");
  EXPECT_EQ(printable("csi:\xc2\x9b"
                      "31m"),
            "csi: 31m");
  EXPECT_EQ(printable("grün ü €"), "grün ü €");
}

TEST(Width, CountsCharacters) {
  EXPECT_EQ(width("grün"), 4U);
  EXPECT_EQ(width(""), 0U);
}

TEST(Shorten, CutsBetweenCharacters) {
  EXPECT_EQ(shorten("grün", 4), "grün");
  EXPECT_EQ(shorten("grün!", 4), "grü…");
  EXPECT_EQ(shorten("abc", 1), "…");
  EXPECT_EQ(shorten("abc", 0), "");
  for (size_t n = 0; n < 8; ++n) EXPECT_LE(width(shorten("ünïcödé!", n)), n);
}

}  // namespace
}  // namespace spoke::cli
