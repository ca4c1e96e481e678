// Questions about identities and rights, and tokens of service accounts.
#include "base/strings.h"
#include "cluster/api/api_request.h"
#include "kube/apply.h"

namespace spoke::cluster {

using net::Exchange;
using net::Request;
using net::Task;

namespace {

constexpr long kShortestToken = 600;  // seconds

// Nothing of these is kept, but the API server tells who owns their fields as of any object.
std::string answered(const Request& request, Object object, const std::string& subresource = "") {
  const auto schema = kube::builtin_schema(json::str(object, "apiVersion"), kube::kind(object));
  const json::value* spec = json::find(object, "spec");
  if (schema != nullptr && spec != nullptr)
    kube::track_update(*schema, nullptr, object,
                       {write_options(request, subresource).field_manager, std::string(json::str(object, "apiVersion")),
                        subresource, rfc3339(now())});
  return json::dump(object);
}

std::vector<std::string> texts(const json::array& list) {
  std::vector<std::string> out;
  for (const auto& v : list)
    if (v.is_string()) out.push_back(json::to_string(v.get_string()));
  return out;
}

json::array values(const std::vector<std::string>& list) {
  json::array out;
  for (const auto& text : list) out.emplace_back(text);
  return out;
}

json::object user_info(const Identity& who) {
  json::object user{{"username", who.name}};
  if (!who.uid.empty()) user["uid"] = who.uid;
  user["groups"] = values(who.groups);
  if (!who.extra.empty()) user["extra"] = who.extra;
  return user;
}

Attributes attributes(const json::value& review) {
  Attributes what;
  if (const json::value* r = json::find(review, "spec.resourceAttributes")) {
    what = {std::string(json::str(*r, "verb")),     std::string(json::str(*r, "group")),
            std::string(json::str(*r, "resource")), std::string(json::str(*r, "namespace")),
            std::string(json::str(*r, "name")),     ""};
    if (const std::string_view sub = json::str(*r, "subresource"); !sub.empty())
      what.resource += "/" + std::string(sub);
  } else {
    what.verb = json::str(review, "spec.nonResourceAttributes.verb");
    what.path = json::str(review, "spec.nonResourceAttributes.path");
  }
  return what;
}

}  // namespace

Task<> ApiServer::request_token(Exchange& exchange, const Target& target) {
  const json::value wanted = document(exchange.request());
  const Object account = registry_.current(*target.type, target.ns, target.name);
  const auto seconds = json::num(wanted, "spec.expirationSeconds", 3600);
  if (seconds < kShortestToken)
    throw kube::invalid("authentication.k8s.io", "TokenRequest", "",
                        {kube::invalid_value("spec.expirationSeconds", json::value(seconds),
                                             "may not specify a duration less than 10 minutes")});
  const auto audiences = texts(json::list(wanted, "spec.audiences"));
  const Time at = now();
  const std::string token = authenticator_.sign(target.ns, account, json::str(wanted, "spec.boundObjectRef.name"),
                                                json::str(wanted, "spec.boundObjectRef.uid"), audiences, at, seconds);
  const json::value* bound = json::find(wanted, "spec.boundObjectRef");
  json::object spec{{"audiences", audiences.empty() ? json::array{Authenticator::kIssuer} : values(audiences)},
                    {"expirationSeconds", seconds},
                    {"boundObjectRef", bound != nullptr ? *bound : json::value(nullptr)}};
  Object out = json::object{
      {"kind", "TokenRequest"},
      {"apiVersion", "authentication.k8s.io/v1"},
      {"metadata", json::object{{"name", target.name},
                                {"namespace", target.ns},
                                {"uid", kube::uid(account)},
                                {"creationTimestamp", rfc3339(at)}}},
      {"spec", std::move(spec)},
      {"status", json::object{{"token", token}, {"expirationTimestamp", rfc3339(at + std::chrono::seconds(seconds))}}}};
  co_await exchange.respond(json_response(201, answered(exchange.request(), std::move(out), "token")));
}

Task<> ApiServer::review(Exchange& exchange, const Identity& who, const Target& target) {
  const Request& request = exchange.request();
  if (request.method != "POST" || !target.name.empty()) throw not_allowed();
  Object review = document(request);
  json::object status;
  if (target.plural == "selfsubjectreviews") {
    review = json::object{{"kind", "SelfSubjectReview"},
                          {"apiVersion", "authentication.k8s.io/v1"},
                          {"metadata", json::object{{"creationTimestamp", rfc3339(now())}}}};
    status["userInfo"] = user_info(who);
  } else if (target.plural == "tokenreviews") {
    json::set(review, "kind", "TokenReview");
    const auto subject = authenticator_.identify("Bearer " + std::string(json::str(review, "spec.token")), now());
    if (subject)
      status = {
          {"authenticated", true}, {"user", user_info(*subject)}, {"audiences", json::array{Authenticator::kIssuer}}};
    else
      status["error"] = "invalid bearer token";
  } else {
    const bool self = target.plural == "selfsubjectaccessreviews";
    json::set(review, "kind", self ? "SelfSubjectAccessReview" : "SubjectAccessReview");
    const Identity subject = self ? who
                                  : Identity{std::string(json::str(review, "spec.user")),
                                             std::string(json::str(review, "spec.uid")),
                                             texts(json::list(review, "spec.groups")),
                                             {}};
    const Decision decision = authorizer_.decide(subject, attributes(review));
    status["allowed"] = decision.allowed;
    if (!decision.reason.empty()) status["reason"] = decision.reason;
  }
  json::set(review, "apiVersion", target.group + "/" + target.version);
  if (json::find(review, "metadata") == nullptr) json::set(review, "metadata", json::object());
  json::set(review, "status", std::move(status));
  co_await exchange.respond(json_response(201, answered(request, std::move(review))));
}

}  // namespace spoke::cluster
