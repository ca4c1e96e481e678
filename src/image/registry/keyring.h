// Who one is to registries: Docker's config.json, and Kubernetes' secrets of images.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace spoke::image {

// Of one registry, or a part of it. Never printed.
struct Login {
  std::string user, password;
  std::string identity_token;  // to be exchanged for others, in the place of a password
};

class Keyring {
 public:
  // {"auths": {"ghcr.io": {"auth": "base64 of user:password"}}}, or what the older .dockercfg has: the inner object
  // alone. Throws Error that says what is wrong with it, and quotes nothing.
  void add(std::string_view config);

  void add(Keyring others);  // come after those it has, where both are as close

  // The user's own: REGISTRY_AUTH_FILE, else DOCKER_CONFIG's config.json, XDG_RUNTIME_DIR/containers/auth.json,
  // ~/.docker/config.json, all there are; with their credential helpers. Throws Error where one cannot be read.
  static Keyring of_user();

  // For "registry.example.org/team/app", the closest first. A key may be a server, "*.example.org", or go on with the
  // beginning of a path, as Kubernetes reads it (images/#config-json). Runs credential helpers; blocks then. Throws
  // Error that says which helper failed.
  std::vector<Login> find(std::string_view repository) const;

 private:
  struct Entry {
    std::string key;  // "registry.example.org/team", lower case
    Login login;
  };
  struct Helper {
    std::string host;  // "": of all
    std::string program;
  };
  void add(std::string_view config, bool helpers);
  void sort();

  std::vector<Entry> entries_;
  std::vector<Helper> helpers_;
};

}  // namespace spoke::image
