#include "cluster/bootstrap.h"

#include "base/strings.h"

namespace spoke::cluster {

using net::Task;

namespace {

json::array words(std::string_view text) {
  json::array out;
  for (const auto& w : split(text, ' ')) out.emplace_back(w);
  return out;
}

json::value rule(std::string_view groups, std::string_view resources, std::string_view verbs) {
  json::array group_list;
  for (const auto& g : split(groups, ' ')) group_list.emplace_back(g == "core" ? "" : g);
  return json::object{{"verbs", words(verbs)}, {"apiGroups", std::move(group_list)}, {"resources", words(resources)}};
}

constexpr std::string_view kRead = "get list watch";
constexpr std::string_view kWrite = "create delete deletecollection get list patch update watch";
constexpr std::string_view kContent =
    "pods pods/log services configmaps secrets persistentvolumeclaims endpoints events serviceaccounts";
constexpr std::string_view kReadable =
    "pods pods/log services configmaps persistentvolumeclaims endpoints events serviceaccounts namespaces "
    "resourcequotas";

// The user-facing roles of Kubernetes, for the kinds that are served here.
std::vector<std::pair<std::string, json::array>> roles() {
  const json::value everything = rule("*", "*", "*");
  const json::value all_paths = json::object{{"verbs", json::array{"*"}}, {"nonResourceURLs", json::array{"*"}}};
  json::array edit{rule("core", kContent, kWrite),
                   rule("networking.k8s.io policy apps batch sparkoperator.k8s.io", "*", kWrite),
                   rule("coordination.k8s.io", "leases", kWrite), rule("core", "namespaces resourcequotas", kRead),
                   rule("discovery.k8s.io", "endpointslices", kRead)};
  json::array admin = edit;
  admin.push_back(rule("rbac.authorization.k8s.io", "roles rolebindings", kWrite));
  return {{"cluster-admin", {everything, all_paths}},
          {"admin", std::move(admin)},
          {"edit", std::move(edit)},
          {"view",
           {rule("core", kReadable, kRead),
            rule("networking.k8s.io policy discovery.k8s.io apps batch sparkoperator.k8s.io", "*", kRead)}},
          {"system:discovery",
           {json::object{
               {"verbs", json::array{"get"}},
               {"nonResourceURLs",
                words("/api /api/* /apis /apis/* /healthz /livez /openapi /openapi/* /readyz /version /version/")}}}},
          {"system:basic-user",
           {rule("authorization.k8s.io", "selfsubjectaccessreviews selfsubjectrulesreviews", "create"),
            rule("authentication.k8s.io", "selfsubjectreviews", "create")}}};
}

struct Bootstrap {
  Registry& registry;

  Task<> put(std::string group, std::string version, std::string plural, std::string ns, Object object) {
    const ResourceType& type = *registry.catalog().find(group, version, plural);
    if (registry.store().latest(type.key(ns, kube::name(object))) != nullptr) co_return;
    WriteOptions options;
    options.field_manager = "kube-apiserver";
    co_await registry.create(type, ns, std::move(object), std::move(options));
  }

  Task<> role_binding(std::string name, std::string role, std::string group) {
    co_await put(
        "rbac.authorization.k8s.io", "v1", "clusterrolebindings", "",
        json::object{
            {"metadata", json::object{{"name", name}}},
            {"subjects",
             json::array{json::object{{"kind", "Group"}, {"apiGroup", "rbac.authorization.k8s.io"}, {"name", group}}}},
            {"roleRef",
             json::object{{"apiGroup", "rbac.authorization.k8s.io"}, {"kind", "ClusterRole"}, {"name", role}}}});
  }
};

}  // namespace

Task<> bootstrap(Registry& registry, std::string service_ip, std::string gateway, std::uint16_t port) {
  Bootstrap b{registry};
  for (const char* name : {"default", "kube-system", "kube-public", "kube-node-lease"})
    co_await b.put("", "v1", "namespaces", "", json::object{{"metadata", json::object{{"name", name}}}});
  for (auto& [name, rules] : roles())
    co_await b.put(
        "rbac.authorization.k8s.io", "v1", "clusterroles", "",
        json::object{
            {"metadata",
             json::object{{"name", name}, {"labels", json::object{{"kubernetes.io/bootstrapping", "rbac-defaults"}}}}},
            {"rules", std::move(rules)}});
  co_await b.role_binding("cluster-admin", "cluster-admin", "system:masters");
  co_await b.role_binding("system:discovery", "system:discovery", "system:authenticated");
  co_await b.role_binding("system:basic-user", "system:basic-user", "system:authenticated");

  co_await b.put(
      "", "v1", "services", "default",
      json::object{
          {"metadata", json::object{{"name", "kubernetes"},
                                    {"labels", json::object{{"component", "apiserver"}, {"provider", "kubernetes"}}}}},
          {"spec",
           json::object{
               {"clusterIP", service_ip},
               {"ports", json::array{json::object{
                             {"name", "https"}, {"port", 443}, {"targetPort", static_cast<std::int64_t>(port)}}}}}}});
  // Where the server is may have changed since the last start.
  WriteOptions options;
  options.field_manager = "kube-apiserver";
  const json::array ports{
      json::object{{"name", "https"}, {"port", static_cast<std::int64_t>(port)}, {"protocol", "TCP"}}};
  co_await registry.update(
      *registry.catalog().find("", "v1", "endpoints"), "default", "kubernetes",
      json::object{
          {"metadata", json::object{{"name", "kubernetes"},
                                    {"labels", json::object{{"endpointslice.kubernetes.io/skip-mirror", "true"}}}}},
          {"subsets",
           json::array{json::object{{"addresses", json::array{json::object{{"ip", gateway}}}}, {"ports", ports}}}}},
      options);
  const ResourceType& slices = *registry.catalog().find("discovery.k8s.io", "v1", "endpointslices");
  const Object slice = json::object{
      {"metadata",
       json::object{{"name", "kubernetes"}, {"labels", json::object{{"kubernetes.io/service-name", "kubernetes"}}}}},
      {"addressType", "IPv4"},
      {"endpoints", json::array{json::object{{"addresses", json::array{json::value(gateway)}},
                                             {"conditions", json::object{{"ready", true}}}}}},
      {"ports", ports}};
  if (registry.store().latest(slices.key("default", "kubernetes")) == nullptr)
    co_await registry.create(slices, "default", slice, options);
  else
    co_await registry.update(slices, "default", "kubernetes", slice, options);
  // Watches begin with the server, as a watch cache does: what came before them is for lists.
  registry.store().forget_events();
}

}  // namespace spoke::cluster
