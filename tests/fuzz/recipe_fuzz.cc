// uses: spoke_docker
// Recipes, groups of them, Dockerfiles, words of Dockerfiles, names of jars and mvn's lists. What is taken has what
// every recipe has, and its artifacts are no paths; everything else is an error that says why.
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "check.h"
#include "image/build/builder.h"
#include "image/build/dockerfile.h"
#include "image/build/maven.h"
#include "image/build/recipe.h"
#include "image/check/check.h"
#include "image/docker/words.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace spoke;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  try {
    const image::Recipe recipe = image::parse_recipe(text);
    fuzz::check(!recipe.name.empty() && !recipe.base.empty(), "a recipe has a name and a base", std::string(text));
    for (const auto& artifact : recipe.maven)
      fuzz::check(artifact.str().find_first_of("/\\<>&\n ") == std::string::npos, "an artifact is no path and no XML",
                  artifact.str());
    image::configuration_in(recipe);
  } catch (const Error& e) {
    fuzz::check(*e.what() != '\0', "an error says why", std::string(text));
  }
  try {
    const auto find = [](const std::string& pattern) { return std::vector<image::ContextFile>{{pattern, false}}; };
    const auto base = [](const std::string&) {
      return image::DockerBase{.environment = {{"HOME", "/root"}}, .working_dir = "/work"};
    };
    const image::Dockerfile read = image::parse_dockerfile(text, {}, find, base);
    fuzz::check(!read.recipe.base.empty() && image::is_dockerfile(text), "a Dockerfile has a base", std::string(text));
    for (const image::RecipeFile& file : read.recipe.files)
      fuzz::check(file.place().starts_with('/'), "a file has a place", file.place());
  } catch (const Error& e) {
    fuzz::check(*e.what() != '\0', "an error says why", std::string(text));
  }
  try {
    image::ImageFacts facts{.spark = "4.1.4", .scala = "2.13"};
    for (const auto& [artifact, file] : image::parse_list(text))
      facts.jars.push_back({artifact.group, artifact.name, artifact.version, image::JarFact::From::Maven, true});
    facts.jars.push_back(image::read_jar_name(text));
    for (const auto& finding : image::check(facts))
      fuzz::check(!finding.remedy.empty(), "a finding has a remedy", finding.subject);
  } catch (const Error& e) {
    fuzz::check(*e.what() != '\0', "an error says why", std::string(text));
  }
  try {
    if (const auto group = image::parse_group(text))
      fuzz::check(!group->name.empty() && !group->recipes.empty(), "a group has a name and recipes", std::string(text));
  } catch (const Error& e) {
    fuzz::check(*e.what() != '\0', "an error says why", std::string(text));
  }
  try {
    // Whatever a value is, a Dockerfile says it and nothing else.
    const std::string file = "FROM scratch\nENV A=" + image::docker_quoted(std::string(text)) + "\n";
    const auto none = [](const std::string&) { return std::vector<image::ContextFile>(); };
    const image::Dockerfile read =
        image::parse_dockerfile(file, {}, none, [](const std::string&) { return image::DockerBase(); });
    fuzz::check(read.recipe.env == std::map<std::string, std::string>{{"A", std::string(text)}}, "a value is itself",
                file);
  } catch (const Error&) {
    fuzz::check(text.find_first_of("\r\n") != std::string_view::npos, "only line breaks cannot be said",
                std::string(text));
  }
  return 0;
}
