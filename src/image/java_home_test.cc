#include "image/java_home.h"

#include <gtest/gtest.h>

#include "image/test_machine.h"

namespace spoke::image {
namespace {

class JavaHomeTest : public testing::Test {
 protected:
  std::string chosen(const std::string& spark) const {
    const Machine machine = made_.machine();
    const auto home = choose_java(machine, find_java_homes(machine), java_versions_for(spark));
    return home ? home->version : "";
  }
  test::MadeUpMachine made_;
};

TEST_F(JavaHomeTest, ReadsTheReleaseFile) {
  made_.put_java("/j/17", "17.0.15");
  made_.put_java("/j/8", "1.8.0_392");
  made_.put_java("/j/25", "25");
  EXPECT_EQ(inspect_java_home(made_.at("/j/17"))->major, 17);
  EXPECT_EQ(inspect_java_home(made_.at("/j/8"))->major, 8);
  EXPECT_EQ(inspect_java_home(made_.at("/j/25"))->major, 25);
  made_.put("/j/no/bin/java");
  made_.put("/j/half/release", "JAVA_VERSION=\"17\"\n");
  EXPECT_FALSE(inspect_java_home(made_.at("/j/no")));
  EXPECT_FALSE(inspect_java_home(made_.at("/j/half")));
}

TEST_F(JavaHomeTest, EachHomeOnceWhateverLinksLeadThere) {
  made_.put_java("/usr/lib/jvm/java-17-openjdk-amd64", "17.0.15");
  made_.link("/usr/lib/jvm/default-java", "java-17-openjdk-amd64");
  made_.link("/usr/bin/java", made_.at("/usr/lib/jvm/java-17-openjdk-amd64/bin/java"));
  made_.env["JAVA_HOME"] = "/usr/lib/jvm/default-java";
  EXPECT_EQ(find_java_homes(made_.machine()).size(), 1U);
}

TEST_F(JavaHomeTest, SeventeenIsTheFirstChoice) {
  made_.put_java("/usr/lib/jvm/a", "25.0.3");
  EXPECT_EQ(chosen("4.1.4"), "");
  EXPECT_EQ(chosen("4.2.0"), "25.0.3");
  made_.put_java("/usr/lib/jvm/b", "21.0.1");
  EXPECT_EQ(chosen("4.1.4"), "21.0.1");
  EXPECT_EQ(chosen("3.5.8"), "");
  made_.put_java("/usr/lib/jvm/c", "17.0.15");
  for (const char* spark : {"3.5.8", "4.0.0-preview1", "4.1.4", "4.2.0"}) EXPECT_EQ(chosen(spark), "17.0.15") << spark;
  EXPECT_EQ(chosen("3.2.4"), "");
}

TEST_F(JavaHomeTest, JavaHomeIsKeptWhereItFits) {
  made_.put_java("/usr/lib/jvm/a", "17.0.15");
  made_.put_java("/opt/jdk", "11.0.2");
  made_.env["JAVA_HOME"] = "/opt/jdk";
  EXPECT_EQ(chosen("3.5.8"), "11.0.2");
  EXPECT_EQ(chosen("4.1.4"), "17.0.15");
}

TEST_F(JavaHomeTest, TheJavaOnPath) {
  made_.put_java("/home/u/.sdkman/candidates/java/17.0.9-tem", "17.0.9");
  made_.env["PATH"] = "/home/u/.sdkman/candidates/java/17.0.9-tem/bin";
  EXPECT_EQ(chosen("4.1.4"), "17.0.9");
}

}  // namespace
}  // namespace spoke::image
