#include "operator/install.h"

#include <algorithm>

#include "base/strings.h"
#include "data/yaml.h"
#include "operator/crds.h"

namespace spoke::embedded {
extern const std::string_view namespace_yaml, rbac_yaml, operator_yaml, webhook_yaml;
}  // namespace spoke::embedded

namespace spoke::op {
namespace {

using kube::Object;

// Rules for what has no namespace, which no Role can give.
bool is_of_cluster(const json::value& rule) {
  const json::array& groups = json::list(rule, "apiGroups");
  const json::array& resources = json::list(rule, "resources");
  return std::ranges::find(groups, json::value("admissionregistration.k8s.io")) != groups.end() ||
         std::ranges::find(resources, json::value("namespaces")) != resources.end();
}

bool is_of_webhook(const Object& object) {
  return kube::kind(object).ends_with("WebhookConfiguration") || kube::name(object) == "spark-operator-webhook-svc";
}

// Wherever a document names the namespace of the operator.
void move_to(Object& object, const std::string& ns) {
  if (kube::kind(object) == "Namespace") json::set(object, "metadata.name", ns);
  if (!kube::ns(object).empty()) json::set(object, "metadata.namespace", ns);
  if (object.as_object().contains("subjects"))
    for (auto& subject : json::make_array(object, "subjects")) json::set(subject, "namespace", ns);
  if (object.as_object().contains("webhooks"))
    for (auto& webhook : json::make_array(object, "webhooks")) json::set(webhook, "clientConfig.service.namespace", ns);
}

void watch_only(Object& webhooks, const std::vector<std::string>& namespaces) {
  json::array values;
  for (const auto& ns : namespaces) values.push_back(json::value(ns));
  for (auto& webhook : json::make_array(webhooks, "webhooks"))
    json::set(webhook, "namespaceSelector",
              json::object{{"matchExpressions",
                            json::array{json::object{
                                {"key", "kubernetes.io/metadata.name"}, {"operator", "In"}, {"values", values}}}}});
}

void set_up(Object& deployment, const InstallOptions& options) {
  json::set(deployment, "spec.replicas", options.replicas);
  json::value& container = json::make_array(deployment, "spec.template.spec.containers").at(0);
  json::set(container, "image", options.image);
  json::array& args = json::make_array(container, "args");
  if (!options.webhook) {
    args.erase(std::ranges::find(args, json::value("--webhook")));
    json::array& ports = json::make_array(container, "ports");
    ports.erase(std::ranges::find_if(ports, [](const auto& port) { return json::str(port, "name") == "webhook"; }));
  }
  if (options.shards > 1) args.push_back(json::value(fmt::format("--shards={}", options.shards)));
  if (!options.job_namespaces.empty())
    args.push_back(json::value(fmt::format("--namespaces={}", join(options.job_namespaces, ","))));
  for (const auto& argument : options.arguments) args.push_back(json::value(argument));
}

// The rights of a ClusterRole, but for the cluster's own, as a Role with its binding in each namespace.
void give_rights_in(std::vector<Object>& out, Object& cluster_role, const InstallOptions& options) {
  json::array ours, theirs;
  for (const auto& rule : json::list(cluster_role, "rules")) (is_of_cluster(rule) ? ours : theirs).push_back(rule);
  json::set(cluster_role, "rules", std::move(ours));
  const std::string name(kube::name(cluster_role));
  for (const auto& ns : options.job_namespaces) {
    const json::object metadata{{"name", name + "-applications"}, {"namespace", ns}};
    out.push_back(json::object{
        {"apiVersion", "rbac.authorization.k8s.io/v1"}, {"kind", "Role"}, {"metadata", metadata}, {"rules", theirs}});
    out.push_back(json::object{
        {"apiVersion", "rbac.authorization.k8s.io/v1"},
        {"kind", "RoleBinding"},
        {"metadata", metadata},
        {"roleRef",
         json::object{{"apiGroup", "rbac.authorization.k8s.io"}, {"kind", "Role"}, {"name", name + "-applications"}}},
        {"subjects",
         json::array{json::object{{"kind", "ServiceAccount"}, {"name", name}, {"namespace", options.ns}}}}});
  }
}

}  // namespace

std::vector<Object> manifests(const InstallOptions& options) {
  std::vector<Object> out;
  for (const auto& crd : crds()) out.push_back(crd);
  for (const auto text :
       {embedded::namespace_yaml, embedded::rbac_yaml, embedded::operator_yaml, embedded::webhook_yaml}) {
    for (auto& object : yaml::parse_all(text)) {
      if (!options.webhook && is_of_webhook(object)) continue;
      move_to(object, options.ns);
      if (kube::kind(object) == "Deployment") set_up(object, options);
      if (!options.job_namespaces.empty()) {
        if (kube::kind(object) == "ClusterRole") give_rights_in(out, object, options);
        if (object.as_object().contains("webhooks")) watch_only(object, options.job_namespaces);
      }
      out.push_back(std::move(object));
    }
  }
  return out;
}

}  // namespace spoke::op
