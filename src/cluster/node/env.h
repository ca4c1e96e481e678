// A container's environment, command and arguments. Pure: what config maps and secrets hold is given.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "cluster/node/fields.h"
#include "image/image_store.h"

namespace spoke::cluster {

// What stands in the way of creating a container, in the kubelet's words: waiting reason CreateContainerConfigError. It
// is tried again.
class ConfigError : public Error {
 public:
  using Error::Error;
};

// The pod's config maps and secrets, by name. Absent: it does not exist.
struct Sources {
  std::map<std::string, kube::Object, std::less<>> config_maps;
  std::map<std::string, kube::Object, std::less<>> secrets;
};

struct SourceNames {
  std::set<std::string> config_maps, secrets;
};
void env_sources(const json::value& container, SourceNames& names);  // adds those its environment refers to

// One entry of a config map or secret, decoded; nothing where it has no such key.
std::optional<std::string> config_map_value(const kube::Object& config_map, std::string_view key);
std::optional<std::string> secret_value(const kube::Object& secret, std::string_view key);
std::vector<std::string> keys_of(const kube::Object& config_map_or_secret);  // sorted

// `$(NAME)` is replaced where `value_of` knows the name and stays as it is where not; `$$` is a `$` that escapes.
std::string expand(std::string_view text, const std::function<std::optional<std::string>(std::string_view)>& value_of);

using Env = std::map<std::string, std::string, std::less<>>;

// `services` are the variables of the kubernetes Service. Throws ConfigError.
Env container_env(const kube::Object& pod, const json::value& container, const Env& services, const Sources& sources,
                  const PodPlace& place);

// What the container runs: command and args of the specification, the image's entrypoint and cmd where they say
// nothing. Throws ConfigError where nobody says anything.
std::vector<std::string> container_args(const json::value& container, const image::ImageConfig& image, const Env& env);

}  // namespace spoke::cluster
