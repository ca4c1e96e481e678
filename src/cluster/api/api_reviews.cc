// Questions about identities and rights, and tokens of service accounts.
#include "base/strings.h"
#include "cluster/api/api_request.h"

namespace spoke::cluster {

using net::Exchange;
using net::Request;
using net::Task;

Task<> ApiServer::request_token(Exchange& exchange, const Target& target) {
  json::value wanted = document(exchange.request());
  const Object account = registry_.current(*target.type, target.ns, target.name);
  const auto seconds = json::num(wanted, "spec.expirationSeconds", 3600);
  if (seconds < 600)
    throw kube::invalid("authentication.k8s.io", "TokenRequest", "", {kube::invalid_value("spec.expirationSeconds", json::value(seconds), "may not specify a duration less than 10 minutes")});
  std::vector<std::string> audiences;
  for (const auto& a : json::list(wanted, "spec.audiences"))
    if (a.is_string()) audiences.push_back(json::to_string(a.get_string()));
  const Time at = now();
  const std::string token = authenticator_.sign(target.ns, account, json::str(wanted, "spec.boundObjectRef.name"), json::str(wanted, "spec.boundObjectRef.uid"), audiences, at, seconds);
  json::array aud;
  for (const auto& a : audiences) aud.emplace_back(a);
  if (aud.empty()) aud.emplace_back(Authenticator::kIssuer);
  json::object spec{{"audiences", std::move(aud)}, {"expirationSeconds", seconds}};
  const json::value* bound = json::find(wanted, "spec.boundObjectRef");
  spec["boundObjectRef"] = bound != nullptr ? *bound : json::value(nullptr);
  const json::object out{{"kind", "TokenRequest"},
                         {"apiVersion", "authentication.k8s.io/v1"},
                         {"metadata", json::object{{"name", target.name}, {"namespace", target.ns}, {"uid", kube::uid(account)}, {"creationTimestamp", rfc3339(at)}}},
                         {"spec", std::move(spec)},
                         {"status", json::object{{"token", token}, {"expirationTimestamp", rfc3339(at + std::chrono::seconds(seconds))}}}};
  co_await exchange.respond(json_response(201, json::dump(out)));
}

Task<> ApiServer::review(Exchange& exchange, const Identity& who) {
  json::value body = document(exchange.request());
  const std::string plural = split(exchange.request().path, '/').back();
  if (plural == "selfsubjectreviews") {
    json::array groups;
    for (const auto& g : who.groups) groups.emplace_back(g);
    json::object user{{"username", who.name}};
    if (!who.uid.empty()) user["uid"] = who.uid;
    user["groups"] = std::move(groups);
    if (!who.extra.empty()) user["extra"] = who.extra;
    const json::object out{{"kind", "SelfSubjectReview"}, {"apiVersion", "authentication.k8s.io/v1"},
                           {"metadata", json::object{{"creationTimestamp", rfc3339(now())}}},
                           {"status", json::object{{"userInfo", std::move(user)}}}};
    co_return co_await exchange.respond(json_response(201, json::dump(out)));
  }
  if (plural != "selfsubjectaccessreviews") throw kube::the_server_could_not_find();
  Attributes what;
  if (const json::value* r = json::find(body, "spec.resourceAttributes")) {
    what = {std::string(json::str(*r, "verb")), std::string(json::str(*r, "group")), std::string(json::str(*r, "resource")),
            std::string(json::str(*r, "namespace")), std::string(json::str(*r, "name")), ""};
    if (const std::string_view sub = json::str(*r, "subresource"); !sub.empty()) what.resource += "/" + std::string(sub);
  } else {
    what.verb = json::str(body, "spec.nonResourceAttributes.verb");
    what.path = json::str(body, "spec.nonResourceAttributes.path");
  }
  json::set(body, "kind", "SelfSubjectAccessReview");
  json::set(body, "apiVersion", "authorization.k8s.io/v1");
  json::set(body, "status", json::object{{"allowed", authorizer_.allowed(who, what)}});
  co_await exchange.respond(json_response(201, json::dump(body)));
}

}  // namespace spoke::cluster
