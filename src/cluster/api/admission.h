// What a new object gets from other objects: a pod its service account and token, a Service its address, every object a
// namespace that is there. Source: the admission plug-ins that are on by default (NamespaceLifecycle, ServiceAccount,
// DefaultTolerationSeconds, Priority), and the ClusterIP allocator.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <string_view>

#include "cluster/api/resource_type.h"
#include "cluster/store/store.h"

namespace spoke::cluster {

class Admission {
 public:
  // `service_network` "10.86.0.0/16": the first address is the kubernetes Service's own.
  Admission(const Store& store, std::string_view service_network);

  // Throws StatusError NotFound where the namespace is not there, Forbidden where it is being deleted.
  void check_namespace(const ResourceType& type, std::string_view ns, std::string_view name) const;
  void admit(const ResourceType& type, Object& object);            // before validation, on create
  void admit_update(const ResourceType& type, Object& object);     // a Service that becomes one with an address
  void forget(const ResourceType& type, const Object& object);     // when it is gone
  static void check_delete(const ResourceType& type, std::string_view name);  // throws Forbidden

 private:
  void admit_pod(Object& pod) const;
  void admit_service(Object& service);
  const Store& store_;
  std::uint32_t network_ = 0;
  std::uint32_t size_ = 0;
  std::uint32_t cursor_ = 0;
  std::set<std::uint32_t> addresses_;
};

}  // namespace spoke::cluster
