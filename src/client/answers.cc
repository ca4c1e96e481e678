#include "client/answers.h"

#include <algorithm>
#include <string>
#include <utility>

#include "base/strings.h"

namespace spoke::client {
namespace {

constexpr int kMaxAttempts = 10;
constexpr long long kLongestPause = 30;  // seconds; a server that wants more is as good as down
constexpr size_t kQuoted = 200;          // bytes of a foreign body that an error quotes

// metav1.StatusReason of a code, as apimachinery's NewGenericServerResponse assigns them.
const char* reason_of(int status) {
  switch (status) {
    case 400: return "BadRequest";
    case 401: return "Unauthorized";
    case 403: return "Forbidden";
    case 404: return "NotFound";
    case 405: return "MethodNotAllowed";
    case 406: return "NotAcceptable";
    case 409: return "Conflict";
    case 410: return "Gone";
    case 413: return "RequestEntityTooLarge";
    case 415: return "UnsupportedMediaType";
    case 422: return "Invalid";
    case 429: return "TooManyRequests";
    case 503: return "ServiceUnavailable";
    case 504: return "Timeout";
    default: return status >= 500 ? "InternalError" : "Unknown";
  }
}

// The first line of a text, with nothing in it that a terminal would act on.
std::string first_line(std::string_view body) {
  body = trim(body);
  body = body.substr(0, body.find_first_of("\r\n"));
  std::string line(body.substr(0, kQuoted));
  std::replace_if(line.begin(), line.end(), [](unsigned char c) { return c < 0x20 || c == 0x7f; }, ' ');
  return body.size() > kQuoted ? line + "..." : line;
}

std::optional<json::value> as_status(std::string_view body) {
  try {
    json::value v = json::parse(body);
    if (kube::kind(v) == "Status") return v;
  } catch (const json::ParseError&) {  // NOLINT(bugprone-empty-catch): then it is none
  }
  return std::nullopt;
}

}  // namespace

kube::StatusError error_in(const net::Request& request, int status, std::string_view body) {
  if (auto found = as_status(body)) {
    if (json::num(*found, "code") == 0) json::set(*found, "code", status);
    return kube::StatusError(*found);
  }
  const std::string quoted = first_line(body);
  return {status, reason_of(status),
          fmt::format("{} {} was answered with HTTP {}{}", request.method, request.path, status,
                      quoted.empty() ? " and no explanation" : ": " + quoted)};
}

std::optional<std::chrono::milliseconds> pause_before_retry(int status, const net::Headers& headers, int attempt) {
  if (attempt >= kMaxAttempts || (status != 429 && status < 500)) return std::nullopt;
  const std::string_view header = trim(headers.get("Retry-After"));
  if (header.empty() && status != 429) return std::nullopt;
  const long long seconds = to_int(header).value_or(1);  // a date instead of seconds is rare
  return std::chrono::seconds(std::clamp(seconds, 0LL, kLongestPause)) +
         std::chrono::milliseconds(seconds <= 0 ? 100 : 0);
}

json::value parse_answer(const net::Request& request, std::string_view body, boost::json::storage_ptr storage) {
  try {
    return json::parse(body, std::move(storage));
  } catch (const json::ParseError& e) {
    fail("{} {}: the server's answer is {}; is this address a Kubernetes API server?", request.method, request.path,
         e.what());
  }
}

List to_list(const Resource& resource, json::value answer) {
  List list;
  list.resource_version = json::str(answer, "metadata.resourceVersion");
  list.continue_token = json::str(answer, "metadata.continue");
  json::value* items = json::find(answer, "items");
  if (items == nullptr || !items->is_array()) return list;  // Go writes an empty slice as null
  list.items.reserve(items->get_array().size());
  for (auto& item : items->get_array()) {
    if (!item.is_object()) continue;
    auto& object = item.get_object();
    if (!object.contains("kind")) object["kind"] = resource.kind;
    if (!object.contains("apiVersion")) object["apiVersion"] = resource.api_version();
    list.items.push_back(std::move(item));
  }
  return list;
}

}  // namespace spoke::client
