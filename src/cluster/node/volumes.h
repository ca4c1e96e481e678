// A pod's volumes on this machine, and where its containers find them. Blocks.
#pragma once

#include <vector>

#include "cluster/node/container_files.h"
#include "cluster/node/oci_config.h"
#include "cluster/node/pod_dir.h"
#include "cluster/node/volume_files.h"

namespace spoke::cluster {

// What volumes are made of; called again with newer sources and tokens, it updates those that consist of files.
struct VolumeSetup {
  const kube::Object& pod;
  const PodDir& dir;
  const Sources& sources;
  const Tokens& tokens;
  const PodPlace& place;
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
