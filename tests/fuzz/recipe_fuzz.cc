// uses: spoke_build
// Recipes, Dockerfiles, names of jars and mvn's lists. What is taken has what every recipe has, and its artifacts are
// no paths; everything else is an error that says why.
#include <cstdint>
#include <string>
#include <string_view>

#include "check.h"
#include "image/build/builder.h"
#include "image/build/dockerfile.h"
#include "image/build/maven.h"
#include "image/build/recipe.h"
#include "image/check/check.h"

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
  return 0;
}
