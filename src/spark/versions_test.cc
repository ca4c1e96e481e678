#include "spark/versions.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace spoke::spark {
namespace {

TEST(RulesFor, KeepsTheVersionAsWritten) { EXPECT_EQ(rules_for("3.5.8-amzn-1").version, "3.5.8-amzn-1"); }

TEST(RulesFor, ChangesComeWithTheirRelease) {
  EXPECT_FALSE(rules_for("3.5.8").min_memory_overhead);
  EXPECT_TRUE(rules_for("4.0.0").min_memory_overhead);
  EXPECT_FALSE(rules_for("4.0.2").connect_port);
  EXPECT_TRUE(rules_for("4.1.4").connect_port);
  EXPECT_FALSE(rules_for("4.1.4").network_policy);
  EXPECT_TRUE(rules_for("4.2.0-SNAPSHOT").network_policy);
  EXPECT_FALSE(rules_for("4.2.1").no_privilege_escalation);
  EXPECT_TRUE(rules_for("4.3").no_privilege_escalation);
}

TEST(RulesFor, GivesUnknownNewerVersionsTheNewestRules) {
  EXPECT_TRUE(rules_for("4.10.0").publish_not_ready);
  EXPECT_TRUE(rules_for("5.0").network_policy);
}

TEST(RulesFor, RefusesWhatIsTooOldOrNoVersion) {
  EXPECT_THROW(rules_for("3.4.3"), Error);
  EXPECT_THROW(rules_for("2.4"), Error);
  for (const auto* text : {"", "4", "4.", "v4.1", "4.x", "4.1x", "-4.1", "4.-1", ".1", "latest", "99999999999.1"})
    EXPECT_THROW(rules_for(text), Error) << text;
}

}  // namespace
}  // namespace spoke::spark
