// The options of commands that talk to registries.
#pragma once

#include <string>
#include <vector>

#include "image/registry/registries.h"

namespace CLI {
class App;
}

namespace spoke::cli {

struct RegistryFlags {
  std::vector<std::string> mirrors, insecure;

  void add_to(CLI::App& app);
  image::RegistryOptions read() const;   // throws UsageError
  image::Registries registries() const;  // with the user's own credentials
};

}  // namespace spoke::cli
