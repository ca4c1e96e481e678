// What is to be in an image: a recipe, in YAML. What it may say stands in images/recipe.schema.yaml. Pure.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace spoke::image {

// What is wrong with a recipe. what() begins with its field.
class RecipeError : public Error {
 public:
  using Error::Error;
};

struct MavenArtifact {
  std::string group, name, version;
  std::string classifier;               // "" mostly
  bool closure = true;                  // with what it needs at run time
  bool optional = false;                // the image does without where it cannot be had
  std::vector<std::string> exclusions;  // "GROUP:NAME", either may be "*"
  std::string to;                       // a folder in the place of Spark's jars; "" mostly

  std::string str() const;  // "GROUP:NAME:VERSION", with its classifier where it has one
  bool operator==(const MavenArtifact&) const = default;
};

// "GROUP:NAME:VERSION" or "GROUP:NAME:VERSION:CLASSIFIER". Throws RecipeError.
MavenArtifact parse_artifact(std::string_view text);

struct RecipeFile {
  std::string from, to;
  std::optional<unsigned> mode;
  unsigned user = 0, group = 0;

  std::string place() const;  // where it stands in the image
};

struct SparkSource {
  std::string version;
  std::string from;  // "pypi", or a folder or archive
  bool cds = true;   // with an archive of its classes
};

struct Recipe {
  std::string name;
  std::string base;
  std::vector<std::string> packages;
  int java = 0;  // 0: whatever the base has
  std::optional<SparkSource> spark;
  std::string scala;  // "": not said
  std::vector<std::string> python_requirements;
  std::vector<MavenArtifact> maven;
  std::vector<std::string> repositories;
  std::vector<std::string> identity;  // of pods, that connectors have to take: "aws-irsa"
  std::vector<std::string> jars;
  std::vector<RecipeFile> files;
  std::map<std::string, std::string> env;
  std::optional<std::string> user, workdir;
  std::optional<std::vector<std::string>> entrypoint, command;
  std::map<std::string, std::string> labels;
  std::vector<std::string> platforms;
  std::vector<std::string> tags;

  // Whether the base is made from Debian's packages; its suite ("bookworm") then, "" otherwise.
  std::string debian_suite() const;
};

// Throws RecipeError that names every field that does not fit.
Recipe parse_recipe(std::string_view yaml);

// Recipes that are built together.
struct RecipeGroup {
  std::string name;
  std::vector<std::string> recipes;  // files, of groups too, by paths from the group's own
};
// Nothing where it is no group, for it has no `recipes`. Throws RecipeError.
std::optional<RecipeGroup> parse_group(std::string_view yaml);

}  // namespace spoke::image
