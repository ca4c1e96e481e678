#include "cluster/api/auth.h"

#include <algorithm>

#include "base/random.h"
#include "base/strings.h"
#include "kube/meta.h"
#include "kube/status.h"
#include "net/tls.h"

namespace spoke::cluster {
namespace {

std::int64_t seconds_of(Time t) {
  return std::chrono::duration_cast<std::chrono::seconds>(t.time_since_epoch()).count();
}

bool has(const json::array& list, std::string_view wanted) {
  return std::any_of(list.begin(), list.end(), [&](const json::value& v) {
    return v.is_string() && (v.get_string() == wanted || v.get_string() == "*");
  });
}

}  // namespace

Authenticator::Authenticator(const Store& store, std::string key_pem, std::string admin_token)
    : store_(store), key_pem_(std::move(key_pem)), admin_token_(std::move(admin_token)) {}

std::optional<Identity> Authenticator::identify(std::string_view header, Time at) const {
  if (header.empty()) return Identity{"system:anonymous", "", {"system:unauthenticated"}, {}};
  constexpr std::string_view scheme = "bearer ";
  if (header.size() <= scheme.size() || lower(header.substr(0, scheme.size())) != scheme) return std::nullopt;
  const std::string_view token = trim(header.substr(scheme.size()));
  if (equal_secrets(token, admin_token_))
    return Identity{"kubernetes-admin", "", {"system:masters", "system:authenticated"}, {}};

  const std::string payload = net::verify_jwt(key_pem_, token);
  if (payload.empty()) return std::nullopt;
  json::value claims;
  try {
    claims = json::parse(payload);
  } catch (const Error&) {
    return std::nullopt;
  }
  if (json::str(claims, "iss") != kIssuer || json::num(claims, "exp") <= seconds_of(at)) return std::nullopt;
  if (!has(json::list(claims, "aud"), kIssuer)) return std::nullopt;
  const json::value* own = json::find_member(claims, "kubernetes.io");
  if (own == nullptr) return std::nullopt;
  const std::string ns(json::str(*own, "namespace")), name(json::str(*own, "serviceaccount.name"));
  const std::string uid(json::str(*own, "serviceaccount.uid"));
  // A token dies with what it was made for.
  const Entry* account = store_.find("core/serviceaccounts/" + ns + "/" + name);
  if (account == nullptr || account->tags->uid != uid) return std::nullopt;
  Identity who{"system:serviceaccount:" + ns + ":" + name,
               uid,
               {"system:serviceaccounts", "system:serviceaccounts:" + ns, "system:authenticated"},
               {}};
  who.extra["authentication.kubernetes.io/credential-id"] = json::array{"JTI=" + std::string(json::str(claims, "jti"))};
  if (const std::string pod(json::str(*own, "pod.name")); !pod.empty()) {
    const Entry* entry = store_.find("core/pods/" + ns + "/" + pod);
    if (entry == nullptr || entry->tags->uid != json::str(*own, "pod.uid")) return std::nullopt;
    who.extra["authentication.kubernetes.io/pod-name"] = json::array{json::value(pod)};
    who.extra["authentication.kubernetes.io/pod-uid"] = json::array{json::str(*own, "pod.uid")};
  }
  return who;
}

std::string Authenticator::sign(std::string_view ns, const json::value& account, std::string_view pod,
                                std::string_view pod_uid, const std::vector<std::string>& audiences, Time at,
                                long seconds) const {
  json::array aud;
  for (const auto& a : audiences) aud.emplace_back(a);
  if (aud.empty()) aud.emplace_back(kIssuer);
  json::object own{{"namespace", ns},
                   {"serviceaccount", json::object{{"name", kube::name(account)}, {"uid", kube::uid(account)}}}};
  if (!pod.empty()) own["pod"] = json::object{{"name", pod}, {"uid", pod_uid}};
  const auto now_seconds = seconds_of(at);
  const json::object claims{
      {"aud", std::move(aud)}, {"exp", now_seconds + seconds},
      {"iat", now_seconds},    {"iss", kIssuer},
      {"jti", random_uuid()},  {"kubernetes.io", std::move(own)},
      {"nbf", now_seconds},    {"sub", fmt::format("system:serviceaccount:{}:{}", ns, kube::name(account))}};
  return net::sign_jwt(key_pem_, json::dump(claims));
}

bool covers(const json::value& rule, const Attributes& what) {
  if (!has(json::list(rule, "verbs"), what.verb)) return false;
  if (what.resource.empty()) {
    const auto& paths = json::list(rule, "nonResourceURLs");
    return std::any_of(paths.begin(), paths.end(), [&](const json::value& v) {
      if (!v.is_string()) return false;
      const std::string path = json::to_string(v.get_string());
      return path == what.path ||
             (path.ends_with('*') && what.path.starts_with(std::string_view(path).substr(0, path.size() - 1)));
    });
  }
  if (!has(json::list(rule, "apiGroups"), what.group)) return false;
  const auto& resources = json::list(rule, "resources");
  const auto slash = what.resource.find('/');
  const bool resource = has(resources, what.resource) ||
                        (slash != std::string::npos && has(resources, "*" + what.resource.substr(slash)));
  if (!resource) return false;
  const auto& names = json::list(rule, "resourceNames");
  return names.empty() || std::any_of(names.begin(), names.end(), [&](const json::value& v) {
           return v.is_string() && !what.name.empty() && v.get_string() == what.name;
         });
}

Authorizer::Authorizer(Store& store) : store_(store) {}

void Authorizer::refresh() {
  constexpr std::string_view group = "rbac.authorization.k8s.io/";
  bool stale = changes_ == nullptr;
  try {
    stale = stale || !changes_->poll().empty();
  } catch (const kube::StatusError&) {
    changes_.reset();  // so many writes since the last question that the window has moved on
    stale = true;
  }
  if (!stale) return;
  if (!changes_) changes_ = store_.subscribe(std::string(group), store_.revision());
  bindings_.clear();
  for (const char* plural : {"clusterrolebindings/", "rolebindings/"})
    for (const auto& [key, entry] : store_.range(std::string(group) + plural)) {
      const json::value binding = json::parse(*entry.body);
      const std::string ns(kube::ns(binding)), role(json::str(binding, "roleRef.name"));
      const bool of_cluster = json::str(binding, "roleRef.kind") == "ClusterRole";
      const Entry* found =
          store_.find(std::string(group) + (of_cluster ? "clusterroles//" : "roles/" + ns + "/") + role);
      if (found == nullptr) continue;
      const std::string name = std::string(kube::name(binding)) + (ns.empty() ? "" : "/" + ns);
      bindings_.push_back({ns, json::list(binding, "subjects"), json::list(json::parse(*found->body), "rules"),
                           fmt::format("{}RoleBinding \"{}\" of {} \"{}\"", ns.empty() ? "Cluster" : "", name,
                                       of_cluster ? "ClusterRole" : "Role", role)});
    }
}

Decision Authorizer::decide(const Identity& who, const Attributes& what) {
  if (std::find(who.groups.begin(), who.groups.end(), "system:masters") != who.groups.end()) return {true, ""};
  refresh();
  const auto is_subject = [&](const Binding& binding, const json::value& subject) {
    const std::string_view kind = json::str(subject, "kind"), name = json::str(subject, "name");
    if (kind == "User") return name == who.name;
    if (kind == "Group") return std::find(who.groups.begin(), who.groups.end(), name) != who.groups.end();
    const std::string_view ns = json::str(subject, "namespace", binding.ns);
    return kind == "ServiceAccount" && who.name == fmt::format("system:serviceaccount:{}:{}", ns, name);
  };
  for (const auto& b : bindings_) {
    if (!b.ns.empty() && b.ns != what.ns) continue;
    const auto subject =
        std::find_if(b.subjects.begin(), b.subjects.end(), [&](const json::value& s) { return is_subject(b, s); });
    if (subject == b.subjects.end() ||
        !std::any_of(b.rules.begin(), b.rules.end(), [&](const json::value& r) { return covers(r, what); }))
      continue;
    const std::string_view ns = json::str(*subject, "namespace");
    return {true, fmt::format("RBAC: allowed by {} to {} \"{}{}{}\"", b.text, json::str(*subject, "kind"),
                              json::str(*subject, "name"), ns.empty() ? "" : "/", ns)};
  }
  return {};
}

}  // namespace spoke::cluster
