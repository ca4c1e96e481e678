// Kubernetes' way of saying no: an HTTP code, a reason, a message and details (metav1.Status).
#pragma once

#include <exception>
#include <string>
#include <string_view>
#include <vector>

#include "data/json.h"

namespace spoke::kube {

// One thing wrong with one field: field.Error of apimachinery, from which StatusReason Invalid is made.
struct Cause {
  std::string reason;   // FieldValueRequired, FieldValueInvalid, FieldValueNotSupported, FieldValueForbidden,
                        // FieldValueDuplicate, FieldValueTooLong, FieldValueTypeInvalid, FieldValueNotFound,
                        // FieldManagerConflict
  std::string message;  // as it stands in details.causes: "Required value: must be specified"
  std::string field;    // "spec.containers[0].name"
};

class StatusError : public std::exception {
 public:
  StatusError(int code, std::string reason, std::string message, json::value details = nullptr);
  explicit StatusError(const json::value& status);  // from a Status that a server sent
  const char* what() const noexcept override { return message_.c_str(); }
  int code() const { return code_; }
  const std::string& reason() const { return reason_; }
  const std::string& message() const { return message_; }
  const json::value& details() const { return details_; }
  bool is(std::string_view reason) const { return reason_ == reason; }
  json::value to_json() const;

 private:
  int code_;
  std::string reason_;
  std::string message_;
  json::value details_;
};

// Messages as k8s.io/apimachinery/pkg/api/errors words them. `group` is "" for the core group; `resource` is the
// plural.
StatusError not_found(std::string_view group, std::string_view resource, std::string_view name);
StatusError already_exists(std::string_view group, std::string_view resource, std::string_view name);
StatusError conflict(std::string_view group, std::string_view resource, std::string_view name, std::string_view why);
StatusError invalid(std::string_view group, std::string_view kind, std::string_view name,
                    const std::vector<Cause>& causes);
StatusError forbidden(std::string_view group, std::string_view resource, std::string_view name, std::string_view why);
StatusError bad_request(std::string message);
StatusError unauthorized();
StatusError method_not_allowed(std::string_view method_message);
StatusError expired(std::string message);  // 410 reason Expired
StatusError internal_error(std::string_view why);
StatusError service_unavailable(std::string message);
StatusError unsupported_media_type(std::string message);
StatusError request_too_large(std::string message);
StatusError the_server_could_not_find();  // 404 for a path that is no resource
StatusError not_acceptable(std::string message);
StatusError rejected();                         // 422 that does not say why, as a JSON patch that does not apply
StatusError unclassified(std::string message);  // 500 without a reason: what the API server itself did not foresee

// Causes with the messages of apimachinery's field package.
Cause required(std::string field, std::string_view why);  // "Required value: why" or "Required value"
Cause invalid_value(std::string field, const json::value& value, std::string_view why);  // "Invalid value: \"x\": why"
Cause not_supported(std::string field, std::string_view value, const std::vector<std::string>& supported);
Cause forbidden_field(std::string field, std::string_view why);
Cause duplicate(std::string field, const json::value& value);
Cause too_long(std::string field, size_t limit);
Cause type_invalid(std::string field, const json::value& value, std::string_view why);

}  // namespace spoke::kube
