// Who asks, and what they may do: bearer tokens, and RBAC over the Roles and bindings in the store.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "cluster/store/store.h"
#include "data/json.h"

namespace spoke::cluster {

struct Identity {
  std::string name, uid;
  std::vector<std::string> groups;
  json::object extra;
  bool anonymous() const { return name == "system:anonymous"; }
};

// What a request wants, as RBAC sees it. `resource` "pods" or "pods/log"; for a path that is no resource, `path` only.
struct Attributes {
  std::string verb, group, resource, ns, name, path;
};

// Signs and knows the tokens of service accounts (ES256 JWTs), and knows the administrator's.
class Authenticator {
 public:
  Authenticator(const Store& store, std::string key_pem, std::string admin_token);

  // Nothing where the credentials are wrong. No credentials at all: system:anonymous.
  std::optional<Identity> identify(std::string_view authorization_header, Time now) const;

  // A token of the account, bound to a pod where `pod` is given. The account must be there.
  std::string sign(std::string_view ns, const json::value& account, std::string_view pod, std::string_view pod_uid,
                   const std::vector<std::string>& audiences, Time now, long seconds) const;

  static constexpr const char* kIssuer = "https://kubernetes.default.svc.cluster.local";

 private:
  const Store& store_;
  std::string key_pem_, admin_token_;
};

struct Decision {
  bool allowed = false;
  std::string reason;  // by which binding
};

class Authorizer {
 public:
  explicit Authorizer(Store& store);
  Decision decide(const Identity& who, const Attributes& what);
  bool allowed(const Identity& who, const Attributes& what) { return decide(who, what).allowed; }

 private:
  struct Binding {
    std::string ns;  // "" of a ClusterRoleBinding
    json::array subjects, rules;
    std::string text;  // RoleBinding "x/ns" of Role "r"
  };
  void refresh();
  Store& store_;
  std::unique_ptr<Subscription> changes_;
  std::vector<Binding> bindings_;
};

// Whether one rule of a Role covers it.
bool covers(const json::value& rule, const Attributes& what);

}  // namespace spoke::cluster
