// Artifacts of Maven repositories, by the machine's own mvn with its own settings.
#pragma once

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

// What mvn's dependency:list writes of a project, "   org.slf4j:slf4j-api:jar:2.0.17:compile:/path".
// Throws Error for a line that is none of it. Pure.
std::vector<ResolvedArtifact> parse_list(std::string_view text);

// The artifacts with all that they need at run time, once each, in the version that Maven takes; jars alone. Blocks,
// and downloads what the machine does not have; writes into the folder `scratch`. Throws Error that names the artifact
// that could not be had.
std::vector<ResolvedArtifact> resolve_artifacts(const std::vector<MavenArtifact>& artifacts,
                                                const std::vector<std::string>& repositories, const Path& scratch);

}  // namespace spoke::image
