#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/strings.h"
#include "kube/meta.h"
#include "kube/names.h"

namespace spoke::kube {
namespace {

constexpr size_t kAnnotationBytes = 256 * 1024;
constexpr std::string_view kOrphan = "orphan";
constexpr std::string_view kForeground = "foregroundDeletion";

void add(std::vector<Cause>& causes, const std::string& field, const json::value& value,
         const std::vector<std::string>& reasons) {
  for (const auto& reason : reasons) causes.push_back(invalid_value(field, value, reason));
}

void check_labels(const json::object& labels, std::vector<Cause>& causes) {
  for (const auto& [name, value] : labels) {
    add(causes, "metadata.labels", json::value(name), check_qualified_name(name));
    if (value.is_string()) add(causes, "metadata.labels", value, check_label_value(value.get_string()));
  }
}

void check_annotations(const json::object& annotations, std::vector<Cause>& causes) {
  size_t bytes = 0;
  for (const auto& [name, value] : annotations) {
    // As for labels, but that case does not matter.
    add(causes, "metadata.annotations", json::value(name), check_qualified_name(lower(name)));
    bytes += name.size() + (value.is_string() ? value.get_string().size() : 0);
  }
  if (bytes > kAnnotationBytes) causes.push_back(too_long("metadata.annotations", kAnnotationBytes));
}

// An owner reference as metav1.OwnerReference is encoded: what is missing stands there empty.
json::object encoded(const json::value& owner) {
  json::object out;
  for (const auto* member : {"apiVersion", "kind", "name", "uid"}) out[member] = json::str(owner, member);
  for (const auto* member : {"controller", "blockOwnerDeletion"})
    if (const auto* flag = json::find_member(owner, member); flag != nullptr && flag->is_bool()) out[member] = *flag;
  return out;
}

void check_owner(const json::value& owner, std::vector<Cause>& causes) {
  const std::string field = "metadata.ownerReferences";
  const std::string_view api_version = json::str(owner, "apiVersion");
  const auto [group, version] = group_version(api_version);
  if (version.empty() || version.find('/') != std::string::npos)
    causes.push_back(invalid_value(field + ".apiVersion", json::value(api_version), "version must not be empty"));
  for (const auto* member : {"kind", "name", "uid"})
    if (json::str(owner, member).empty())
      causes.push_back(invalid_value(field + "." + member, json::value(""), "must not be empty"));
  if (api_version == "v1" && kind(owner) == "Event")
    causes.push_back(invalid_value(field, encoded(owner), "/v1, Kind=Event is disallowed from being an owner"));
}

void check_owners(const json::array& owners, std::vector<Cause>& causes) {
  std::string controller;
  for (const auto& owner : owners) {
    check_owner(owner, causes);
    if (!json::flag(owner, "controller")) continue;
    const std::string name = fmt::format("{}/{}", kind(owner), json::str(owner, "name"));
    if (controller.empty()) {
      controller = name;
      continue;
    }
    json::array all;
    for (const auto& each : owners) all.emplace_back(encoded(each));
    causes.push_back(invalid_value("metadata.ownerReferences", all,
                                   fmt::format("Only one reference can have Controller set to true. Found \"true\" in "
                                               "references for {} and {}",
                                               controller, name)));
  }
}

// Kubernetes' own kinds ask more of a finalizer's name than a qualified name; custom kinds, and those of
// admissionregistration.k8s.io, apiextensions.k8s.io, apiregistration.k8s.io, coordination.k8s.io and policy, do not.
bool wants_domain_in_finalizers(std::string_view group) {
  static constexpr std::array<std::string_view, 14> kGroups{"",
                                                            "apps",
                                                            "autoscaling",
                                                            "batch",
                                                            "certificates.k8s.io",
                                                            "discovery.k8s.io",
                                                            "flowcontrol.apiserver.k8s.io",
                                                            "internal.apiserver.k8s.io",
                                                            "networking.k8s.io",
                                                            "node.k8s.io",
                                                            "rbac.authorization.k8s.io",
                                                            "resource.k8s.io",
                                                            "scheduling.k8s.io",
                                                            "storage.k8s.io"};
  return std::find(kGroups.begin(), kGroups.end(), group) != kGroups.end();
}

void check_finalizers(const json::array& finalizers, bool wants_domain, std::vector<Cause>& causes) {
  const auto has = [&](std::string_view name) {
    return std::any_of(finalizers.begin(), finalizers.end(),
                       [&](const json::value& f) { return f.is_string() && f.get_string() == name; });
  };
  for (const auto& finalizer : finalizers)
    if (finalizer.is_string())
      add(causes, "metadata.finalizers", finalizer, check_qualified_name(finalizer.get_string()));
  if (has(kOrphan) && has(kForeground))
    causes.push_back(invalid_value("metadata.finalizers", finalizers,
                                   fmt::format("finalizer {} and {} cannot be both set", kOrphan, kForeground)));
  for (size_t i = 0; wants_domain && i < finalizers.size(); ++i) {
    if (!finalizers[i].is_string()) continue;
    const std::string_view name = finalizers[i].get_string();
    if (name.find('/') == std::string_view::npos && name != kOrphan && name != kForeground && name != "kubernetes")
      causes.push_back(invalid_value(fmt::format("metadata.finalizers[{}]", i), finalizers[i],
                                     "name is neither a standard finalizer name nor is it fully qualified"));
  }
}

}  // namespace

std::vector<Cause> check_metadata(const json::value& object) {
  std::vector<Cause> causes;
  check_labels(json::members(object, "metadata.labels"), causes);
  check_annotations(json::members(object, "metadata.annotations"), causes);
  check_owners(json::list(object, "metadata.ownerReferences"), causes);
  const auto group = group_version(json::str(object, "apiVersion")).first;
  check_finalizers(json::list(object, "metadata.finalizers"), wants_domain_in_finalizers(group), causes);
  return causes;
}

}  // namespace spoke::kube
