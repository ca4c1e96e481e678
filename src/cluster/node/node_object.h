// The Node object and its lease: that this machine is there, and what it has.
#pragma once

#include "base/time.h"
#include "cluster/node/machine.h"
#include "cluster/node/node.h"

namespace spoke::cluster {

// What the machine says of itself, for status.nodeInfo.
struct NodeInfo {
  std::string machine_id, boot_id, kernel, os_image, runtime_version;  // "runc://1.1.5"
  std::int64_t disk = 0;                                               // bytes, where pods write
  std::string hostname, host_ip;
};
NodeInfo read_node_info(const Machine& machine, const Path& data_dir, const std::string& gateway);  // blocks

json::value node_object(const std::string& name, const NodeInfo& info);  // metadata and spec
json::value node_status(const Machine& machine, const NodeInfo& info, const kube::Object& before, Time now);  // Ready

// Makes the Node, or brings the one that is there up to date.
client::Task<> register_node(client::Api& api, const std::string& name, const Machine& machine, const NodeInfo& info);

// Renews the lease in kube-node-lease every 10 s, until cancelled.
client::Task<> keep_lease(client::Api& api, const std::string& name);

}  // namespace spoke::cluster
