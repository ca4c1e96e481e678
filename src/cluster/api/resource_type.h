// A kind of object that the API serves: a row of facts, and what is special about it as functions. Adding a kind is one
// file under kinds/ that fills one of these.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "client/api.h"
#include "kube/names.h"
#include "kube/schema.h"

namespace spoke::cluster {

using kube::Cause;
using kube::Object;
using Causes = std::vector<Cause>;
using Fields = std::vector<std::pair<std::string, std::string>>;

// A column of kubectl get (metav1.TableColumnDefinition).
struct Column {
  std::string name, type, format, description;
  int priority = 0;  // above 0: with -o wide only
};

struct ResourceType {
  client::Resource id;
  std::string singular;
  std::vector<std::string> short_names, categories;
  bool has_status = false;            // a status subresource; status is ignored everywhere else
  bool has_generation = false;        // metadata.generation counts changes of what is not metadata or status
  bool graceful = false;              // DELETE is a request to the node (Pod)
  bool generation_by_labels = false;  // ... and of labels (EndpointSlice)
  bool create_on_update = false;      // PUT of an absent object makes it
  bool unconditional_update = true;   // PUT may leave out metadata.resourceVersion
  bool status_on_create = false;      // a POST may bring a status (Node)
  bool returns_deleted = false;       // DELETE answers with the object, not with a Status
  bool custom = false;                // defined by a CustomResourceDefinition
  bool deletable_in_bulk = true;      // has deletecollection
  std::string storage;                // prefix of its keys, "core/pods"; shared by the two faces of Event
  kube::SchemaPtr schema;
  std::vector<std::string> (*check_name)(std::string_view) = kube::check_dns1123_subdomain;

  // Each may be absent. Values in, values out: what needs other objects is admission's (admission.h).
  std::function<void(Object&)> defaults;                               // on every way in
  std::function<void(Object&)> on_create;                              // resets what a client may not set
  std::function<void(const Object& before, Object& after)> on_update;  // puts back what may not change silently
  std::function<void(const Object&, Causes&)> validate;
  std::function<void(const Object& before, const Object& after, Causes&)> validate_update;
  std::function<void(const Object&, Fields&)> fields;        // for field selectors, besides the name
  std::vector<std::string> field_names;                      // those that `fields` may give
  std::function<Object(Object)> from_storage, to_storage;    // where storage has another version
  std::vector<Column> columns;                               // between Name and Age
  std::function<json::array(const Object&)> cells;           // one for each of `columns`
  std::function<json::array(const Object&)> row_conditions;  // of a Table's row
  bool name_column = true, age_column = true;
  std::string deprecated;  // what a client is warned of at every request
  // Where the replicas stand that the scale subresource tells: JSON paths, "" where there are none.
  struct Scale {
    std::string spec_replicas, status_replicas, selector;
  };
  std::optional<Scale> scale;

  std::string key(std::string_view ns, std::string_view name) const {
    return storage + "/" + std::string(ns) + "/" + std::string(name);
  }
  std::string prefix(std::string_view ns) const {
    return ns.empty() ? storage + "/" : storage + "/" + std::string(ns) + "/";
  }
  std::vector<std::string> verbs() const;
};

// The kinds that are always there. One function a file under kinds/.
namespace kinds {
void add_namespaces(std::vector<ResourceType>& out);
void add_nodes(std::vector<ResourceType>& out);
void add_pods(std::vector<ResourceType>& out);
void add_services(std::vector<ResourceType>& out);
void add_endpoints(std::vector<ResourceType>& out);  // Endpoints, EndpointSlice
void add_config(std::vector<ResourceType>& out);     // ConfigMap, Secret
void add_service_accounts(std::vector<ResourceType>& out);
void add_events(std::vector<ResourceType>& out);      // core/v1 and events.k8s.io/v1
void add_volumes(std::vector<ResourceType>& out);     // PersistentVolume, -Claim, StorageClass
void add_networking(std::vector<ResourceType>& out);  // NetworkPolicy, Ingress
void add_policy(std::vector<ResourceType>& out);      // PodDisruptionBudget, ResourceQuota
void add_apps(std::vector<ResourceType>& out);        // Deployment, ReplicaSet, StatefulSet, ControllerRevision
void add_jobs(std::vector<ResourceType>& out);
void add_leases(std::vector<ResourceType>& out);
void add_rbac(std::vector<ResourceType>& out);
void add_custom_resource_definitions(std::vector<ResourceType>& out);
}  // namespace kinds

// A ResourceType with what all built-in kinds share. `plural` "pods", `kind` "Pod".
ResourceType builtin(std::string group, std::string version, std::string plural, std::string kind, bool namespaced);

// For each version that a CustomResourceDefinition serves. Empty where it is not (yet) in order.
std::vector<ResourceType> custom_types(const Object& definition);

// All kinds, those of CustomResourceDefinitions included as they come and go.
class Catalog {
 public:
  Catalog();
  const ResourceType* find(std::string_view group, std::string_view version, std::string_view plural) const;
  std::shared_ptr<const ResourceType> shared(std::string_view group, std::string_view version,
                                             std::string_view plural) const;
  const ResourceType* by_kind(std::string_view api_version, std::string_view kind) const;
  const std::vector<std::shared_ptr<const ResourceType>>& all() const { return types_; }
  void define(const Object& definition);
  void forget(std::string_view definition_name);

 private:
  std::vector<std::shared_ptr<const ResourceType>> types_;
};

}  // namespace spoke::cluster
