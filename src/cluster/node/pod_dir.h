// Where a pod's things lie on this machine: one folder a pod, named by its uid. It outlives spoke.
#pragma once

#include <string>

#include "base/files.h"

namespace spoke::cluster {

struct PodDir {
  Path dir;

  Path record() const { return dir / "pod.json"; }        // pod_record.h
  Path namespaces() const { return dir / "namespaces"; }  // sandbox.h
  Path etc() const { return dir / "etc"; }                // hosts, hostname, resolv.conf
  Path resolv_conf() const { return etc() / "resolv.conf"; }
  Path volumes() const { return dir / "volumes"; }        // emptyDir and configMap, a folder each
  Path memory() const { return dir / "memory"; }          // a tmpfs: secrets, tokens, downward API
  Path containers() const { return dir / "containers"; }  // <name>/<attempt>/, container_files.h
  Path attempt(const std::string& container, int number) const {
    return containers() / container / std::to_string(number);
  }
};

}  // namespace spoke::cluster
