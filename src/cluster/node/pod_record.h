// What is written down of a pod before anything is done for it, so that whoever comes after a crash knows what there is
// to take up or to clear away.
#pragma once

#include <optional>

#include "base/time.h"
#include "cluster/node/ipv4.h"
#include "cluster/node/pod_dir.h"
#include "kube/meta.h"

namespace spoke::cluster {

struct PodRecord {
  kube::Object pod;
  Ipv4 ip = 0;    // 0: on the machine's network
  Time accepted;  // status.startTime
};

void write_record(const PodDir& dir, const PodRecord& record);
std::optional<PodRecord> read_record(const PodDir& dir);  // nothing where there is none, or a broken one

}  // namespace spoke::cluster
