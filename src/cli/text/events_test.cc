#include "cli/text/events.h"

#include <gtest/gtest.h>

#include "data/yaml.h"

namespace spoke::cli {
namespace {

bool about(const std::string& application, const std::string& object) {
  return is_about(yaml::parse("{involvedObject: {" + object + "}}"), application,
                  [](std::string_view pod) { return pod == "pi-driver"; });
}

TEST(Events, AreAboutAnApplicationOrItsPods) {
  const std::string kind = "apiVersion: sparkoperator.k8s.io/v1beta2, kind: SparkApplication, name: ";
  EXPECT_TRUE(about("pi", kind + "pi"));
  EXPECT_FALSE(about("pi", kind + "pi-2"));
  EXPECT_TRUE(about("", kind + "pi-2"));
  EXPECT_TRUE(about("pi", "kind: Pod, name: pi-driver"));
  EXPECT_FALSE(about("pi", "kind: Pod, name: other"));
  EXPECT_FALSE(about("pi", "apiVersion: batch/v1, kind: Job, name: pi"));
  EXPECT_FALSE(about("", "apiVersion: batch/v1, kind: Job, name: pi"));
}

TEST(Events, ExecutorsThatAreGoneAreKnownByTheirNames) {
  EXPECT_TRUE(about("pi", "kind: Pod, name: pi-0123456789abcdef-exec-12"));
  for (const auto* name : {"pi-2-0123456789abcdef-exec-1", "pi-0123456789abcdeg-exec-1", "pi-0123-exec-1",
                           "pi-0123456789abcdef", "pi", "pi-0123456789abcdef-driver"})
    EXPECT_FALSE(about("pi", std::string("kind: Pod, name: ") + name)) << name;
  EXPECT_TRUE(about("", "kind: Pod, name: pi-0123456789abcdef-exec-12"));
  EXPECT_FALSE(about("", "kind: Pod, name: 0123456789abcdef-exec-12"));
}

TEST(Events, StandInTheOrderInWhichTheyWereSeen) {
  const std::vector<kube::Object> events{
      yaml::parse("{type: Normal, reason: Second, lastTimestamp: '2026-03-01T12:00:05Z', count: 3}"),
      yaml::parse("{type: Warning, reason: First, eventTime: '2026-03-01T12:00:01.000000Z'}")};
  const std::string text = event_table(events, *parse_rfc3339("2026-03-01T12:00:10Z")).text(false);
  EXPECT_LT(text.find("First"), text.find("Second"));
  EXPECT_NE(std::string::npos, text.find("5s (x3)")) << text;
}

TEST(Table, GoesOnInTheColumnsOfBefore) {
  std::vector<size_t> widths;
  Table first({"A", "B"});
  first.add({"long-name", "x"});
  EXPECT_EQ("A           B\nlong-name   x\n", first.more(false, widths));
  Table more({"A", "B"});
  more.add({"a", "y"});
  EXPECT_EQ("a           y\n", more.more(false, widths));
}

}  // namespace
}  // namespace spoke::cli
