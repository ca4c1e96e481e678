// The node: pods as containers on this machine. Watches the pods bound to it, brings them to the state they ask for,
// and writes their status. It decides in pod_machine.h (pure), acts in sandbox, container, volumes, probes.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/files.h"
#include "client/api.h"
#include "image/image_store.h"

namespace spoke::cluster {

struct NodeOptions {
  std::string name = "spoke";
  Path data_dir;                  // pods/, containers/: survives restarts of spoke
  std::string bridge = "spoke0";  // made by network setup before the node runs
  std::string pod_network = "10.85.0.0/16";
  std::string gateway = "10.85.0.1";             // the bridge's address; DNS and API server listen there
  std::string service_network = "10.86.0.0/16";  // of ClusterIPs
  std::string service_host = "10.86.0.1";        // KUBERNETES_SERVICE_HOST of the kubernetes Service
  std::string cluster_domain = "cluster.local";
  std::string executable = "/proc/self/exe";  // spoke itself, re-executed as the container monitor
  std::string ca_pem;                         // of the API server, for service account volumes
  // A service account's token bound to a pod (TokenRequest).
  std::function<client::Task<std::string>(std::string ns, std::string account, std::string pod, std::string pod_uid,
                                          long seconds)>
      token;
  // Pulls an image into those that ResolveImage knows, with these texts of Docker's configuration for credentials; its
  // size in bytes. Blocks, until `stop` says so; throws image::ImageError. Null where nothing is pulled.
  std::function<std::int64_t(const std::string& name, const std::vector<std::string>& secrets,
                             const std::function<bool()>& stop)>
      pull;
};

struct LogOptions {       // the query of /log
  std::string container;  // "": the only one
  bool follow = false;
  bool previous = false;
  bool timestamps = false;
  std::optional<long> tail_lines;
  std::optional<long> since_seconds;
  std::string since_time;  // RFC 3339
  std::optional<long> limit_bytes;
};

// What an image name stands for; blocks, throws image::ImageError.
using ResolveImage = std::function<image::Image(const std::string& name)>;

class Node {
 public:
  Node(client::Api& api, image::ImageStore& images, NodeOptions options);
  Node(client::Api& api, ResolveImage images, NodeOptions options);
  ~Node();

  // Takes up the pods that outlived an earlier process, registers the Node object, then runs until cancelled.
  client::Task<> run();

  // Writes a container's log to `write`, piece by piece. Throws StatusError BadRequest as the kubelet does
  // ("container \"x\" in pod \"y\" is waiting to start: ContainerCreating").
  client::Task<> logs(const client::Object& pod, LogOptions options,
                      std::function<client::Task<>(std::string_view)> write);

  // A connection to 127.0.0.1:port as from within the pod, as the kubelet forwards ports. Throws Error where nobody
  // listens there.
  client::Task<Fd> dial(const client::Object& pod, std::uint16_t port);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// What makes services reachable: the routes of ClusterIPs, and the DNS server on the gateway. Until cancelled; after
// set_up_network. Throws Error where somebody else is on the DNS port.
client::Task<> run_services(client::Api& api, NodeOptions options);

// `spoke monitor DIR`: runs as the parent of one container; see monitor.cc. Answers the exit code of the process.
int monitor_main(int argc, char** argv);

// The bridge, forwarding and masquerading. They are the caller's as long as the answer lives: throws Error where
// another process has them. Blocks; safe to call again after a process that was killed.
[[nodiscard]] Fd set_up_network(const NodeOptions& options);
// Does nothing where another process has them.
void tear_down_network(const NodeOptions& options);

// Ends every pod of the node at once and takes away all that is left of them. For when the cluster is taken down, and
// no Node runs on the same folder. Blocks; before tear_down_network. Throws Error.
void remove_pods(const NodeOptions& options);

}  // namespace spoke::cluster
