// What a new object gets from other objects, and whether they let it in: a pod its service account and token, a Service
// its address, every object a namespace that is there and quotas that are not used up. Source: the admission plug-ins
// that are on by default (NamespaceLifecycle, ServiceAccount, DefaultTolerationSeconds, Priority,
// StorageObjectInUseProtection, ResourceQuota), and the allocators of Service addresses.
#pragma once

#include <functional>
#include <string_view>
#include <utility>

#include "cluster/api/resource_type.h"
#include "cluster/api/service_addresses.h"
#include "cluster/store/store.h"

namespace spoke::cluster {

class Catalog;

class Admission {
 public:
  // `service_network` "10.86.0.0/16": the first address is the kubernetes Service's own.
  Admission(const Store& store, std::string_view service_network);

  // What else becomes of a new pod, before all of this: what a webhook would do on another cluster.
  void amend_pods(std::function<void(Object& pod)> amend) { amend_pod_ = std::move(amend); }

  // Throws StatusError NotFound where the namespace is not there, Forbidden where it is being deleted.
  void check_namespace(const ResourceType& type, std::string_view ns, std::string_view name) const;
  void admit(const ResourceType& type, Object& object) const;          // on create, before it is checked
  static void admit_update(const ResourceType& type, Object& object);  // on update, likewise
  void allow(const ResourceType& type, const Object& object) const;  // on create, once it is in order; throws Forbidden
  // Last of all, so that what is refused costs no address. `before` is null on create. A dry run keeps nothing.
  void allocate(const ResourceType& type, const Object* before, Object& object, bool dry_run);
  void undo(const ResourceType& type, const Object* before, const Object& object);  // what could not be written
  void forget(const ResourceType& type, const Object& object);                      // when it is gone
  static void check_delete(const ResourceType& type, std::string_view name);        // throws Forbidden

 private:
  void admit_pod(Object& pod) const;
  const Store& store_;
  ServiceAddresses addresses_;
  std::function<void(Object&)> amend_pod_;
};

}  // namespace spoke::cluster
