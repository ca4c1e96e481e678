// The files that config map, secret, downward API and projected volumes consist of. Pure.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "cluster/node/env.h"

namespace spoke::cluster {

// What stands in the way of a volume, in the kubelet's words: event FailedMount. It is tried again.
class MountError : public Error {
 public:
  using Error::Error;
};

struct VolumeFile {
  std::string content;
  unsigned mode = 0644;
  bool operator==(const VolumeFile&) const = default;
};
using VolumeFiles = std::map<std::string, VolumeFile>;  // by path relative to the volume

// A token that a projected volume calls for.
struct TokenRequest {
  std::string volume;
  size_t source = 0;  // which of its sources
  long seconds = 3600;
  std::string path;
};
std::vector<TokenRequest> token_requests(const kube::Object& pod);

// By volume and source, as in TokenRequest.
using Tokens = std::map<std::pair<std::string, size_t>, std::string>;

void volume_sources(const kube::Object& pod, SourceNames& names);  // adds the config maps and secrets of its volumes

bool is_file_volume(const json::value& volume);    // of one of these kinds
bool is_secret_volume(const json::value& volume);  // whose files must not come to a disk

// Throws MountError.
VolumeFiles volume_files(const kube::Object& pod, const json::value& volume, const Sources& sources,
                         const Tokens& tokens, const PodPlace& place);

}  // namespace spoke::cluster
