// Kubernetes' API as its clients see it. Two implementations: client/http_api.h over HTTPS for any cluster, and
// cluster/api/local_api.h inside the embedded one, which spares its own controllers the wire.
//
// Failures that the API answers with are kube::StatusError, lost connections net::ConnectionError.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "data/json.h"
#include "kube/meta.h"
#include "kube/status.h"
#include "net/task.h"

namespace spoke::client {

using kube::Object;
using net::Task;

// Names a collection: {"apps", "v1", "deployments"}; the core group is "".
struct Resource {
  std::string group;
  std::string version;
  std::string plural;
  std::string kind;
  bool namespaced = true;

  std::string api_version() const { return group.empty() ? version : group + "/" + version; }
  // "/api/v1/namespaces/NS/pods/NAME/status"; ns and name may be "".
  std::string path(std::string_view ns, std::string_view name = "", std::string_view subresource = "") const;
};

namespace resources {  // those that spoke itself uses
extern const Resource pods, services, config_maps, secrets, nodes, namespaces, service_accounts, events, endpoints,
    endpoint_slices, persistent_volume_claims, persistent_volumes, leases, network_policies,
    custom_resource_definitions, spark_applications, scheduled_spark_applications, spark_connects;
}

// The collection of a kind that a driver's submission makes: Pod, Service, ConfigMap, Secret, PersistentVolumeClaim,
// NetworkPolicy, Volcano's PodGroup. Throws Error for any other.
Resource resource_of(std::string_view api_version, std::string_view kind);
inline Resource resource_of(const Object& object) {
  return resource_of(json::str(object, "apiVersion"), kube::kind(object));
}

struct ListOptions {
  std::string label_selector;
  std::string field_selector;
  std::string resource_version;  // "": the newest; "0": any
  // A page: at most `limit` objects, from where List::continue_token of the page before left off. 0: all at once. A
  // server may answer with more than was asked for. A token that is too old throws StatusError Expired.
  long limit = 0;
  std::string continue_token;
};

struct List {
  std::string resource_version;
  std::string continue_token;  // "" after the last page
  std::vector<Object> items;   // each with apiVersion and kind
};

struct WatchOptions {
  std::string label_selector;
  std::string field_selector;
  std::string resource_version;  // where to go on from; "" replays all as ADDED first
};

struct WatchEvent {
  enum class Type { Added, Modified, Deleted, Bookmark };
  Type type;
  Object object;
};

class Watch {
 public:
  virtual ~Watch() = default;
  // The next event; nothing at the stream's end (the caller watches again from the last resourceVersion). Throws
  // StatusError Expired where it is too far behind.
  virtual Task<std::optional<WatchEvent>> next() = 0;
};

enum class PatchType { Json, Merge, Strategic, Apply };

struct PatchOptions {
  std::string subresource;
  std::string field_manager;
  bool force = false;  // Apply only
};

struct DeleteOptions {
  std::optional<long> grace_period_seconds;
  std::string uid;               // precondition
  std::string resource_version;  // precondition
  std::string propagation;       // Background, Foreground, Orphan or ""
};

class Api {
 public:
  virtual ~Api() = default;
  virtual Task<Object> get(const Resource& resource, std::string_view ns, std::string_view name) = 0;
  virtual Task<List> list(const Resource& resource, std::string_view ns,
                          const ListOptions& options) = 0;  // "": all namespaces
  virtual Task<Object> create(const Resource& resource, std::string_view ns, Object object) = 0;
  // PUT; metadata.resourceVersion in the object is a precondition. `subresource` "" or "status".
  virtual Task<Object> update(const Resource& resource, std::string_view ns, Object object,
                              std::string_view subresource) = 0;
  virtual Task<Object> patch(const Resource& resource, std::string_view ns, std::string_view name, PatchType type,
                             json::value body, const PatchOptions& options) = 0;
  virtual Task<> remove(const Resource& resource, std::string_view ns, std::string_view name,
                        const DeleteOptions& options) = 0;
  virtual Task<std::unique_ptr<Watch>> watch(const Resource& resource, std::string_view ns,
                                             const WatchOptions& options) = 0;
  // There is nothing to do for the moment: what is only kept for the next requests may go.
  virtual void rest() {}
};

}  // namespace spoke::client
