// What all pods of the node share.
#pragma once

#include <atomic>
#include <memory>
#include <set>

#include "client/events.h"
#include "cluster/node/fields.h"
#include "cluster/node/ipv4.h"
#include "cluster/node/machine.h"
#include "cluster/node/node.h"
#include "cluster/node/pod_dir.h"
#include "net/scope.h"

namespace spoke::cluster {

struct NodeContext {
  client::Api& api;
  ResolveImage images;
  NodeOptions options;
  Machine machine;
  Network network;
  Ipv4 gateway = 0;
  std::string host_ip;
  Path state_dir;  // the container runtime's
  net::Executor executor;
  client::EventRecorder events;
  net::Scope scope;          // of everything that runs for pods
  std::set<Ipv4> addresses;  // in use
  Ipv4 last_address = 0;
  std::set<std::string> pulling;  // images
  std::shared_ptr<std::atomic<bool>> closing = std::make_shared<std::atomic<bool>>(false);

  PodDir dir_of(std::string_view uid) const { return {options.data_dir / "pods" / std::string(uid)}; }
  // An address for a new pod, in use from now on. Throws Error where there is none left.
  Ipv4 take_address();
  PodPlace place(const std::string& pod_ip) const {
    return {options.name, host_ip, pod_ip, machine.cpus, machine.memory};
  }
};

}  // namespace spoke::cluster
