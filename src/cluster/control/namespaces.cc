#include <boost/asio/this_coro.hpp>
#include <set>

#include "base/log.h"
#include "cluster/control/controllers.h"
#include "net/async.h"
#include "net/scope.h"

namespace spoke::cluster {

using net::Task;

namespace {

const ResourceType& of(Registry& registry, std::string_view plural) {
  return *registry.catalog().find("", "v1", plural);
}

// Namespaces now, and each as it changes.
template <class Look>
Task<> each_namespace(Registry& registry, Look look) {
  const std::string prefix = of(registry, "namespaces").prefix("");
  for (;;) {
    auto events = registry.store().subscribe(prefix, registry.store().revision());
    std::vector<std::shared_ptr<const std::string>> bodies;
    for (const auto& [key, entry] : registry.store().range(prefix)) bodies.push_back(entry.body);
    try {
      for (;;) {
        for (const auto& body : bodies) co_await look(json::parse(*body));
        bodies.clear();
        for (const Event* event : co_await events->next())
          if (event->type == Event::Type::Put) bodies.push_back(event->entry.body);
      }
    } catch (const kube::StatusError& e) {
      if (!e.is("Expired")) throw;
    }
  }
}

struct Emptier {
  Registry& registry;

  // Whether nothing is left of it.
  Task<bool> empty(std::string ns) {
    bool left = false;
    const auto types = registry.catalog().all();  // a copy: kinds may come and go meanwhile
    for (const auto& type : types) {
      if (!type->id.namespaced) continue;
      for (const auto& [key, entry] : registry.store().range(type->prefix(ns))) {
        left = true;
        try {
          const Object object = json::parse(*entry.body);
          if (kube::deleting(object)) continue;
          co_await registry.remove(*type, ns, std::string(kube::name(object)), {}, false);
        } catch (const kube::StatusError& e) {
          if (!e.is("NotFound")) log::warn("cannot delete", "object", key, "error", e.what());
        }
      }
    }
    co_return !left;
  }

  Task<> operator()(const Object& object) {
    if (!kube::deleting(object)) co_return;
    const std::string name(kube::name(object));
    // What is deleted with grace, or held by finalizers, ends later; look again until then.
    for (int i = 0; !co_await empty(name); ++i) co_await net::sleep_for(net::Millis(i < 20 ? 50 : 500));
    try {
      co_await registry.finalize_namespace(name);
    } catch (const kube::StatusError& e) {
      if (!e.is("NotFound")) throw;
    }
  }
};

struct Furnisher {
  Registry& registry;
  std::string ca_pem;

  Task<> add(std::string plural, std::string ns, Object object) {
    try {
      WriteOptions options;
      options.field_manager = "kube-controller-manager";
      co_await registry.create(of(registry, plural), ns, std::move(object), std::move(options));
    } catch (const kube::StatusError& e) {
      if (!e.is("AlreadyExists") && !e.is("Forbidden") && !e.is("NotFound")) throw;
    }
  }

  Task<> operator()(const Object& object) {
    if (kube::deleting(object)) co_return;
    const std::string ns(kube::name(object));
    if (registry.store().latest(of(registry, "serviceaccounts").key(ns, "default")) == nullptr)
      co_await add("serviceaccounts", ns, json::object{{"metadata", json::object{{"name", "default"}}}});
    if (registry.store().latest(of(registry, "configmaps").key(ns, "kube-root-ca.crt")) == nullptr)
      co_await add(
          "configmaps", ns,
          json::object{
              {"metadata",
               json::object{
                   {"name", "kube-root-ca.crt"},
                   {"annotations",
                    json::object{
                        {"kubernetes.io/description",
                         "Contains a CA bundle that can be used to verify the kube-apiserver when using internal "
                         "endpoints such as the internal service IP or kubernetes.default.svc. No other usage is "
                         "guaranteed across distributions of Kubernetes clusters."}}}}},
              {"data", json::object{{"ca.crt", ca_pem}}}});
  }
};

}  // namespace

// A namespace that takes long to empty must not hold up the others: each has a task of its own.
Task<> delete_namespaces(Registry& registry) {
  net::Scope scope(co_await net::this_executor());
  struct Spawn {
    Registry& registry;
    net::Scope& scope;
    std::set<std::string>& under_way;
    static Task<> one(Registry& registry, Object object, std::set<std::string>& under_way) {
      const std::string uid(kube::uid(object));
      for (bool done = false; !done;) {
        try {
          Emptier emptier{registry};
          co_await emptier(object);
          done = true;
        } catch (const std::exception& e) {  // a full disk, say
          if (net::is_cancelled(e)) throw;
          log::warn("a namespace could not be emptied", "namespace", kube::name(object), "error", e.what());
        }
        if (!done) co_await net::sleep_for(std::chrono::seconds(1));
      }
      under_way.erase(uid);
    }
    Task<> operator()(const Object& object) {
      if (kube::deleting(object) && under_way.insert(std::string(kube::uid(object))).second)
        scope.spawn("delete namespace", one(registry, object, under_way));
      co_return;
    }
  };
  std::set<std::string> under_way;
  std::exception_ptr failure;
  try {
    co_await each_namespace(registry, Spawn{registry, scope, under_way});
  } catch (...) {
    failure = std::current_exception();
  }
  co_await boost::asio::this_coro::reset_cancellation_state();
  co_await scope.close();
  std::rethrow_exception(failure);
}

Task<> furnish_namespaces(Registry& registry, std::string ca_pem) {
  co_await each_namespace(registry, Furnisher{registry, std::move(ca_pem)});
}

Task<> expire_events(Registry& registry) {
  constexpr auto kept = std::chrono::hours(1);
  for (;;) {
    co_await net::sleep_for(std::chrono::minutes(5));
    const ResourceType& type = of(registry, "events");
    for (const auto& [key, entry] : registry.store().range(type.prefix(""))) {
      const Object event = json::parse(*entry.body);
      const std::string_view last = json::str(
          event, "lastTimestamp", json::str(event, "eventTime", json::str(event, "metadata.creationTimestamp")));
      const auto seen = parse_rfc3339(last);
      if (!seen || now() - *seen < kept) continue;
      try {
        co_await registry.remove(type, std::string(kube::ns(event)), std::string(kube::name(event)), {}, false);
      } catch (const kube::StatusError& e) {
        if (!e.is("NotFound")) throw;
      }
    }
  }
}

}  // namespace spoke::cluster
