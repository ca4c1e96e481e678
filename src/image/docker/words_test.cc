#include "image/docker/words.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "image/build/dockerfile.h"
#include "image/docker/bake.h"

namespace spoke::image {
namespace {

// What a reader of Dockerfiles makes of ENV's value.
std::string read_back(const std::string& quoted) {
  return parse_dockerfile(
             "FROM scratch\nENV HOME=/root\nENV A=" + quoted + "\n", {},
             [](const std::string&) { return std::vector<ContextFile>(); },
             [](const std::string&) { return DockerBase(); })
      .recipe.env.at("A");
}

TEST(DockerWords, AValueIsItself) {
  for (const std::string text :
       {"", "plain", "a b", R"(a "b" 'c')", "$HOME ${HOME:-x}", R"(back\slash \n)", "# x", "a=b", "ä"})
    EXPECT_EQ(read_back(docker_quoted(text)), text);
  EXPECT_THROW(docker_quoted("a\nRUN x"), Error);
  EXPECT_THROW(docker_quoted("a\rb"), Error);
}

TEST(DockerWords, PathsAreReadAsWords) {
  EXPECT_EQ(docker_paths({"it's.py", "/a b/"}), R"(["it\\'s.py","/a b/"])");
  EXPECT_EQ(docker_paths({R"($x"\)"}), R"(["\\$x\\\"\\\\"])");
  EXPECT_EQ(docker_list({"$x", "a\"b"}), R"(["$x","a\"b"])");
}

TEST(DockerWords, NothingIsATemplateOfHcl) {
  EXPECT_EQ(hcl_quoted(R"(a "b" \ ${c} %{d} $ %)"), R"("a \"b\" \\ $${c} %%{d} $ %")");
}

TEST(BakeFile, HasTargetsGroupsAndTags) {
  Recipe driver{.name = "spark-driver"},
      job{.name = "job", .platforms = {"linux/arm64"}, .tags = {"example.org/job:1"}};
  driver.spark = SparkSource{"4.1.4", "pypi"};
  const std::string text =
      bake_file({{"spark-driver", "spark-driver", &driver}, {"job", "job", &job}}, {{"platform", {"spark-driver"}}});
  EXPECT_NE(text.find("group \"default\" {\n  targets = [\"spark-driver\", \"job\"]\n}"), std::string::npos) << text;
  EXPECT_NE(text.find("group \"platform\" {\n  targets = [\"spark-driver\"]\n}"), std::string::npos);
  EXPECT_NE(text.find(R"(tags = ["${REGISTRY}spark-driver:${TAG != "" ? TAG : "4.1.4"}"])"), std::string::npos);
  EXPECT_NE(text.find("tags = [\"example.org/job:1\"]\n  platforms = [\"linux/arm64\"]"), std::string::npos);
  EXPECT_EQ(bake_name("aws-3.5"), "aws-3_5");
}

}  // namespace
}  // namespace spoke::image
