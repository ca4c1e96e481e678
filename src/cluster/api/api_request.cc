#include "cluster/api/api_request.h"

#include <algorithm>

#include "base/strings.h"
#include "cluster/api/json_text.h"
#include "data/yaml.h"
#include "kube/go_text.h"
#include "kube/meta.h"
#include "kube/protobuf.h"

namespace spoke::cluster {

using net::Request;
using net::Response;

namespace {

constexpr const char* kJson = "application/json";
constexpr const char* kYaml = "application/yaml";
constexpr size_t kMaxManager = 128;  // bytes of a field manager's name

// The name of the metav1 options that a request's query is read into.
std::string options_kind(const Request& request) {
  if (request.method == "POST") return "CreateOptions";
  if (request.method == "PUT") return "UpdateOptions";
  return request.method == "PATCH" ? "PatchOptions" : "DeleteOptions";
}

kube::StatusError bad_option(const std::string& kind, const Causes& causes) {
  return kube::invalid("meta.k8s.io", kind, "", causes);
}

void check_manager(std::string_view name, Causes& causes) {
  if (name.size() > kMaxManager) causes.push_back(kube::too_long("fieldManager", kMaxManager));
  for (size_t i = 0; i < name.size(); ++i)
    if (const auto c = static_cast<unsigned char>(name[i]); c < 0x20 || c == 0x7F)
      causes.push_back(kube::invalid_value("fieldManager", json::value(name),
                                           fmt::format("invalid character U+{:04X} (at position {})", c, i)));
}

// The first word of the User-Agent, as the API server makes it a manager's name.
std::string field_manager(const Request& request) {
  if (const std::string_view given = request.query.get("fieldManager"); !given.empty()) return std::string(given);
  const std::string_view agent = request.headers.get("User-Agent");
  const std::string_view name = agent.substr(0, agent.find('/'));
  return name.empty() ? "unknown" : std::string(name.substr(0, kMaxManager));
}

void refuse_media_type(bool custom = false) {
  throw kube::unsupported_media_type(
      std::string("the body of the request was in an unknown format - accepted media types include: application/json, "
                  "application/yaml") +
      (custom ? "" : ", " + std::string(kube::kProtobuf)));
}

json::value from_yaml(std::string_view text) {
  try {
    return yaml::parse(text);
  } catch (const Error& e) {
    throw kube::bad_request(std::string("error converting YAML to JSON: ") + e.what());
  }
}

json::value from_protobuf(std::string_view body) {
  try {
    return kube::from_protobuf(body);
  } catch (const Error& e) {
    throw kube::bad_request(e.what());
  }
}

// What of an unreadable body is told.
std::string summary(std::string_view body) {
  constexpr size_t shown = 30;
  if (body.empty()) return "<empty>";
  const std::string_view part = body.substr(0, shown);
  return (body[0] == '{' ? std::string(part) : hex(part)) + (body.size() > shown ? " ..." : "");
}

kube::StatusError unrecognized(const ResourceType& type, std::string_view why, std::string_view body) {
  return kube::bad_request(fmt::format("the object provided is unrecognized (must be of type {}): {} ({})",
                                       type.id.kind, why, summary(body)));
}

bool is_version(std::string_view api_version) { return split(api_version, '/').size() <= 2; }

long long number(const Request& request, const char* name) {
  const std::string_view text = request.query.get(name);
  if (text.empty()) return 0;
  if (const auto value = to_int(text)) return *value;
  throw kube::bad_request(fmt::format("strconv.ParseInt: parsing {}: invalid syntax", kube::go_quoted(text)));
}

}  // namespace

Response json_response(int code, std::string body, const Form& form) {
  return {code, {{"Content-Type", form.yaml ? kYaml : kJson}, {"Cache-Control", "no-cache, private"}}, std::move(body)};
}

Response status_response(const kube::StatusError& e) {
  Response response = json_response(e.code(), json::dump(e.to_json()));
  if (const auto seconds = json::num(e.details(), "retryAfterSeconds"); seconds > 0)
    response.headers.set("Retry-After", std::to_string(seconds));
  if (const auto* warned = dynamic_cast<const WarnedRefusal*>(&e))
    for (const auto& warning : warned->warnings()) add_warning(response, warning);
  return response;
}

Response page_not_found() {
  return {404,
          {{"Content-Type", "text/plain; charset=utf-8"}, {"X-Content-Type-Options", "nosniff"}},
          "404 page not found\n"};
}

Response outcome_response(const ResourceType& type, const Form& form, const Outcome& outcome) {
  Response response = json_response(outcome.code, outcome.body, form);
  if (form.as != Form::As::Object || form.yaml) {
    ResourceType served = type;  // outcome bodies are in the served version already
    served.from_storage = nullptr;
    response.body = present(served, form, outcome.body);
  }
  for (const auto& warning : outcome.warnings) add_warning(response, warning);
  return response;
}

void add_warning(Response& response, std::string_view text) {
  const std::string quoted = replace_all(replace_all(std::string(text), "\\", "\\\\"), "\"", "\\\"");
  response.headers.add("Warning", "299 - \"" + quoted + "\"");
}

bool is_review(std::string_view group, std::string_view plural) {
  if (group == "authentication.k8s.io") return plural == "selfsubjectreviews" || plural == "tokenreviews";
  return group == "authorization.k8s.io" && (plural == "selfsubjectaccessreviews" || plural == "subjectaccessreviews");
}

bool is_builtin_group(const Catalog& catalog, std::string_view group) {
  if (group == "authentication.k8s.io" || group == "authorization.k8s.io") return true;
  const auto& all = catalog.all();
  return std::any_of(all.begin(), all.end(),
                     [&](const auto& type) { return !type->custom && type->id.group == group; });
}

const kube::StatusError& not_allowed() {
  static const kube::StatusError e =
      kube::method_not_allowed("the server does not allow this method on the requested resource");
  return e;
}

std::string_view media_type(const Request& request) {
  const std::string_view type = request.headers.get("Content-Type");
  return trim(type.substr(0, type.find(';')));
}

json::value document(const Request& request) {
  const std::string_view type = media_type(request);
  if (type == kYaml) return from_yaml(request.body);
  if (type == kube::kProtobuf) return from_protobuf(request.body);
  if (!type.empty() && type != kJson) refuse_media_type();
  if (trim(request.body).empty()) return json::object();
  try {
    return json::parse(request.body);
  } catch (const Error& e) {
    throw kube::bad_request(json_problem(request.body).value_or(e.what()));
  }
}

Object object_of(const Request& request, const ResourceType& type, WriteOptions& options) {
  const std::string_view media = media_type(request);
  Object object;
  if (media == kYaml) {
    object = from_yaml(request.body);
  } else if (media == kube::kProtobuf && !type.custom) {
    if (!kube::is_protobuf(request.body)) throw unrecognized(type, kube::kNotProtobuf, request.body);
    object = from_protobuf(request.body);
  } else {
    if (!media.empty() && media != kJson) refuse_media_type(type.custom);
    try {
      object = json::parse(request.body);
    } catch (const Error& e) {
      throw unrecognized(
          type, "couldn't get version/kind; json parse error: " + json_problem(request.body).value_or(e.what()),
          request.body);
    }
    options.duplicates = duplicate_members(request.body);
  }
  if (!object.is_object())
    throw unrecognized(type,
                       fmt::format("couldn't get version/kind; json parse error: json: cannot unmarshal {} into Go "
                                   "value of type runtime.TypeMeta",
                                   kube::go_json_kind(object)),
                       request.body);
  if (const std::string_view version = json::str(object, "apiVersion"); !is_version(version))
    throw unrecognized(type, fmt::format("unexpected GroupVersion string: {}", version), request.body);
  if (type.custom && kube::kind(object).empty())
    throw unrecognized(type, fmt::format("Object 'Kind' is missing in '{}'", request.body), request.body);
  return object;
}

WriteOptions write_options(const Request& request, const std::string& subresource) {
  WriteOptions options;
  Causes causes;
  options.subresource = subresource;
  options.force = request.query.flag("force");
  options.dry_run = request.query.get("dryRun") == "All";
  if (const std::string_view dry = request.query.get("dryRun"); !dry.empty() && dry != "All") {
    kube::Cause cause = kube::not_supported("dryRun", "", {"All"});
    cause.message = fmt::format("Unsupported value: [{}]: supported values: \"All\"", kube::go_quoted(dry));
    causes.push_back(std::move(cause));
  }
  const std::string_view validation = request.query.get("fieldValidation");
  if (validation == "Ignore")
    options.field_validation = FieldValidation::Ignore;
  else if (validation == "Strict")
    options.field_validation = FieldValidation::Strict;
  else if (validation.empty() || validation == "Warn")
    options.field_validation = FieldValidation::Warn;
  else
    causes.push_back(kube::not_supported("fieldValidation", validation, {"", "Ignore", "Strict", "Warn"}));
  check_manager(request.query.get("fieldManager"), causes);
  options.field_manager = field_manager(request);
  if (!causes.empty()) throw bad_option(options_kind(request), causes);
  return options;
}

Removal removal_of(const Request& request) {
  const json::value body = document(request);
  if (const std::string_view kind = kube::kind(body); !kind.empty() && kind != "DeleteOptions")
    throw kube::unclassified(
        fmt::format("no kind \"{}\" is registered for version \"{}\" in scheme \"pkg/api/legacyscheme/scheme.go:30\"",
                    kind, json::str(body, "apiVersion")));
  Removal removal;
  client::DeleteOptions& options = removal.options;
  if (json::find(body, "gracePeriodSeconds") != nullptr)
    options.grace_period_seconds = json::num(body, "gracePeriodSeconds");
  if (request.query.has("gracePeriodSeconds")) options.grace_period_seconds = number(request, "gracePeriodSeconds");
  options.uid = json::str(body, "preconditions.uid");
  options.resource_version = json::str(body, "preconditions.resourceVersion");
  options.propagation = json::str(body, "propagationPolicy", request.query.get("propagationPolicy"));
  const bool has_orphan = json::find(body, "orphanDependents") != nullptr || request.query.has("orphanDependents");
  const bool orphan = json::flag(body, "orphanDependents") || request.query.flag("orphanDependents");
  if (has_orphan && !options.propagation.empty())
    throw bad_option("DeleteOptions",
                     {kube::invalid_value("propagationPolicy", json::value(options.propagation),
                                          "orphanDependents and deletionPropagation cannot be both set")});
  if (!options.propagation.empty() && options.propagation != "Background" && options.propagation != "Foreground" &&
      options.propagation != "Orphan")
    throw bad_option("DeleteOptions", {kube::not_supported("propagationPolicy", options.propagation,
                                                           {"Foreground", "Background", "Orphan", "nil"})});
  if (has_orphan) options.propagation = orphan ? "Orphan" : "Background";
  removal.dry_run = request.query.get("dryRun") == "All";
  for (const auto& stage : json::list(body, "dryRun")) removal.dry_run = removal.dry_run || stage == json::value("All");
  return removal;
}

ListQuery list_query(const Request& request, bool watch) {
  const auto& query = request.query;
  ListQuery out{std::string(query.get("resourceVersion")), std::string(query.get("resourceVersionMatch")),
                std::string(query.get("continue")), number(request, "limit"), number(request, "timeoutSeconds")};
  const std::string& match = out.resource_version_match;
  const bool initial = query.has("sendInitialEvents");
  Causes causes;
  const auto forbid = [&](std::string_view why) {
    causes.push_back(kube::forbidden_field("resourceVersionMatch", why));
  };
  if (watch) {
    if (initial && match != "NotOlderThan")
      forbid("sendInitialEvents requires setting resourceVersionMatch to NotOlderThan");
    if (!match.empty()) {
      if (!initial) forbid("resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided");
      if (match != "NotOlderThan")
        causes.push_back(kube::not_supported("resourceVersionMatch", match, {"NotOlderThan"}));
      if (!out.continue_token.empty()) forbid("resourceVersionMatch is forbidden when continue is provided");
    }
  } else {
    if (!match.empty()) {
      if (out.resource_version.empty()) forbid("resourceVersionMatch is forbidden unless resourceVersion is provided");
      if (!out.continue_token.empty()) forbid("resourceVersionMatch is forbidden when continue is provided");
      if (match != "Exact" && match != "NotOlderThan")
        causes.push_back(kube::not_supported("resourceVersionMatch", match, {"Exact", "NotOlderThan", ""}));
      if (match == "Exact" && out.resource_version == "0")
        forbid("resourceVersionMatch \"exact\" is forbidden for resourceVersion \"0\"");
    }
    if (initial)
      causes.push_back(kube::forbidden_field("sendInitialEvents", "sendInitialEvents is forbidden for list"));
  }
  if (!causes.empty()) throw bad_option("ListOptions", causes);
  return out;
}

}  // namespace spoke::cluster
