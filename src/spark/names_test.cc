#include "spark/names.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace spoke::spark {
namespace {

using std::chrono::milliseconds;

TEST(UniqueId, IsRandomBitsAndTheLowBitsOfTheTime) {
  EXPECT_EQ(unique_id(std::string_view("\x8c\x23\xd4"), 0xa1fbf5b3d4), "8c23d4a1fbf5b3d4");
  EXPECT_EQ(unique_id("\x01\x02\x03", 0x12345a1fbf5b3d4), "010203a1fbf5b3d4");
  EXPECT_EQ(unique_id(std::string_view("\0\0\0", 3), 5), "0000005");
}

TEST(ResourcePrefix, IsTheNameInLowerCaseWithDashes) {
  EXPECT_EQ(resource_prefix("My App_1", "id"), "my-app-1-id");
  EXPECT_EQ(resource_prefix(" spaced  Out ", "id"), "spaced-out-id");
  EXPECT_EQ(resource_prefix("a--b..c", "id"), "a-b-c-id");
}

TEST(ResourcePrefix, BeginsWithALetter) {
  EXPECT_EQ(resource_prefix("1st-app", "id"), "xst-app-id");
  EXPECT_EQ(resource_prefix("_hello_", "id"), "hello-id");
  EXPECT_EQ(resource_prefix("------", "1d"), "xd");
  EXPECT_EQ(resource_prefix("\xe4\xbd\xa0\xe5\xa5\xbd-123", "id"), "x23-id");
  EXPECT_EQ(resource_prefix("", ""), "");
}

TEST(AppNameLabel, IsAtMost63CharactersThatALabelMayHave) {
  EXPECT_EQ(app_name_label(" Job+Spark-Pi 2021"), "job-spark-pi-2021");
  EXPECT_EQ(app_name_label("-hello-"), "hello");
  EXPECT_EQ(app_name_label(std::string(253, 'a')), std::string(63, 'a'));
  EXPECT_EQ(app_name_label(std::string(62, 'a') + "-b"), std::string(62, 'a'));
  EXPECT_EQ(app_name_label("!"), "");
}

TEST(Ids, AreDrawnFromBytesAndTime) {
  std::string bytes;
  for (size_t i = 0; i < Ids::kRandomBytes; ++i) bytes += static_cast<char>(i);
  const Ids ids = Ids::draw(bytes, Time(milliseconds(0xa1fbf5b3d4)));
  EXPECT_EQ(ids.app,
            "spark-00010203040546078809"
            "0a0b0c0d0e0f");
  EXPECT_EQ(ids.local_dir, "10111213-1415-4617-9819-1a1b1c1d1e1f");
  EXPECT_EQ(ids.name, "202122a1fbf5b3d4");
  EXPECT_EQ(ids.service, "232425a1fbf5b3d4");
  EXPECT_EQ(ids.config_map, "262728a1fbf5b3d4");
  EXPECT_EQ(ids.shuffle, 0x292a2b2cU);
  EXPECT_THROW(Ids::draw("few", Time()), Error);
}

}  // namespace
}  // namespace spoke::spark
