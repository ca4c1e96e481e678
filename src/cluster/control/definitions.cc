// Deletes the objects of a kind whose CustomResourceDefinition is being deleted, then lets the definition go.
// Source: apiextensions' finalizer controller.
#include "base/log.h"
#include "cluster/api/object_changes.h"
#include "cluster/control/controllers.h"
#include "net/async.h"

namespace spoke::cluster {

using net::Task;

namespace {

constexpr const char* kCleanup = "customresourcecleanup.apiextensions.k8s.io";

// Whether none is left. One version will do: all show the same objects.
Task<bool> empty(Registry& registry, std::string group, std::string plural) {
  std::shared_ptr<const ResourceType> type;
  for (const auto& t : registry.catalog().all())
    if (t->custom && t->id.group == group && t->id.plural == plural) type = t;
  if (!type) co_return true;
  bool left = false;
  for (const auto& [key, entry] : registry.store().range(type->prefix(""))) {
    left = true;
    const Object object = json::parse(*entry.body);
    if (!kube::deleting(object))
      co_await registry.remove(*type, std::string(kube::ns(object)), std::string(kube::name(object)), {}, false);
  }
  co_return !left;
}

Task<> finish(Registry& registry, Object definition) {
  if (!kube::deleting(definition) || !has_finalizers(definition)) co_return;
  const ResourceType& type = *registry.catalog().find("apiextensions.k8s.io", "v1", "customresourcedefinitions");
  const std::string name(kube::name(definition));
  // What has finalizers of its own ends later; the next event under the kind's prefix brings us here again.
  if (!co_await empty(registry, std::string(json::str(definition, "spec.group")),
                      std::string(json::str(definition, "spec.names.plural"))))
    co_return;
  definition = registry.current(type, "", name);
  drop_finalizer(definition, kCleanup);
  WriteOptions options;
  options.field_manager = "kube-apiserver";
  co_await registry.update(type, "", name, std::move(definition), std::move(options));
}

}  // namespace

Task<> finish_definitions(Registry& registry) {
  Store& store = registry.store();
  const std::string prefix = std::string(kDefinitions) + "/";
  for (;;) {
    auto events = store.subscribe("", store.revision());
    bool look = true;
    try {
      for (;;) {
        if (look)
          for (const auto& [key, entry] : store.range(prefix)) try {
              co_await finish(registry, json::parse(*entry.body));
            } catch (const kube::StatusError& e) {
              if (!e.is("NotFound") && !e.is("Conflict"))
                log::warn("cannot end a definition", "definition", key, "error", e.what());
            }
        look = false;
        for (const Event* event : co_await events->next())
          look = look || event->type == Event::Type::Delete || event->key.starts_with(prefix);
      }
    } catch (const kube::StatusError& e) {
      if (!e.is("Expired")) throw;
    }
  }
}

}  // namespace spoke::cluster
