// Checks of a pod, and of what may change of it. Source: pkg/apis/core/validation/validation.go.
#include <algorithm>
#include <set>

#include "cluster/api/kinds/pod_parts.h"
#include "kube/cidr.h"

namespace spoke::cluster::kinds {
namespace {

const std::vector<std::string> kRestartPolicies{"Always", "OnFailure", "Never"};
const std::vector<std::string> kDnsPolicies{"ClusterFirstWithHostNet", "ClusterFirst", "Default", "None"};
constexpr const char* kNoIp = "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)";
constexpr std::int64_t kMaxInt32 = 2147483647;

void check_ip(const json::value& text, const std::string& field, Causes& causes) {
  if (!text.is_string() || !kube::is_ip(text.get_string())) causes.push_back(kube::invalid_value(field, text, kNoIp));
}

bool is_sysctl(std::string_view name) {
  if (name.empty() || name.size() > 253) return false;
  return std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.' || c == '/';
  });
}

void validate_security(const json::value& spec, const std::string& at, Causes& causes) {
  const json::value* context = json::find(spec, "securityContext");
  if (context == nullptr) return;
  check_user(*context, at + ".securityContext", causes);
  size_t i = 0;
  for (const auto& sysctl : json::list(*context, "sysctls")) {
    const std::string field = at + ".securityContext.sysctls[" + std::to_string(i++) + "].name";
    const std::string_view name = json::str(sysctl, "name");
    if (name.empty())
      causes.push_back(kube::required(field, ""));
    else if (!is_sysctl(name))
      causes.push_back(kube::invalid_value(field, json::value(name),
                                           "must have at most 253 characters and match regex "
                                           "^([a-z0-9]([-_a-z0-9]*[a-z0-9])?[\\./])*[a-z0-9]([-_a-z0-9]*[a-z0-9])?$"));
  }
}

void validate_names(const json::value& spec, const std::string& at, Causes& causes) {
  if (const std::string_view host = json::str(spec, "hostname"); !host.empty())
    for (const auto& why : kube::check_dns1123_label(host))
      causes.push_back(kube::invalid_value(at + ".hostname", json::value(host), why));
  if (const std::string_view sub = json::str(spec, "subdomain"); !sub.empty()) {
    if (sub.find('.') != std::string_view::npos)
      causes.push_back(kube::invalid_value(at + ".subdomain", json::value(sub), "must not contain dots"));
    else
      for (const auto& why : kube::check_dns1123_label(sub))
        causes.push_back(kube::invalid_value(at + ".subdomain", json::value(sub), why));
  }
  size_t i = 0;
  for (const auto& server : json::list(spec, "dnsConfig.nameservers"))
    check_ip(server, at + ".dnsConfig.nameservers[" + std::to_string(i++) + "]", causes);
  i = 0;
  for (const auto& alias : json::list(spec, "hostAliases"))
    check_ip(json::value(json::str(alias, "ip")), at + ".hostAliases[" + std::to_string(i++) + "].ip", causes);
}

void each(json::value& v, const char* list, void (*visit)(json::value&)) {
  if (json::value* items = json::find(v, list); items != nullptr && items->is_array())
    for (auto& item : items->get_array()) visit(item);
}

void validate_toleration_update(const json::value& was, const json::value& is, Causes& causes) {
  const auto but_for_seconds = [](json::value toleration) {
    json::remove(toleration, "tolerationSeconds");
    return json::dump(toleration);
  };
  std::set<std::string> now;
  for (const auto& toleration : json::list(is, "tolerations")) now.insert(but_for_seconds(toleration));
  for (const auto& old : json::list(was, "tolerations"))
    if (!now.contains(but_for_seconds(old))) {
      causes.push_back(kube::forbidden_field("spec.tolerations",
                                             "existing toleration can not be modified except its tolerationSeconds"));
      return;
    }
}

void validate_gate_update(const json::value& was, const json::value& is, Causes& causes) {
  const auto& old = json::list(was, "schedulingGates");
  size_t i = 0;
  for (const auto& gate : json::list(is, "schedulingGates")) {
    const std::string field = "spec.schedulingGates[" + std::to_string(i++) + "].name";
    if (std::find(old.begin(), old.end(), gate) == old.end())
      causes.push_back(kube::forbidden_field(
          field, fmt::format("only deletion is allowed, but found new scheduling gate '{}'", json::str(gate, "name"))));
  }
}

void validate_deadline_update(const json::value& was, const json::value& is, Causes& causes) {
  const json::value *old = json::find(was, "activeDeadlineSeconds"), *now = json::find(is, "activeDeadlineSeconds");
  if (old == nullptr) return;
  if (now == nullptr)
    causes.push_back(kube::invalid_value("spec.activeDeadlineSeconds", nullptr,
                                         "must not update from a positive integer to nil value"));
  else if (json::num(is, "activeDeadlineSeconds") > json::num(was, "activeDeadlineSeconds"))
    causes.push_back(
        kube::invalid_value("spec.activeDeadlineSeconds", *now, "must be less than or equal to previous value"));
}

// A container that has ended for good stays so.
void validate_container_states(const Object& before, const Object& after, Causes& causes) {
  const std::string_view policy = json::str(before, "spec.restartPolicy");
  if (policy == "Always") return;
  for (const auto& old : json::list(before, "status.containerStatuses")) {
    const json::value* ended = json::find(old, "state.terminated");
    if (ended == nullptr || (policy == "OnFailure" && json::num(*ended, "exitCode") != 0)) continue;
    size_t i = 0;
    for (const auto& now : json::list(after, "status.containerStatuses")) {
      const std::string field = "status.containerStatuses[" + std::to_string(i++) + "].state";
      if (json::str(now, "name") == json::str(old, "name") && json::find(now, "state.terminated") == nullptr)
        causes.push_back(kube::forbidden_field(field, "may not be transitioned to non-terminated state"));
    }
  }
}

void validate_status(const Object& pod, Causes& causes) {
  size_t i = 0;
  for (const auto& condition : json::list(pod, "status.conditions")) {
    const std::string field = "status.conditions[" + std::to_string(i++) + "].Type";
    for (const auto& why : kube::check_qualified_name(json::str(condition, "type")))
      causes.push_back(kube::invalid_value(field, json::value(json::str(condition, "type")), why));
  }
  i = 0;
  for (const auto& ip : json::list(pod, "status.podIPs"))
    check_ip(json::value(json::str(ip, "ip")), "status.podIPs[" + std::to_string(i++) + "]", causes);
}

}  // namespace

void check_user(const json::value& context, const std::string& at, Causes& causes) {
  for (const char* member : {"runAsUser", "runAsGroup", "fsGroup"})
    if (const auto id = json::num(context, member); id < 0 || id > kMaxInt32)
      causes.push_back(
          kube::invalid_value(at + "." + member, json::value(id), "must be between 0 and 2147483647, inclusive"));
}

void validate_pod_spec(const json::value& spec, const std::string& at, Causes& causes) {
  const Names volumes = validate_volumes(spec, at, causes);
  validate_containers(spec, at, volumes, causes);
  validate_scheduling(spec, at, causes);
  validate_security(spec, at, causes);
  validate_names(spec, at, causes);
  if (const std::string_view policy = json::str(spec, "restartPolicy"); !one_of(kRestartPolicies, policy))
    causes.push_back(kube::not_supported(at + ".restartPolicy", policy, kRestartPolicies));
  if (const std::string_view policy = json::str(spec, "dnsPolicy"); !one_of(kDnsPolicies, policy))
    causes.push_back(kube::not_supported(at + ".dnsPolicy", policy, kDnsPolicies));
  if (const json::value* deadline = json::find(spec, "activeDeadlineSeconds"))
    if (const auto seconds = json::num(spec, "activeDeadlineSeconds"); seconds < 1 || seconds > kMaxInt32)
      causes.push_back(
          kube::invalid_value(at + ".activeDeadlineSeconds", *deadline, "must be between 1 and 2147483647, inclusive"));
}

void validate_pod_update(const Object& before, const Object& after, Causes& causes) {
  validate_status(after, causes);
  validate_container_states(before, after, causes);
  // What may change: images, activeDeadlineSeconds (down), tolerations (added), terminationGracePeriodSeconds (when it
  // was negative), scheduling gates (removed), while there are any the node selector, and nodeName by binding.
  json::value was = *json::find(before, "spec"), is = *json::find(after, "spec");
  for (const char* list : {"containers", "initContainers"})
    if (json::list(was, list).size() != json::list(is, list).size()) {
      causes.push_back(
          kube::forbidden_field(std::string("spec.") + list, "pod updates may not add or remove containers"));
      return;
    }
  validate_deadline_update(was, is, causes);
  validate_toleration_update(was, is, causes);
  validate_gate_update(was, is, causes);
  const bool gated = !json::list(was, "schedulingGates").empty();
  for (json::value* spec : {&was, &is}) {
    for (const char* list : {"containers", "initContainers"})
      each(*spec, list, [](json::value& c) { json::remove(c, "image"); });
    for (const char* name : {"activeDeadlineSeconds", "tolerations", "schedulingGates"}) json::remove(*spec, name);
    if (gated) json::remove(*spec, "nodeSelector");
  }
  if (was == is) return;
  causes.push_back(kube::forbidden_field(
      "spec",
      "pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,"
      "`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),"
      "`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)\n"));
}

}  // namespace spoke::cluster::kinds
