// A pod's volumes on this machine, and where its containers find them. Blocks.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "cluster/node/container_files.h"
#include "cluster/node/oci_config.h"
#include "cluster/node/pod_dir.h"
#include "cluster/node/volume_files.h"

namespace spoke::cluster {

// Where the volumes of the pod's PersistentVolumeClaims are on this machine, by the claim's name.
using ClaimedPaths = std::map<std::string, std::string, std::less<>>;

// The folder of a PersistentVolume on this machine. Throws MountError where it is not of a type that this node has.
std::string path_of_volume(const kube::Object& persistent_volume);

// What volumes are made of; called again with newer sources and tokens, it updates those that consist of files.
struct VolumeSetup {
  const kube::Object& pod;
  const PodDir& dir;
  const Sources& sources;
  const Tokens& tokens;
  const PodPlace& place;
  const ClaimedPaths& claimed;
};

// Throws MountError `MountVolume.SetUp failed for volume "v" : reason`.
void set_up_volumes(const VolumeSetup& setup);

// Why the pod has to go for an emptyDir on the disk that outgrew its sizeLimit; "" where none did.
std::string outgrown_volume(const kube::Object& pod, const PodDir& dir);

// The mounts that a container asks for, subPaths resolved (and held by a mount below files.subpaths(), so that nobody
// can swap them for a link later), with the files that every container gets. `env` is for subPathExpr. Throws
// ConfigError.
std::vector<ContainerMount> container_mounts(const kube::Object& pod, const PodDir& dir, const ContainerFiles& files,
                                             const json::value& container, const Env& env);

}  // namespace spoke::cluster
