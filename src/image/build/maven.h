// Artifacts of Maven repositories, by the machine's own mvn with its own settings.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/files.h"
#include "image/build/recipe.h"

namespace spoke::image {

struct ResolvedArtifact {
  MavenArtifact artifact;
  Path file;  // in the machine's own repository
};

// A project that depends on them. Pure.
std::string project_of(const std::vector<MavenArtifact>& artifacts, const std::vector<std::string>& repositories);

struct CopiedArtifact {
  MavenArtifact artifact;
  Path folder;
  std::string name;  // of its file; "" for its own
};
// A project whose copying_goal() puts artifacts' files into folders, and asks no POM. Pure.
std::string copying_project(const std::vector<CopiedArtifact>& artifacts, const std::vector<std::string>& repositories);
std::string copying_goal();

// What mvn's dependency:list and :collect write of a project, "   org.slf4j:slf4j-api:jar:2.0.17:compile:/path".
// Throws Error for a line that is none of it. Pure.
std::vector<ResolvedArtifact> parse_list(std::string_view text);

// Asks Maven, and remembers its answers below a folder: to the same question there is the same answer, until it is
// asked for anew, or a file is gone. Blocks. Throws Error that names the artifact that could not be had.
class MavenCache {
 public:
  using Artifacts = std::vector<ResolvedArtifact>;

  MavenCache(Path dir, bool renew, std::function<void(std::string_view)> say)
      : dir_(std::move(dir)), renew_(renew), say_(std::move(say)) {}

  // The artifacts with all that they need at run time, once each, in the version that Maven takes; jars alone. Of those
  // without their closure not even the POM is asked for. From metadata alone: their files are "".
  Artifacts collect(const std::vector<MavenArtifact>& artifacts, const std::vector<std::string>& repositories) const;
  // The same with their files, which are downloaded where the machine does not have them.
  Artifacts resolve(const std::vector<MavenArtifact>& artifacts, const std::vector<std::string>& repositories) const;

 private:
  Artifacts ask(const std::string& goal, const std::vector<MavenArtifact>& artifacts,
                const std::vector<std::string>& repositories) const;

  Path copy(const MavenArtifact& artifact, const std::vector<std::string>& repositories) const;

  Path dir_;
  bool renew_;
  std::function<void(std::string_view)> say_;
};

}  // namespace spoke::image
