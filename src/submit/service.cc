#include "submit/service.h"

#include <utility>

#include "base/log.h"
#include "base/time.h"
#include "net/async.h"
#include "submit/arguments.h"
#include "submit/create.h"
#include "submit/create_once.h"
#include "submit/request.h"

namespace spoke::submit {
namespace {

using net::Response;
using net::Task;

constexpr net::Millis kPause{50}, kLongestEnd{10000};
constexpr const char* kPath = "/api/v1/spark-submit";

Response reply(int status, json::object body) {
  return {status, {{"Content-Type", "application/json"}}, json::dump(json::value(std::move(body)))};
}

Response refusal(int status, const char* code, const std::string& id, std::string message) {
  log::warn("refused a submission", "id", id, "code", code, "error", message);
  return reply(status, {{"submission_id", id},
                        {"status", status},
                        {"error_code", code},
                        {"message", std::move(message)},
                        {"timestamp", rfc3339(now())}});
}

// What the API server would not have. Who asked tries again after 500 and above alone.
Response refusal(const std::string& id, const NotCreated& e) {
  if (e.taken()) return refusal(409, "DRIVER_POD_ALREADY_EXISTS", id, e.what());
  switch (e.code()) {
    case 400:
    case 422: return refusal(422, "INVALID_POD_TEMPLATE", id, e.what());
    case 403: return refusal(403, "FORBIDDEN", id, e.what());
    case 404: return refusal(400, "INVALID_SPARK_SUBMIT_ARGS", id, e.what());
    case 409:  // a race, as between two pods for one quota
    case 429:
    case 503: return refusal(503, "SUBMITTER_OVERLOADED", id, e.what());
    default: return refusal(500, "INTERNAL_SERVER_ERROR", id, e.what());
  }
}

Response driver_made(const std::string& id, const std::string& app_name, const MadeOnce& created) {
  const kube::Object& pod = created.pod;
  log::info(created.found ? "a submission came again" : "submitted", "id", id, "pod",
            fmt::format("{}/{}", kube::ns(pod), kube::name(pod)));
  return reply(created.found ? 200 : 201,
               {{"submission_id", id},
                {"app_name", app_name},
                {"message", created.found ? "the driver's pod was there already" : "the driver's pod was created"},
                {"submitted_at", json::str(pod, "metadata.creationTimestamp")},
                {"spark_app_id", kube::label(pod, "spark-app-selector")},
                {"driver_pod_name", kube::name(pod)},
                {"driver_pod_uid", kube::uid(pod)},
                {"namespace", kube::ns(pod)},
                {"duplicate_submission", created.found}});
}

// `id` is set as soon as it is known.
spark::DriverObjects read_driver(const std::string& body, std::string& id, const std::string& spark_version) {
  const Request request = parse_request(body);
  id = request.id;
  return build_request(request, now(), spark_version);
}

}  // namespace

Task<Response> SubmitService::submit(std::string body) {
  std::string id;
  try {
    spark::DriverObjects driver = read_driver(body, id, options_.spark_version);
    body = {};  // it may be large, and what follows takes its time
    for (const auto& warning : driver.warnings) log::warn("a submission's warning", "id", id, "warning", warning);
    const std::string app_name = driver.properties["spark.app.name"];
    co_return driver_made(id, app_name, co_await create_once(api_, std::move(driver)));
  } catch (const BadRequest& e) {
    co_return refusal(400, "BAD_REQUEST", id, e.what());
  } catch (const BadTemplate& e) {
    co_return refusal(422, "INVALID_POD_TEMPLATE", id, e.what());
  } catch (const NotCreated& e) {
    co_return refusal(id, e);
  } catch (const net::ConnectionError& e) {
    co_return refusal(500, "INTERNAL_SERVER_ERROR", id, e.what());
  } catch (const Error& e) {
    co_return refusal(400, "INVALID_SPARK_SUBMIT_ARGS", id, e.what());
  } catch (const std::exception& e) {
    if (net::is_cancelled(e)) throw;
    co_return refusal(500, "INTERNAL_SERVER_ERROR", id, e.what());
  }
}

Task<> SubmitService::answer(net::Exchange& exchange) {
  net::Request& request = exchange.request();
  Response response;
  if (request.path == "/healthz" || request.path == "/readyz")
    response = {200, {{"Content-Type", "text/plain; charset=utf-8"}}, "ok"};
  else if (request.path != kPath)
    response = refusal(404, "BAD_REQUEST", "", fmt::format("nothing is served at {}; POST to {}", request.path, kPath));
  else if (request.method != "POST")
    response = refusal(405, "METHOD_NOT_ALLOWED", "", "POST a submission");
  else if (!request.headers.get("Content-Type").starts_with("application/json"))
    response = refusal(415, "UNSUPPORTED_MEDIA_TYPE", "", "the Content-Type must be application/json");
  else if (ending_ || under_way_ >= options_.at_a_time)
    response = refusal(503, "SUBMITTER_OVERLOADED", "",
                       ending_ ? "this submitter is ending" : fmt::format("{} submissions are under way", under_way_));
  else {
    struct Count {
      explicit Count(size_t& n) : n_(n) { ++n_; }
      ~Count() { --n_; }
      Count(const Count&) = delete;
      Count& operator=(const Count&) = delete;
      size_t& n_;
    } count(under_way_);
    response = co_await submit(std::move(request.body));
  }
  co_await exchange.respond(std::move(response));
}

Task<> SubmitService::end() {
  ending_ = true;
  for (auto waited = net::Millis(0); under_way_ > 0 && waited < kLongestEnd; waited += kPause)
    co_await net::sleep_for(kPause);
}

}  // namespace spoke::submit
