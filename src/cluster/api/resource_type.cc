#include "cluster/api/resource_type.h"

#include <algorithm>

#include "base/strings.h"

namespace spoke::cluster {

std::vector<std::string> ResourceType::verbs() const {
  // The order in which apiextensions lists them.
  if (custom) return {"delete", "deletecollection", "get", "list", "patch", "create", "update", "watch"};
  std::vector<std::string> out{"create", "delete"};
  if (deletable_in_bulk) out.emplace_back("deletecollection");
  for (const char* verb : {"get", "list", "patch", "update", "watch"}) out.emplace_back(verb);
  return out;
}

ResourceType builtin(std::string group, std::string version, std::string plural, std::string kind, bool namespaced) {
  ResourceType type;
  type.singular = lower(kind);
  type.storage = (group.empty() ? "core" : group) + "/" + plural;
  type.id = {std::move(group), std::move(version), std::move(plural), std::move(kind), namespaced};
  type.schema = kube::builtin_schema(type.id.api_version(), type.id.kind);
  return type;
}

Catalog::Catalog() {
  std::vector<ResourceType> types;
  kinds::add_namespaces(types);
  kinds::add_nodes(types);
  kinds::add_pods(types);
  kinds::add_services(types);
  kinds::add_endpoints(types);
  kinds::add_config(types);
  kinds::add_service_accounts(types);
  kinds::add_events(types);
  kinds::add_volumes(types);
  kinds::add_networking(types);
  kinds::add_policy(types);
  kinds::add_apps(types);
  kinds::add_jobs(types);
  kinds::add_leases(types);
  kinds::add_rbac(types);
  kinds::add_custom_resource_definitions(types);
  for (auto& type : types) types_.push_back(std::make_shared<const ResourceType>(std::move(type)));
}

std::shared_ptr<const ResourceType> Catalog::shared(std::string_view group, std::string_view version,
                                                    std::string_view plural) const {
  for (const auto& type : types_)
    if (type->id.plural == plural && type->id.group == group && type->id.version == version) return type;
  return nullptr;
}

const ResourceType* Catalog::find(std::string_view group, std::string_view version, std::string_view plural) const {
  return shared(group, version, plural).get();
}

const ResourceType* Catalog::by_kind(std::string_view api_version, std::string_view kind) const {
  for (const auto& type : types_)
    if (type->id.kind == kind && type->id.api_version() == api_version) return type.get();
  return nullptr;
}

void Catalog::define(const Object& definition) {
  forget(kube::name(definition));
  for (auto& type : custom_types(definition)) types_.push_back(std::make_shared<const ResourceType>(std::move(type)));
}

void Catalog::forget(std::string_view name) {
  std::erase_if(types_,
                [&](const auto& type) { return type->custom && name == type->id.plural + "." + type->id.group; });
}

}  // namespace spoke::cluster
