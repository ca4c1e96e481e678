#include "image/build/recipe.h"

#include <gtest/gtest.h>

#include "image/build/builder.h"
#include "image/build/recipe_file.h"

namespace spoke::image {
namespace {

std::string refusal(std::string_view yaml) {
  try {
    parse_recipe(yaml);
  } catch (const RecipeError& e) {
    return e.what();
  }
  return "";
}

std::string with(std::string_view more) { return fmt::format("name: a\nbase: debian:bookworm\n{}", more); }

TEST(Recipe, SaysWhatIsInAnImage) {
  const Recipe r = parse_recipe(R"(
name: spark-aws
base: debian:bookworm
packages: [tini]
java: 17
spark: {version: 4.1.4}
python: {requirements: [pandas==2.3.3]}
maven:
- org.apache.hadoop:hadoop-aws:3.4.2
- {artifact: "a:b:1", closure: false, optional: true}
- {artifact: "a:c:1:tests", exclude: ["x:*"]}
jars: [app.jar]
files: [{from: a, to: /opt/, mode: "0750", owner: "185:0"}]
env: {A: b}
user: "185"
entrypoint: [/x]
)");
  EXPECT_EQ(r.name, "spark-aws");
  EXPECT_EQ(r.debian_suite(), "bookworm");
  ASSERT_TRUE(r.spark);
  EXPECT_EQ(r.spark->from, "pypi") << "the default";
  ASSERT_EQ(r.maven.size(), 3U);
  EXPECT_TRUE(r.maven[0].closure);
  EXPECT_FALSE(r.maven[1].closure);
  EXPECT_TRUE(r.maven[1].optional);
  EXPECT_FALSE(r.maven[0].optional);
  EXPECT_EQ(r.maven[2].classifier, "tests");
  EXPECT_EQ(r.maven[2].exclusions, std::vector<std::string>{"x:*"});
  ASSERT_EQ(r.files.size(), 1U);
  EXPECT_EQ(r.files[0].mode, 0750U);
  EXPECT_EQ(r.files[0].user, 185U);
  EXPECT_EQ(r.entrypoint, std::vector<std::string>{"/x"});
  EXPECT_FALSE(r.command) << "not said is not empty";
}

TEST(Recipe, NamesTheFieldThatDoesNotFit) {
  EXPECT_EQ(refusal("name: a"), "base: Required value");
  EXPECT_EQ(refusal(with("jar: [x]")), "jar: a recipe has no such field");
  EXPECT_EQ(refusal(with("kind: Recipe")), "kind: a recipe has no such field");
  EXPECT_EQ(refusal(with("spark: {version: 4.1}")).substr(0, 14), "spark.version:");
  EXPECT_EQ(refusal(with("files: [{from: a, to: b}]")).substr(0, 12), "files[0].to:");
  EXPECT_EQ(refusal(with("maven: [a:b]")).substr(0, 9), "maven[0]:");
  EXPECT_EQ(refusal(with("maven: [{artifact: 'a:b:1', closur: no}]")).substr(0, 9), "maven[0]:");
  EXPECT_EQ(refusal(with("maven: [{artifact: 'a:b:1', to: lib}]")).substr(0, 9), "maven[0]:");
  EXPECT_EQ(refusal(with("maven: [{artifact: 'a:b:1', to: /opt/../x}]")).substr(0, 9), "maven[0]:");
  EXPECT_EQ(parse_recipe(with("maven: [{artifact: 'a:b:1', to: /opt/x/lib}]")).maven[0].to, "/opt/x/lib");
  EXPECT_EQ(refusal(with("maven: ['../..:b:1']")).substr(0, 9), "maven[0]:") << "it becomes a path";
  EXPECT_EQ(refusal(with("platforms: [windows/amd64]")).substr(0, 13), "platforms[0]:");
  EXPECT_EQ(refusal("name: a\nbase: spark:4.1.4\npackages: [tini]").substr(0, 9), "packages:");
  EXPECT_EQ(refusal("name: a\nbase: debian:$(id)").substr(0, 5), "base:");
  EXPECT_EQ(refusal("name: a\nbase: debian:--simulate").substr(0, 5), "base:") << "it becomes a word of a command line";
  EXPECT_EQ(refusal("name: a\nbase: 'debian:'").substr(0, 5), "base:");
  EXPECT_EQ(refusal("name: a\nbase: debian:bookworm-slim").substr(0, 5), "base:") << "it is no suite";
  EXPECT_EQ(refusal(with("env: {'A\\nRUN x': b}")).substr(0, 4), "env:");
  EXPECT_EQ(refusal(with("env: {'': b}")).substr(0, 4), "env:");
  EXPECT_EQ(refusal(with("labels: {'a=b': c}")).substr(0, 7), "labels:");
  EXPECT_EQ(refusal(with("tags: ['Bad Tag']")).substr(0, 5), "tags:");
  EXPECT_EQ(refusal(with("identity: [aws]")).substr(0, 12), "identity[0]:");
  EXPECT_EQ(refusal(with("files: [{from: a, to: /opt/d/.}]")).substr(0, 6), "files:");
  EXPECT_NE(refusal("[]"), "");
  EXPECT_NE(refusal("a: [b"), "");
  EXPECT_NE(refusal(""), "");
}

TEST(RecipeGroup, IsAListOfFiles) {
  const auto group = parse_group("group: platform\nrecipes: [a.yaml, b.yaml]");
  ASSERT_TRUE(group);
  EXPECT_EQ(group->name, "platform");
  EXPECT_EQ(group->recipes, (std::vector<std::string>{"a.yaml", "b.yaml"}));
  EXPECT_FALSE(parse_group(with("")));
  for (const char* wrong : {"recipes: [a]", "group: a\nrecipes: []", "group: a\nrecipes: [1]",
                            "group: 'a b'\nrecipes: [a]", "group: a\nrecipes: [a]\nbase: b"})
    EXPECT_THROW(parse_group(wrong), RecipeError) << wrong;
}

class RecipeFiles : public testing::Test {
 protected:
  RecipeFiles() { std::filesystem::create_directories(dir_); }
  ~RecipeFiles() override { std::filesystem::remove_all(dir_); }
  void put(const std::string& name, const std::string& text) const {
    make_dirs((dir_ / name).parent_path());
    write_file(dir_ / name, text);
  }

  Path dir_ = Path(testing::TempDir()) / "recipe-files";
};

TEST_F(RecipeFiles, AGroupsRecipesComeOnce) {
  put("x/a.yaml", with(""));
  put("l.yaml", "group: l\nrecipes: [x/a.yaml]");
  put("r.yaml", "group: r\nrecipes: [x/../x/a.yaml]");
  put("top.yaml", "group: top\nrecipes: [l.yaml, r.yaml]");
  const std::vector<ListedRecipe> listed = list_recipes(dir_ / "top.yaml");
  ASSERT_EQ(listed.size(), 1U);
  EXPECT_EQ(listed[0].file, dir_ / "x/a.yaml");
  EXPECT_EQ(listed[0].groups, (std::vector<std::string>{"top", "l", "r"}));
  put("x/a.yaml", "group: a\nrecipes: [../top.yaml]");
  EXPECT_THROW(list_recipes(dir_ / "top.yaml"), Error) << "it is in itself";
}

TEST(Recipe, ConfigurationIsFoundByItsNameAndByItsPlace) {
  const auto found = [](std::string_view item) {
    return configuration_in(parse_recipe(with(fmt::format("files: [{}]", item))));
  };
  EXPECT_EQ(found("{from: x/spark-defaults.conf, to: /opt/x/}").size(), 1U);
  EXPECT_EQ(found("{from: x, to: /etc/hadoop/core-site.xml}").size(), 1U);
  EXPECT_EQ(found("{from: x, to: /opt/spark/conf/x}").size(), 1U);
  EXPECT_TRUE(found("{from: app.py, to: /opt/app/}").empty());
  EXPECT_EQ(parse_recipe(with("files: [{from: src/jobs/, to: /opt/}]")).files[0].place(), "/opt/jobs");
  EXPECT_NE(refusal(with("files: [{from: .., to: /opt/}]")), "");
}

}  // namespace
}  // namespace spoke::image
