// Dockerfiles that put files upon an image, as recipes: FROM, ARG, COPY, ADD of files, ENV, LABEL, USER, WORKDIR,
// ENTRYPOINT and CMD mean what they mean to Docker (docs.docker.com/reference/dockerfile). What would have to run in
// the image (RUN), and what has several stages, is refused with the place in a recipe that does it.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "image/build/recipe.h"

namespace spoke::image {

struct ContextFile {
  std::string path;  // below the context
  bool is_folder = false;
};

// What is in the context under a path, which may be a pattern ("target/*.jar"), in the order of names.
using FindFiles = std::function<std::vector<ContextFile>(const std::string& pattern)>;

// What a Dockerfile has to know of the image that it stands on.
struct DockerBase {
  std::map<std::string, std::string> environment;
  std::string working_dir;  // "" for "/"
  std::function<bool(const std::string& path)> has_folder = [](const std::string&) { return false; };
};
using DockerBaseOf = std::function<DockerBase(const std::string& name)>;

struct Dockerfile {
  Recipe recipe;  // without a name
  // What is passed over, "line 7: EXPOSE changes nothing in a pod, and is left out"; variables that are not set.
  std::vector<std::string> notes;
};

// `arguments` are --build-arg's. Jars that go to /opt/spark/jars become the recipe's jars, so that they are checked.
// Throws RecipeError that begins with the line. Pure but for `find` and `base_of`.
Dockerfile parse_dockerfile(std::string_view text, const std::map<std::string, std::string>& arguments,
                            const FindFiles& find, const DockerBaseOf& base_of);

// Whether a file is a Dockerfile, by its first instruction. Pure.
bool is_dockerfile(std::string_view text);

}  // namespace spoke::image
