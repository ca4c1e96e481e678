#include "cluster/node/volume_files.h"

#include <algorithm>

#include "base/strings.h"

namespace spoke::cluster {
namespace {

template <class... Args>
[[noreturn]] void mount_error(fmt::format_string<Args...> format, Args&&... args) {
  throw MountError(fmt::format(format, std::forward<Args>(args)...));
}

unsigned mode_of(const json::value& item, unsigned otherwise) {
  return static_cast<unsigned>(json::num(item, "mode", otherwise)) & 0777;
}

// A path may not leave the volume, nor look like the links that updates go by.
void add(VolumeFiles& files, std::string_view path, VolumeFile file) {
  const auto parts = split(path, '/');
  const bool leaves = std::ranges::any_of(parts, [](const auto& part) { return part == ".."; });
  if (path.empty() || path.starts_with('/') || path.starts_with("..") || leaves) mount_error("invalid path {}", path);
  files[Path(path).lexically_normal().string()] = std::move(file);
}

// One config map or secret: all its keys, or those of `items` under their own paths.
struct Kind {
  const char* word;      // as in `configmap "x" not found`
  const char* key_word;  // as in "references non-existent config key: k"
  std::optional<std::string> (*value)(const kube::Object&, std::string_view);
};
const Kind kConfigMap{"configmap", "config", config_map_value};
const Kind kSecret{"secret", "secret", secret_value};

void add_source(VolumeFiles& files, const Kind& kind, const std::map<std::string, kube::Object, std::less<>>& objects,
                std::string_view name, const json::value& source, unsigned mode) {
  const bool optional = json::flag(source, "optional");
  const auto at = objects.find(name);
  if (at == objects.end()) {
    if (optional) return;
    mount_error("{} \"{}\" not found", kind.word, name);
  }
  const auto& items = json::list(source, "items");
  if (items.empty()) {
    for (const auto& key : keys_of(at->second)) add(files, key, {kind.value(at->second, key).value_or(""), mode});
  }
  for (const auto& item : items) {
    auto content = kind.value(at->second, json::str(item, "key"));
    if (!content && optional) continue;
    if (!content) mount_error("references non-existent {} key: {}", kind.key_word, json::str(item, "key"));
    add(files, json::str(item, "path"), {std::move(*content), mode_of(item, mode)});
  }
}

void add_downward(VolumeFiles& files, const kube::Object& pod, const json::value& source, unsigned mode,
                  const PodPlace& place) {
  for (const auto& item : json::list(source, "items")) {
    std::optional<std::string> content;
    if (const auto* ref = json::find(item, "fieldRef")) {
      content = pod_field(pod, json::str(*ref, "fieldPath"), place);
      if (!content) mount_error("unsupported fieldPath: {}", json::str(*ref, "fieldPath"));
    } else if (const auto* resource = json::find(item, "resourceFieldRef")) {
      const auto* container = find_container(pod, json::str(*resource, "containerName"));
      if (container == nullptr) mount_error("container {} not found", json::str(*resource, "containerName"));
      content = resource_field(*container, json::str(*resource, "resource"), json::str(*resource, "divisor"), place);
      if (!content) mount_error("unsupported container resource : {}", json::str(*resource, "resource"));
    }
    add(files, json::str(item, "path"), {content.value_or(""), mode_of(item, mode)});
  }
}

}  // namespace

std::vector<TokenRequest> token_requests(const kube::Object& pod) {
  std::vector<TokenRequest> out;
  for (const auto& volume : json::list(pod, "spec.volumes")) {
    size_t index = 0;
    for (const auto& source : json::list(volume, "projected.sources")) {
      if (const auto* token = json::find(source, "serviceAccountToken"))
        out.push_back({std::string(json::str(volume, "name")), index, json::num(*token, "expirationSeconds", 3600),
                       std::string(json::str(*token, "path"))});
      ++index;
    }
  }
  return out;
}

void volume_sources(const kube::Object& pod, SourceNames& names) {
  const auto add_names = [&](const json::value& holder, const char* secret_name) {
    if (const auto* map = json::find(holder, "configMap")) names.config_maps.emplace(json::str(*map, "name"));
    if (const auto* secret = json::find(holder, "secret")) names.secrets.emplace(json::str(*secret, secret_name));
  };
  for (const auto& volume : json::list(pod, "spec.volumes")) {
    add_names(volume, "secretName");
    for (const auto& source : json::list(volume, "projected.sources")) add_names(source, "name");
  }
}

bool is_file_volume(const json::value& volume) {
  return std::ranges::any_of(std::initializer_list<const char*>{"configMap", "secret", "downwardAPI", "projected"},
                             [&](const char* kind) { return json::find(volume, kind) != nullptr; });
}

bool is_secret_volume(const json::value& volume) {
  return is_file_volume(volume) && json::find(volume, "configMap") == nullptr;
}

VolumeFiles volume_files(const kube::Object& pod, const json::value& volume, const Sources& sources,
                         const Tokens& tokens, const PodPlace& place) {
  VolumeFiles files;
  const auto default_mode = [](const json::value& source) {
    return static_cast<unsigned>(json::num(source, "defaultMode", 0644)) & 0777;
  };
  if (const auto* map = json::find(volume, "configMap")) {
    add_source(files, kConfigMap, sources.config_maps, json::str(*map, "name"), *map, default_mode(*map));
  } else if (const auto* secret = json::find(volume, "secret")) {
    add_source(files, kSecret, sources.secrets, json::str(*secret, "secretName"), *secret, default_mode(*secret));
  } else if (const auto* downward = json::find(volume, "downwardAPI")) {
    add_downward(files, pod, *downward, default_mode(*downward), place);
  } else if (const auto* projected = json::find(volume, "projected")) {
    const unsigned mode = default_mode(*projected);
    size_t index = 0;
    for (const auto& source : json::list(*projected, "sources")) {
      if (const auto* part = json::find(source, "configMap"))
        add_source(files, kConfigMap, sources.config_maps, json::str(*part, "name"), *part, mode);
      if (const auto* part = json::find(source, "secret"))
        add_source(files, kSecret, sources.secrets, json::str(*part, "name"), *part, mode);
      if (const auto* part = json::find(source, "downwardAPI")) add_downward(files, pod, *part, mode, place);
      if (const auto* part = json::find(source, "serviceAccountToken")) {
        const auto token = tokens.find({std::string(json::str(volume, "name")), index});
        if (token == tokens.end()) mount_error("failed to fetch token: there is none for this service account");
        add(files, json::str(*part, "path"), {token->second, mode});
      }
      if (json::find(source, "clusterTrustBundle") != nullptr)
        mount_error("clusterTrustBundle sources are not supported by this node");
      ++index;
    }
  }
  return files;
}

}  // namespace spoke::cluster
