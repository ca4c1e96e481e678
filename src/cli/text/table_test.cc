#include "cli/text/table.h"

#include <gtest/gtest.h>

namespace spoke::cli {
namespace {

TEST(Table, AlignsByCharactersNotBytes) {
  Table table({"NAME", "STATE", "NOTE"});
  table.add({"grün", "ok", "x"});
  table.add({"b", "longer", ""});
  EXPECT_EQ(table.text(false),
            "NAME   STATE    NOTE\n"
            "grün   ok       x\n"
            "b      longer\n");
}

TEST(Table, ColoursDoNotShiftColumns) {
  Table table({"A", "B"});
  table.add({Cell("x", Style::Good), "y"});
  EXPECT_EQ(table.text(true), "\x1b[1mA\x1b[0m   \x1b[1mB\x1b[0m\n\x1b[32mx\x1b[0m   y\n");
}

TEST(Table, AHostileCellStaysOnItsLine) {
  Table table({"A"});
  table.add({"one\ntwo\x1b[2J"});
  EXPECT_EQ(table.text(false, 2), "  A\n  one two [2J\n");
}

}  // namespace
}  // namespace spoke::cli
