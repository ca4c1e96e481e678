#include "cluster/api/admission.h"

#include <arpa/inet.h>

#include <algorithm>

#include "base/random.h"
#include "base/strings.h"
#include "cluster/api/kinds/common.h"

namespace spoke::cluster {

using kinds::default_to;

namespace {

std::uint32_t to_number(std::string_view address) {
  in_addr a{};
  return ::inet_pton(AF_INET, std::string(address).c_str(), &a) == 1 ? ntohl(a.s_addr) : 0;
}

std::string to_text(std::uint32_t address) {
  const in_addr a{htonl(address)};
  char text[INET_ADDRSTRLEN];
  ::inet_ntop(AF_INET, &a, text, sizeof text);
  return text;
}

}  // namespace

Admission::Admission(const Store& store, std::string_view service_network) : store_(store) {
  const auto parts = split(service_network, '/');
  network_ = to_number(parts.at(0));
  size_ = 1U << (32 - static_cast<unsigned>(to_int(parts.at(1)).value_or(32)));
  for (const auto& [key, entry] : store.range("core/services/")) {
    const Object service = json::parse(*entry.body);
    if (const auto ip = to_number(json::str(service, "spec.clusterIP")); ip != 0) addresses_.insert(ip);
  }
}

void Admission::check_namespace(const ResourceType& type, std::string_view ns, std::string_view name) const {
  if (!type.id.namespaced) return;
  const Entry* entry = store_.latest("core/namespaces//" + std::string(ns));
  if (entry == nullptr) throw kube::not_found("", "namespaces", ns);
  if (entry->body->find("\"Terminating\"") == std::string::npos) return;  // spares the parse: nearly always so
  if (json::str(json::parse(*entry->body), "status.phase") != "Terminating") return;
  kube::StatusError refused =
      kube::forbidden(type.id.group, type.id.plural, name,
                      "unable to create new content in namespace " + std::string(ns) + " because it is being terminated");
  json::value details = refused.details();
  json::make_array(details, "causes")
      .push_back(json::object{{"reason", "NamespaceTerminating"},
                              {"message", "namespace " + std::string(ns) + " is being terminated"},
                              {"field", "metadata.namespace"}});
  throw kube::StatusError(refused.code(), refused.reason(), refused.message(), std::move(details));
}

void Admission::check_delete(const ResourceType& type, std::string_view name) {
  if (type.storage == "core/namespaces" && (name == "default" || name == "kube-system" || name == "kube-public"))
    throw kube::forbidden("", "namespaces", name, "this namespace may not be deleted");
}

void Admission::admit(const ResourceType& type, Object& object) {
  if (type.storage == "core/pods") admit_pod(object);
  if (type.storage == "core/services") admit_service(object);
}

void Admission::admit_update(const ResourceType& type, Object& object) {
  if (type.storage == "core/services" && json::str(object, "spec.clusterIP").empty()) admit_service(object);
}

void Admission::forget(const ResourceType& type, const Object& object) {
  if (type.storage == "core/services") addresses_.erase(to_number(json::str(object, "spec.clusterIP")));
}

void Admission::admit_service(Object& service) {
  const std::string_view type = json::str(service, "spec.type", "ClusterIP");
  if (type == "ExternalName") return;
  std::string ip(json::str(service, "spec.clusterIP"));
  if (ip.empty()) {
    if (addresses_.size() + 2 >= size_)
      throw kube::internal_error("failed to allocate a serviceIP: range is full");
    do {
      cursor_ = cursor_ % (size_ - 2) + 1;
    } while (addresses_.contains(network_ + cursor_));
    ip = to_text(network_ + cursor_);
  } else if (ip != "None") {
    const auto wanted = to_number(ip);
    const auto invalid = [&](std::string_view why) {
      json::array ips;
      ips.emplace_back(ip);
      return kube::invalid("", "Service", kube::name(service),
                           {kube::invalid_value("spec.clusterIPs", json::value(std::move(ips)), why)});
    };
    if (wanted == 0)
      throw kube::invalid("", "Service", kube::name(service),
                          {kube::invalid_value("spec.clusterIPs[0]", json::value(ip), "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)")});
    if (wanted <= network_ || wanted >= network_ + size_ - 1)
      throw invalid("failed to allocate IP " + ip + ": the provided IP (" + ip + ") is not in the valid range. The range of valid IPs is " + to_text(network_) + "/16");
    if (addresses_.contains(wanted)) throw invalid("failed to allocate IP " + ip + ": provided IP is already allocated");
  }
  if (ip != "None") addresses_.insert(to_number(ip));
  json::set(service, "spec.clusterIP", ip);
  json::array ips;
  ips.emplace_back(ip);
  json::set(service, "spec.clusterIPs", std::move(ips));
  default_to(service, "spec.ipFamilyPolicy", "SingleStack");
  if (json::list(service, "spec.ipFamilies").empty()) json::set(service, "spec.ipFamilies", json::array{"IPv4"});
}

void Admission::admit_pod(Object& pod) const {
  json::value* spec = json::find(pod, "spec");
  if (spec == nullptr || !spec->is_object()) return;
  default_to(*spec, "priority", 0);
  default_to(*spec, "preemptionPolicy", "PreemptLowerPriority");

  auto& tolerations = json::make_array(*spec, "tolerations");
  for (const char* key : {"node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"}) {
    const bool has = std::any_of(tolerations.begin(), tolerations.end(), [&](const json::value& t) {
      const std::string_view effect = json::str(t, "effect"), its = json::str(t, "key");
      return (its == key || its.empty()) && (effect == "NoExecute" || effect.empty());
    });
    if (!has)
      tolerations.push_back(json::object{{"key", key}, {"operator", "Exists"}, {"effect", "NoExecute"}, {"tolerationSeconds", 300}});
  }

  if (json::str(*spec, "serviceAccountName").empty()) {
    json::set(*spec, "serviceAccountName", "default");
    json::set(*spec, "serviceAccount", "default");
  }
  const std::string account(json::str(*spec, "serviceAccountName"));
  const std::string ns(kube::ns(pod));
  const Entry* entry = store_.latest("core/serviceaccounts/" + ns + "/" + account);
  if (entry == nullptr)
    throw kube::forbidden("", "pods", kube::name(pod),
                          "error looking up service account " + ns + "/" + account + ": serviceaccount \"" + account + "\" not found");
  const json::value account_object = json::parse(*entry->body);
  if (json::list(*spec, "imagePullSecrets").empty())
    if (const auto& secrets = json::list(account_object, "imagePullSecrets"); !secrets.empty())
      json::set(*spec, "imagePullSecrets", json::value(secrets));
  if (!json::flag(*spec, "automountServiceAccountToken", json::flag(account_object, "automountServiceAccountToken", true))) return;

  constexpr std::string_view mount_path = "/var/run/secrets/kubernetes.io/serviceaccount";
  std::string volume;
  for (const auto& v : json::list(*spec, "volumes"))
    if (json::str(v, "name").starts_with("kube-api-access-")) volume = json::str(v, "name");
  bool used = false;
  const std::string name = volume.empty() ? "kube-api-access-" + random_suffix(5) : volume;
  for (const char* list : {"containers", "initContainers"}) {
    json::value* containers = json::find(*spec, list);
    if (containers == nullptr || !containers->is_array()) continue;
    for (auto& c : containers->get_array()) {
      if (!c.is_object()) continue;
      auto& mounts = json::make_array(c, "volumeMounts");
      const bool own = std::any_of(mounts.begin(), mounts.end(), [&](const json::value& m) { return json::str(m, "mountPath") == mount_path; });
      if (own) continue;
      mounts.push_back(json::object{{"name", name}, {"readOnly", true}, {"mountPath", mount_path}});
      used = true;
    }
  }
  if (!used || !volume.empty()) return;
  const auto item = [](const char* key, const char* path) { return json::array{json::object{{"key", key}, {"path", path}}}; };
  json::make_array(*spec, "volumes")
      .push_back(json::object{
          {"name", name},
          {"projected",
           json::object{
               {"sources",
                json::array{json::object{{"serviceAccountToken", json::object{{"expirationSeconds", 3607}, {"path", "token"}}}},
                            json::object{{"configMap", json::object{{"name", "kube-root-ca.crt"}, {"items", item("ca.crt", "ca.crt")}}}},
                            json::object{{"downwardAPI",
                                          json::object{{"items", json::array{json::object{
                                                                     {"path", "namespace"},
                                                                     {"fieldRef", json::object{{"apiVersion", "v1"}, {"fieldPath", "metadata.namespace"}}}}}}}}}}},
               {"defaultMode", 420}}}});
}

}  // namespace spoke::cluster
