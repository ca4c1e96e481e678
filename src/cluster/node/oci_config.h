// What a container runtime is told: a pod's container as an OCI runtime configuration (config.json). Pure.
#pragma once

#include <string>
#include <vector>

#include "cluster/node/env.h"
#include "cluster/node/machine.h"
#include "cluster/node/users.h"

namespace spoke::cluster {

struct ContainerMount {
  Path source;  // on the machine
  Path target;  // in the container
  bool read_only = false;
  std::string propagation = "rprivate";  // "rslave", "rshared"
};

struct Device {
  std::string path;  // "/dev/kvm"
  char type = 'c';   // or 'b'
  unsigned major = 0, minor = 0;
  unsigned mode = 0600;
  Id uid = 0, gid = 0;
};

struct Bundle {
  const kube::Object& pod;
  const json::value& container;
  const image::Image& image;
  const Machine& machine;
  std::vector<std::string> args;
  Env env;  // of the specification; the image's lies under it
  User user;
  std::string hostname;
  Path rootfs;
  std::vector<ContainerMount> mounts;   // volumes and files that the node writes
  Path net, ipc, uts;                   // files that hold the pod's namespaces; empty: the machine's
  std::string cgroup;                   // "/spoke/..."
  std::vector<Device> machine_devices;  // for privileged containers
};

json::value oci_config(const Bundle& bundle);

// Who the container runs as: securityContext over the image's user. `passwd` and `group` are the image's files. Throws
// ConfigError where a name is unknown, or where runAsNonRoot forbids it, as the kubelet words it.
User container_user(const kube::Object& pod, const json::value& container, const std::string& image_user,
                    std::string_view passwd, std::string_view group);

// A member of the container's securityContext, else of the pod's, else null.
const json::value* security(const kube::Object& pod, const json::value& container, std::string_view name);

bool privileged(const json::value& container);

}  // namespace spoke::cluster
