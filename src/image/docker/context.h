// A recipe for those who build with Docker: a folder with a Dockerfile and all that it copies.
#pragma once

#include "base/files.h"
#include "image/build/examine.h"
#include "image/build/maven.h"
#include "image/build/recipe.h"

namespace spoke::image {

// What `docker build` makes of it has the contents that `spoke image build` makes: the same places, Maven's artifacts
// in the versions that were resolved now, the same configuration. `folder` is where the recipe's own files are; `to` is
// made. Throws Error for what Docker cannot do.
void write_docker_context(const Recipe& recipe, const Path& folder, const Examined& examined, const MavenCache& maven,
                          const Path& to);

}  // namespace spoke::image
