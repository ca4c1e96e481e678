#include "kube/status.h"

#include <fmt/format.h>

#include <unordered_set>
#include <utility>

#include "base/strings.h"
#include "kube/go_text.h"

namespace spoke::kube {

StatusError::StatusError(int code, std::string reason, std::string message, json::value details)
    : code_(code), reason_(std::move(reason)), message_(std::move(message)), details_(std::move(details)) {}

StatusError::StatusError(const json::value& status)
    : StatusError(static_cast<int>(json::num(status, "code", 500)), std::string(json::str(status, "reason")),
                  std::string(json::str(status, "message", "the server answered without a message")),
                  json::find(status, "details") != nullptr ? *json::find(status, "details") : json::value(nullptr)) {}

json::value StatusError::to_json() const {
  json::object out{{"kind", "Status"},
                   {"apiVersion", "v1"},
                   {"metadata", json::object()},
                   {"status", "Failure"},
                   {"message", message_}};
  if (!reason_.empty()) out["reason"] = reason_;
  if (details_.is_object()) out["details"] = details_;
  out["code"] = code_;
  return out;
}

namespace {

// "pods" or "leases.coordination.k8s.io"
std::string qualified(std::string_view group, std::string_view resource) {
  return group.empty() ? std::string(resource) : fmt::format("{}.{}", resource, group);
}

json::value details(std::string_view group, std::string_view kind, std::string_view name) {
  json::object out;
  if (!name.empty()) out["name"] = name;
  if (!group.empty()) out["group"] = group;
  if (!kind.empty()) out["kind"] = kind;
  return out;
}

}  // namespace

StatusError not_found(std::string_view group, std::string_view resource, std::string_view name) {
  return {404, "NotFound", fmt::format("{} {} not found", qualified(group, resource), go_quoted(name)),
          details(group, resource, name)};
}

StatusError already_exists(std::string_view group, std::string_view resource, std::string_view name) {
  return {409, "AlreadyExists", fmt::format("{} {} already exists", qualified(group, resource), go_quoted(name)),
          details(group, resource, name)};
}

StatusError conflict(std::string_view group, std::string_view resource, std::string_view name, std::string_view why) {
  return {409, "Conflict",
          fmt::format("Operation cannot be fulfilled on {} {}: {}", qualified(group, resource), go_quoted(name), why),
          details(group, resource, name)};
}

StatusError forbidden(std::string_view group, std::string_view resource, std::string_view name, std::string_view why) {
  std::string what = qualified(group, resource);
  if (!what.empty()) what += name.empty() ? " is " : fmt::format(" {} is ", go_quoted(name));
  return {403, "Forbidden", fmt::format("{}forbidden: {}", what, why), details(group, resource, name)};
}

StatusError invalid(std::string_view group, std::string_view kind, std::string_view name,
                    const std::vector<Cause>& causes) {
  std::vector<std::string> lines;
  std::unordered_set<std::string> seen;
  json::array list;
  for (const auto& c : causes) {
    std::string line = c.field.empty() ? c.message : c.field + ": " + c.message;
    if (seen.insert(line).second) lines.push_back(std::move(line));
    json::object cause{{"reason", c.reason}, {"message", c.message}};
    if (!c.field.empty()) cause["field"] = c.field;
    list.push_back(std::move(cause));
  }
  json::value d = details(group, kind, name);
  if (!list.empty()) d.get_object()["causes"] = std::move(list);
  std::string message = fmt::format("{} {} is invalid", qualified(group, kind), go_quoted(name));
  if (lines.size() == 1) message += ": " + lines[0];
  if (lines.size() > 1) message += ": [" + join(lines, ", ") + "]";
  return {422, "Invalid", std::move(message), std::move(d)};
}

StatusError bad_request(std::string message) { return {400, "BadRequest", std::move(message)}; }
StatusError unauthorized() { return {401, "Unauthorized", "Unauthorized"}; }
StatusError method_not_allowed(std::string_view message) {
  return {405, "MethodNotAllowed", std::string(message), json::object()};
}
StatusError expired(std::string message) { return {410, "Expired", std::move(message)}; }
StatusError internal_error(std::string_view why) {
  return {500, "InternalError", fmt::format("Internal error occurred: {}", why),
          json::object{{"causes", json::array{json::object{{"message", why}}}}}};
}
StatusError service_unavailable(std::string message) { return {503, "ServiceUnavailable", std::move(message)}; }
StatusError unsupported_media_type(std::string message) { return {415, "UnsupportedMediaType", std::move(message)}; }
StatusError request_too_large(std::string message) { return {413, "RequestEntityTooLarge", std::move(message)}; }
StatusError not_acceptable(std::string message) { return {406, "NotAcceptable", std::move(message)}; }
StatusError rejected() {
  return {422, "Invalid", "the server rejected our request due to an error in our request", json::object()};
}
StatusError unclassified(std::string message) { return {500, "", std::move(message)}; }
StatusError the_server_could_not_find() {
  return {404, "NotFound", "the server could not find the requested resource", json::object()};
}

Cause required(std::string field, std::string_view why) {
  return {"FieldValueRequired", why.empty() ? "Required value" : fmt::format("Required value: {}", why),
          std::move(field)};
}

Cause invalid_value(std::string field, const json::value& value, std::string_view why) {
  return {"FieldValueInvalid", fmt::format("Invalid value: {}: {}", go_shown(value), why), std::move(field)};
}

Cause not_supported(std::string field, std::string_view value, const std::vector<std::string>& supported) {
  std::vector<std::string> quoted;
  for (const auto& s : supported) quoted.push_back(go_quoted(s));
  return {"FieldValueNotSupported",
          fmt::format("Unsupported value: {}: supported values: {}", go_quoted(value), join(quoted, ", ")),
          std::move(field)};
}

Cause forbidden_field(std::string field, std::string_view why) {
  return {"FieldValueForbidden", fmt::format("Forbidden: {}", why), std::move(field)};
}

Cause duplicate(std::string field, const json::value& value) {
  return {"FieldValueDuplicate", fmt::format("Duplicate value: {}", go_shown(value)), std::move(field)};
}

Cause too_long(std::string field, size_t limit) {
  return {"FieldValueTooLong",
          fmt::format("Too long: may not be more than {} {}", limit, limit == 1 ? "byte" : "bytes"), std::move(field)};
}

Cause type_invalid(std::string field, const json::value& value, std::string_view why) {
  return {"FieldValueTypeInvalid", fmt::format("Invalid value: {}: {}", go_shown(value), why), std::move(field)};
}

}  // namespace spoke::kube
