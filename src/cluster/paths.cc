#include "cluster/paths.h"

#include <cstdlib>

#include "base/error.h"

namespace spoke::cluster {

Paths Paths::standard() {
  if (const char* data = std::getenv("XDG_DATA_HOME"); data != nullptr && *data == '/')
    return Paths(Path(data) / "spoke");
  const char* home = std::getenv("HOME");
  if (home == nullptr || *home != '/')
    fail("there is no home folder to keep the cluster's data in: set HOME or XDG_DATA_HOME");
  return Paths(Path(home) / ".local/share/spoke");
}

}  // namespace spoke::cluster
