#include <map>
#include <set>

#include "base/log.h"
#include "cluster/control/controllers.h"
#include "cluster/control/endpoints.h"
#include "net/async.h"

namespace spoke::cluster {

using net::Task;

namespace {

constexpr const char* kManagedBy = "endpoints.kubernetes.io/managed-by";
constexpr const char* kManager = "endpoint-controller";
constexpr const char* kTriggered = "endpoints.kubernetes.io/last-change-trigger-time";

json::value target_ref(const Object& pod) {
  return json::object{
      {"kind", "Pod"}, {"namespace", kube::ns(pod)}, {"name", kube::name(pod)}, {"uid", kube::uid(pod)}};
}

// The number of a Service's port on this pod: as it stands, or by the name of a container's port. 0: it has none.
std::int64_t target_port(const json::value& port, const Object& pod) {
  const json::value* target = json::find(port, "targetPort");
  if (target == nullptr) return json::num(port, "port");
  if (!target->is_string()) return json::num(port, "targetPort");
  for (const auto& container : json::list(pod, "spec.containers"))
    for (const auto& p : json::list(container, "ports"))
      if (json::str(p, "name") == json::str(port, "targetPort") &&
          json::str(p, "protocol", "TCP") == json::str(port, "protocol", "TCP"))
        return json::num(p, "containerPort");
  return 0;
}

bool takes_part(const Object& pod) {
  const std::string_view phase = json::str(pod, "status.phase");
  return !json::str(pod, "status.podIP").empty() && phase != "Succeeded" && phase != "Failed";
}

}  // namespace

ServiceEndpoints endpoints_of(const Object& service, const std::vector<const Object*>& pods) {
  const std::string name(kube::name(service)), ns(kube::ns(service));
  const bool publish_all = json::flag(service, "spec.publishNotReadyAddresses");
  const bool headless = json::str(service, "spec.clusterIP") == "None";

  // Pods that give the ports the same numbers share a slice and a subset.
  struct Group {
    json::array slice_ports, subset_ports, endpoints, ready, not_ready;
  };
  std::map<std::string, Group> groups;
  for (const Object* pod : pods) {
    if (!takes_part(*pod)) continue;
    Group group;
    for (const auto& port : json::list(service, "spec.ports")) {
      const auto number = target_port(port, *pod);
      if (number == 0) continue;
      const std::string_view port_name = json::str(port, "name"), protocol = json::str(port, "protocol", "TCP");
      group.slice_ports.push_back(json::object{{"name", port_name}, {"protocol", protocol}, {"port", number}});
      json::object subset{{"port", number}, {"protocol", protocol}};
      if (!port_name.empty()) subset["name"] = port_name;
      group.subset_ports.push_back(std::move(subset));
    }
    if (group.slice_ports.empty() && !json::list(service, "spec.ports").empty()) continue;
    Group& shared = groups.try_emplace(json::dump(group.slice_ports), std::move(group)).first->second;

    const bool terminating = kube::deleting(*pod);
    const bool serving = kube::condition_is_true(*pod, "Ready");
    const bool ready = publish_all || (serving && !terminating);
    json::object endpoint{
        {"addresses", json::array{json::str(*pod, "status.podIP")}},
        {"conditions",
         json::object{{"ready", ready}, {"serving", serving || publish_all}, {"terminating", terminating}}},
        {"targetRef", target_ref(*pod)},
        {"nodeName", json::str(*pod, "spec.nodeName")}};
    json::object address{{"ip", json::str(*pod, "status.podIP")},
                         {"nodeName", json::str(*pod, "spec.nodeName")},
                         {"targetRef", target_ref(*pod)}};
    if (const std::string_view host = json::str(*pod, "spec.hostname");
        !host.empty() && json::str(*pod, "spec.subdomain") == name) {
      endpoint["hostname"] = host;
      address["hostname"] = host;
    }
    shared.endpoints.push_back(std::move(endpoint));
    if (ready)
      shared.ready.push_back(std::move(address));
    else if (!terminating)
      shared.not_ready.push_back(std::move(address));
  }

  ServiceEndpoints out;
  json::object labels = json::members(service, "metadata.labels");
  if (headless) labels["service.kubernetes.io/headless"] = "";
  json::object endpoints_labels = labels;
  endpoints_labels[kManagedBy] = kManager;
  json::array subsets;
  json::object slice_labels = labels;
  slice_labels["endpointslice.kubernetes.io/managed-by"] = "endpointslice-controller.k8s.io";
  slice_labels["kubernetes.io/service-name"] = name;
  json::object owner{{"apiVersion", "v1"},        {"kind", "Service"},  {"name", name},
                     {"uid", kube::uid(service)}, {"controller", true}, {"blockOwnerDeletion", true}};
  // A Service without pods has a slice that says so.
  if (groups.empty()) groups.emplace("", Group{});
  size_t i = 0;
  for (auto& [key, group] : groups) {
    json::object subset;
    if (!group.ready.empty()) subset["addresses"] = std::move(group.ready);
    if (!group.not_ready.empty()) subset["notReadyAddresses"] = std::move(group.not_ready);
    if (!group.subset_ports.empty()) subset["ports"] = std::move(group.subset_ports);
    if (subset.contains("addresses") || subset.contains("notReadyAddresses")) subsets.push_back(std::move(subset));
    out.slices.push_back(json::object{{"kind", "EndpointSlice"},
                                      {"apiVersion", "discovery.k8s.io/v1"},
                                      {"metadata", json::object{{"name", name + "-" + std::to_string(i++)},
                                                                {"generateName", name + "-"},
                                                                {"namespace", ns},
                                                                {"labels", slice_labels},
                                                                {"ownerReferences", json::array{owner}}}},
                                      {"addressType", "IPv4"},
                                      {"endpoints", std::move(group.endpoints)},
                                      {"ports", std::move(group.slice_ports)}});
  }
  json::object endpoints{
      {"kind", "Endpoints"},
      {"apiVersion", "v1"},
      {"metadata", json::object{{"name", name}, {"namespace", ns}, {"labels", std::move(endpoints_labels)}}}};
  if (!subsets.empty()) endpoints["subsets"] = std::move(subsets);
  out.endpoints = std::move(endpoints);
  return out;
}

namespace {

class Publisher {
 public:
  explicit Publisher(Registry& registry)
      : registry_(registry),
        services_(*registry.catalog().find("", "v1", "services")),
        pods_(*registry.catalog().find("", "v1", "pods")),
        endpoints_(*registry.catalog().find("", "v1", "endpoints")),
        slices_(*registry.catalog().find("discovery.k8s.io", "v1", "endpointslices")) {}

  Task<> run() {
    for (;;) {
      auto events = registry_.store().subscribe("core/", registry_.store().revision());
      std::set<std::string> namespaces;  // that need a look
      for (const auto& [key, entry] : registry_.store().range(services_.prefix("")))
        namespaces.insert(namespace_of(key));
      try {
        for (;;) {
          for (const auto& ns : namespaces) co_await publish(ns);
          namespaces.clear();
          std::vector<std::string> gone;
          for (const Event* event : co_await events->next()) {
            if (concerns(*event)) namespaces.insert(namespace_of(event->key));
            if (event->type == Event::Type::Delete && event->key.starts_with("core/services/"))
              gone.push_back(event->key);
          }
          for (const auto& key : gone) co_await forget(key);
        }
      } catch (const kube::StatusError& e) {
        if (!e.is("Expired")) throw;
      }
    }
  }

 private:
  static std::string namespace_of(const std::string& key) {
    const auto from = key.find('/', key.find('/') + 1) + 1;
    return key.substr(from, key.find('/', from) - from);
  }

  // Services, and pods once they have an address: most writes of a cluster are neither.
  bool concerns(const Event& event) const {
    if (event.key.starts_with("core/services/")) return true;
    if (!event.key.starts_with("core/pods/")) return false;
    const auto has_address = [](const Entry& e) {
      for (const auto& [field, value] : e.tags->fields)
        if (field == "status.podIP") return !value.empty();
      return false;
    };
    return has_address(event.entry) || (event.before && has_address(*event.before));
  }

  // Endpoints have no owner, as slices do; they go by name.
  Task<> forget(std::string service) {
    const std::string ns = namespace_of(service), name = service.substr(service.rfind('/') + 1);
    const Entry* entry = registry_.store().latest(endpoints_.key(ns, name));
    if (entry == nullptr || kube::label(json::parse(*entry->body), kManagedBy) != kManager) co_return;
    try {
      co_await registry_.remove(endpoints_, ns, name, {}, false);
    } catch (const kube::StatusError& e) {
      if (!e.is("NotFound")) throw;
    }
  }

  Task<> publish(std::string ns) {
    std::vector<Object> pods;
    for (const auto& [key, entry] : registry_.store().range(pods_.prefix(ns))) pods.push_back(json::parse(*entry.body));
    std::vector<kube::Labels> labels;
    for (const auto& pod : pods) labels.push_back(kube::labels_of(pod));
    for (const auto& [key, entry] : registry_.store().range(services_.prefix(ns))) {
      const Object service = json::parse(*entry.body);
      const auto& selector = json::members(service, "spec.selector");
      if (selector.empty() || json::str(service, "spec.type") == "ExternalName") continue;
      const auto matching = kube::LabelSelector::from_map(selector);
      std::vector<const Object*> chosen;
      for (size_t i = 0; i < pods.size(); ++i)
        if (matching.matches(labels[i])) chosen.push_back(&pods[i]);
      try {
        co_await write(service, endpoints_of(service, chosen));
      } catch (const kube::StatusError& e) {
        log::debug("endpoints", "service", kube::key(service), "error", e.what());  // its namespace goes, mostly
      }
    }
  }

  Task<> write(const Object& service, ServiceEndpoints wanted) {
    const std::string ns(kube::ns(service)), name(kube::name(service));
    const std::string made(json::str(service, "metadata.creationTimestamp"));
    co_await put(endpoints_, ns, std::move(wanted.endpoints), {"subsets"}, made);
    const size_t count = wanted.slices.size();
    for (auto& slice : wanted.slices) co_await put(slices_, ns, std::move(slice), {"endpoints", "ports"}, made);
    for (size_t i = count;; ++i) {
      const std::string extra = name + "-" + std::to_string(i);
      const Entry* entry = registry_.store().latest(slices_.key(ns, extra));
      if (entry == nullptr || kube::label(json::parse(*entry->body), "kubernetes.io/service-name") != name) break;
      co_await registry_.remove(slices_, ns, extra, {}, false);
    }
  }

  // `triggered`: when the Service was made, which is what a new object is published for. What changes it later is told
  // by no annotation, for pods' changes are not followed one by one.
  Task<> put(const ResourceType& type, std::string ns, Object wanted, std::vector<const char*> members,
             std::string triggered) {
    WriteOptions options;
    options.field_manager = "endpoint-controller";
    const std::string name(kube::name(wanted));
    const Entry* entry = registry_.store().latest(type.key(ns, name));
    if (entry == nullptr) {
      json::make_object(wanted, "metadata.annotations")[kTriggered] = triggered;
      co_await registry_.create(type, ns, std::move(wanted), std::move(options));
      co_return;
    }
    Object object = json::parse(*entry->body);
    bool same = json::members(object, "metadata.labels") == json::members(wanted, "metadata.labels");
    for (const char* member : members) {
      const json::value* is = json::find(wanted, member);
      same = same && json::list(object, member) == json::list(wanted, member);
      if (is != nullptr)
        json::set(object, member, *is);
      else
        json::remove(object, member);
    }
    if (same) co_return;
    if (json::value* annotations = json::find(object, "metadata.annotations");
        annotations != nullptr && annotations->is_object())
      annotations->get_object().erase(kTriggered);
    json::set(object, "metadata.labels", json::members(wanted, "metadata.labels"));
    co_await registry_.update(type, ns, name, std::move(object), std::move(options));
  }

  Registry& registry_;
  const ResourceType &services_, &pods_, &endpoints_, &slices_;
};

}  // namespace

Task<> publish_endpoints(Registry& registry) {
  Publisher publisher(registry);
  co_await publisher.run();
}

}  // namespace spoke::cluster
