// What an image will be, besides its files: what `build` makes layers for, and `dockerfile` instructions.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/files.h"
#include "image/build/examine.h"
#include "image/build/maven.h"
#include "image/build/recipe.h"
#include "image/image_store.h"

namespace spoke::image {

struct BuildPlan {
  std::string architecture;  // as Go names it; this machine's
  std::string java_home;     // "" where it is not known
  Path spark_home;           // jars go below it
  ImageConfig below;         // the base's
  ImageConfig config;        // the image's
  std::map<std::string, std::string> labels;
  // What an archive of Spark's classes is made of; or, where the recipe wants one that cannot be, why.
  std::vector<std::string> archived_jars;
  std::string no_archive;
};

BuildPlan plan_image(const Recipe& recipe, const Examined& examined);

struct PlacedJar {
  Path place, source;
  MavenArtifact artifact;
};
struct PlacedJars {
  std::vector<PlacedJar> jars;
  std::vector<std::string> left_out;  // what others need and Spark ships, "GROUP:NAME:VERSION"
};

// Maven's. Fetches them. Blocks. Throws Error.
PlacedJars place_artifacts(const Recipe& recipe, const Examined& examined, const Path& spark_home,
                           const MavenCache& maven);

// The recipe's own jars, by their places. Throws Error for two with one name.
std::map<Path, Path> place_jars(const Recipe& recipe, const Path& folder, const Path& spark_home);

// What the image is called: by `tags`, by the recipe's where there are none, or by its name and Spark's version.
std::vector<std::string> names_of(const Recipe& recipe, const std::vector<std::string>& tags);

}  // namespace spoke::image
