// The embedded Kubernetes, whole: store, API server, controllers, scheduler, node, DNS and operator in one process.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "cluster/paths.h"
#include "image/registry/registries.h"

namespace spoke::cluster {

struct ClusterOptions {
  Paths paths = Paths::standard();
  std::uint16_t port = 7443;                   // of the API server, on loopback and on the pods' bridge
  std::map<std::string, std::string> aliases;  // of images (image/image_store.h)
  std::vector<Path> spark_homes;
  image::RegistryOptions registries;  // what pods' images are pulled from
  bool node = true;                   // without: objects only, no pod runs; needs no root
  bool spark_operator = true;
};

constexpr const char* kPodNetwork = "10.85.0.0/16";
constexpr const char* kGateway = "10.85.0.1";
constexpr const char* kServiceNetwork = "10.86.0.0/16";
constexpr const char* kServiceIp = "10.86.0.1";  // of default/kubernetes

// Runs until SIGTERM or SIGINT; `ready` is called once the API answers and the node is Ready. Throws Error where it
// cannot start: another one runs, the port is taken, the database is corrupt, something is missing.
void run_cluster(const ClusterOptions& options, const std::function<void()>& ready);

}  // namespace spoke::cluster
