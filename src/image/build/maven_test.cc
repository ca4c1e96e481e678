#include "image/build/maven.h"

#include <gtest/gtest.h>

namespace spoke::image {
namespace {

TEST(Maven, AProjectDependsOnWhatIsAskedFor) {
  MavenArtifact without{.group = "g", .name = "without", .version = "2", .classifier = "c", .exclusions = {"x:*"}};
  const std::string project = project_of({without}, {"https://repo.example.org/a?b&c"});
  EXPECT_NE(project.find("<classifier>c</classifier><exclusions><exclusion><groupId>x</groupId>"), std::string::npos);
  EXPECT_NE(project.find("<url>https://repo.example.org/a?b&amp;c</url>"), std::string::npos);
}

TEST(Maven, AProjectCopiesWhatComesAlone) {
  const MavenArtifact alone{.group = "g", .name = "alone", .version = "1", .classifier = "shaded", .closure = false};
  const std::string project = copying_project({{alone, "/tmp/a&b", "b.jar"}}, {});
  EXPECT_EQ(project.find("<dependencies>"), std::string::npos) << "its POM would be asked for";
  EXPECT_NE(project.find("<artifactId>alone</artifactId><version>1</version><classifier>shaded</classifier>"
                         "<outputDirectory>/tmp/a&amp;b</outputDirectory><destFileName>b.jar</destFileName>"),
            std::string::npos);
}

TEST(Maven, ItsListIsRead) {
  const auto list = parse_list(R"(
The following files have been resolved:
   org.apache.hadoop:hadoop-aws:jar:3.4.2:compile:/m2/hadoop-aws-3.4.2.jar -- module hadoop.aws (auto)
   com.google.cloud.bigdataoss:gcs-connector:jar:shaded:hadoop3-2.2.26:runtime:/m2/gcs.jar
   org.example:parent:pom:1:compile
   a:b:jar:1:compile (optional)
)");
  ASSERT_EQ(list.size(), 3U) << "a pom is no jar";
  EXPECT_EQ(list[0].artifact.str(), "org.apache.hadoop:hadoop-aws:3.4.2");
  EXPECT_EQ(list[0].file, "/m2/hadoop-aws-3.4.2.jar");
  EXPECT_EQ(list[1].artifact.str(), "com.google.cloud.bigdataoss:gcs-connector:hadoop3-2.2.26:shaded");
  EXPECT_EQ(list[2].file, "") << "from metadata alone";
  EXPECT_TRUE(parse_list("\n   none\n").empty());
  EXPECT_THROW(parse_list("[ERROR] nothing of that"), Error);
}

}  // namespace
}  // namespace spoke::image
