#include "cluster/node/users.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace spoke::cluster {
namespace {

constexpr const char* kPasswd =
    "root:x:0:0:root:/root:/bin/sh\n"
    "# a comment\n"
    "broken line\n"
    "spark:x:185:186:Spark:/home/spark:/bin/bash\n";
constexpr const char* kGroup =
    "root:x:0:\n"
    "spark:x:186:\n"
    "data:x:500:other,spark\n"
    "logs:x:400:spark\n";

TEST(FindUser, ByNameAndByNumber) {
  struct Case {
    const char* spec;
    Id uid, gid;
    std::vector<Id> groups;
  };
  const Case cases[] = {
      {"", 0, 0, {}},
      {"spark", 185, 186, {400, 500}},
      {"185", 185, 186, {400, 500}},
      {"1000", 1000, 0, {}},
      {"spark:data", 185, 500, {}},
      {"185:0", 185, 0, {}},
      {"1000:42", 1000, 42, {}},
      {"0", 0, 0, {}},
  };
  for (const auto& c : cases) {
    const User user = find_user(c.spec, kPasswd, kGroup);
    EXPECT_EQ(user.uid, c.uid) << c.spec;
    EXPECT_EQ(user.gid, c.gid) << c.spec;
    EXPECT_EQ(user.groups, c.groups) << c.spec;
  }
  EXPECT_EQ(find_user("spark", kPasswd, kGroup).home, "/home/spark");
}

TEST(FindUser, SaysWhatIsNotThere) {
  EXPECT_THROW(find_user("nobody", kPasswd, kGroup), Error);
  EXPECT_THROW(find_user("spark:nogroup", kPasswd, kGroup), Error);
  EXPECT_THROW(find_user("-1", kPasswd, kGroup), Error);
  EXPECT_THROW(find_user("99999999999", kPasswd, kGroup), Error);
}

TEST(FindUser, NumbersAreNumbersOnly) {
  EXPECT_EQ(numeric_user("185:0"), Id{185});
  EXPECT_EQ(numeric_user(""), Id{0});
  EXPECT_EQ(numeric_user("spark"), std::nullopt);
}

}  // namespace
}  // namespace spoke::cluster
