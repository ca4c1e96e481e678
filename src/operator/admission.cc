#include "operator/admission.h"

#include <algorithm>
#include <array>
#include <set>

#include "base/strings.h"
#include "kube/names.h"
#include "operator/connect.h"
#include "operator/cron.h"
#include "operator/executor_fields.h"
#include "operator/quota.h"

namespace spoke::op {
namespace {

using kube::Object;

struct Denied : Error {
  using Error::Error;
};

struct Request {
  const Object& object;
  const json::value* before;  // null at a creation
  const AdmissionOptions& options;
};

// What a webhook does: a JSON Patch, or Denied.
using Answer = json::array (*)(const Request&);

// A JSON Patch that fills in what is missing.
class Defaults {
 public:
  explicit Defaults(const Object& object) : object_(object) {}

  bool has(std::string_view path) const {
    const json::value* v = json::find(object_, path);
    return v != nullptr && !v->is_null() && *v != json::value("");
  }
  // `path` has one part more than what is there, or its parents are added too.
  void add(const std::string& path, json::value value) {
    if (has(path)) return;
    const std::string parent = path.substr(0, path.rfind('.'));
    if (const json::value* v = json::find(object_, parent); v != nullptr && !v->is_null() && !v->is_object()) return;
    if (!has(parent) && made_.insert(parent).second) push(parent, json::object());
    push(path, std::move(value));
  }
  json::array patch() { return std::move(patch_); }

 private:
  void push(const std::string& path, json::value value) {
    std::string pointer = "/" + path;
    std::ranges::replace(pointer, '.', '/');
    patch_.push_back(json::object{{"op", "add"}, {"path", pointer}, {"value", std::move(value)}});
  }
  const Object& object_;
  std::set<std::string> made_;
  json::array patch_;
};

bool has_property(const Object& app, std::string_view name) {
  return json::members(app, "spec.sparkConf").contains(name);
}

json::array default_application(const Request& r) {
  const State state = read_status(r.object).state;
  if (state != State::New && state != State::Invalidating) return {};
  Defaults d(r.object);
  d.add("spec.type", "Scala");
  d.add("spec.mode", "cluster");
  d.add("spec.restartPolicy.type", "Never");
  if (const auto type = json::str(r.object, "spec.restartPolicy.type"); !type.empty() && type != "Never") {
    d.add("spec.restartPolicy.onFailureRetryInterval", 5);
    d.add("spec.restartPolicy.onSubmissionFailureRetryInterval", 5);
  }
  for (const char* role : {"driver", "executor"}) {
    if (!has_property(r.object, fmt::format("spark.{}.cores", role))) d.add(fmt::format("spec.{}.cores", role), 1);
    if (!has_property(r.object, fmt::format("spark.{}.memory", role))) d.add(fmt::format("spec.{}.memory", role), "1g");
  }
  const bool dynamic = json::flag(r.object, "spec.dynamicAllocation.enabled");
  if (!dynamic && !has_property(r.object, "spark.executor.instances")) d.add("spec.executor.instances", 1);
  if (dynamic) d.add("spec.dynamicAllocation.shuffleTrackingEnabled", true);
  return d.patch();
}

json::array default_executor(const Request& r) { return executor_patch(r.object); }
json::array default_nothing(const Request&) { return {}; }

bool same_spec(const Request& r) {
  if (r.before == nullptr) return false;
  const json::value *before = json::find_member(*r.before, "spec"), *after = json::find_member(r.object, "spec");
  return before != nullptr && after != nullptr && *before == *after;
}

void check_application(const Application& app, const AdmissionOptions& options) {
  plan(app, options.plan);
  if (!options.quotas) return;
  if (const std::string why = over_quota(app, read_spec(app), options.quotas(app.ns)); !why.empty()) throw Denied(why);
}

bool same_extras(const Request& r) { return r.before != nullptr && extras_of(*r.before) == extras_of(r.object); }

json::array validate_application(const Request& r) {
  if (!same_spec(r))
    check_application(read_for_plan(r.object), r.options);
  else if (const auto wrong = read_extras(r.object).wrong; wrong && !same_extras(r))
    throw *wrong;
  return {};
}

json::array validate_schedule(const Request& r) {
  if (same_spec(r)) return {};
  const std::string name(kube::name(r.object));
  if (const auto wrong = kube::check_dns1035_label(name); !wrong.empty())
    throw Denied(fmt::format("invalid ScheduledSparkApplication name \"{}\": {}", name, join(wrong, ", ")));
  Schedule::parse(json::str(r.object, "spec.schedule"), std::string(json::str(r.object, "spec.timeZone")));
  Object run = json::object{{"metadata", *json::find_member(r.object, "metadata")}};
  const json::value* spec = json::find(r.object, "spec.template");
  run.as_object()["spec"] = spec == nullptr ? json::value(json::object()) : *spec;
  plan(read_for_plan(run), r.options.plan);
  return {};
}

json::array validate_connect(const Request& r) {
  if (!same_spec(r)) plan_connect(r.object);
  return {};
}

struct Webhook {
  std::string_view path, kind;
  Answer answer;
};

constexpr std::array kWebhooks{
    Webhook{"/mutate--v1-pod", "Pod", default_executor},
    Webhook{"/mutate-sparkoperator-k8s-io-v1beta2-sparkapplication", "SparkApplication", default_application},
    Webhook{"/mutate-sparkoperator-k8s-io-v1beta2-scheduledsparkapplication", "ScheduledSparkApplication",
            default_nothing},
    Webhook{"/mutate-sparkoperator-k8s-io-v1alpha1-sparkconnect", "SparkConnect", default_nothing},
    Webhook{"/validate-sparkoperator-k8s-io-v1beta2-sparkapplication", "SparkApplication", validate_application},
    Webhook{"/validate-sparkoperator-k8s-io-v1beta2-scheduledsparkapplication", "ScheduledSparkApplication",
            validate_schedule},
    Webhook{"/validate-sparkoperator-k8s-io-v1alpha1-sparkconnect", "SparkConnect", validate_connect}};

const Webhook& webhook_of(std::string_view path) {
  const auto found = std::ranges::find_if(kWebhooks, [&](const Webhook& w) { return w.path == path; });
  if (found == kWebhooks.end()) throw kube::the_server_could_not_find();
  return *found;
}

json::object denial(const std::string& why) {
  return {
      {"metadata", json::object()}, {"status", "Failure"}, {"message", why}, {"reason", "Forbidden"}, {"code", 403}};
}

}  // namespace

std::vector<std::string> admission_paths() {
  std::vector<std::string> out;
  for (const auto& webhook : kWebhooks) out.emplace_back(webhook.path);
  return out;
}

json::value review(std::string_view path, std::string_view body, const AdmissionOptions& options) {
  const Webhook& webhook = webhook_of(path);
  // A review is read, answered and forgotten: what is made of it, copies too, is freed at once.
  boost::json::monotonic_resource memory(std::max<size_t>(2 * body.size(), 1024));
  json::value asked(&memory);
  try {
    asked = json::parse(body, &memory);
  } catch (const json::ParseError& e) {
    throw kube::bad_request(e.what());
  }
  json::value* request = json::find(asked, "request");
  if (json::str(asked, "apiVersion") != "admission.k8s.io/v1" || json::str(asked, "kind") != "AdmissionReview" ||
      request == nullptr || !request->is_object())
    throw kube::bad_request("this is no AdmissionReview of admission.k8s.io/v1");
  json::object response{{"uid", json::str(*request, "uid")}, {"allowed", true}};
  json::value* object = json::find(*request, "object");
  // Of a deletion there is no object: it is let be.
  if (object != nullptr && object->is_object()) {
    if (json::str(*request, "kind.kind") != webhook.kind)
      throw kube::bad_request(
          fmt::format("{} is asked of {}, not of {}", path, webhook.kind, json::str(*request, "kind.kind")));
    const json::value* before = json::find(*request, "oldObject");
    if (before != nullptr && !before->is_object()) before = nullptr;
    try {
      // What an API server generates is not there yet.
      if (kube::ns(*object).empty()) json::set(*object, "metadata.namespace", json::str(*request, "namespace"));
      if (const json::array patch = webhook.answer({*object, before, options}); !patch.empty()) {
        response["patchType"] = "JSONPatch";
        response["patch"] = base64(json::dump(patch));
      }
    } catch (const Error& e) {  // InvalidApplication, InvalidConf, InvalidSchedule, Denied
      response["allowed"] = false;
      response["status"] = denial(e.what());
    }
  }
  return json::object{
      {"apiVersion", "admission.k8s.io/v1"}, {"kind", "AdmissionReview"}, {"response", std::move(response)}};
}

}  // namespace spoke::op
