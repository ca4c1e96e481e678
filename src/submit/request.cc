#include "submit/request.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>

#include "base/strings.h"
#include "kube/names.h"
#include "net/tls.h"
#include "spark/uris.h"
#include "submit/arguments.h"
#include "submit/create_once.h"
#include "submit/job.h"
#include "submit/settings.h"

namespace spoke::submit {
namespace {

constexpr const char* kInCluster = "k8s://https://kubernetes.default.svc";
constexpr std::string_view kLabelProperty = "spark.kubernetes.driver.label.sparkoperator.k8s.io/submission-id";

template <class... Args>
[[noreturn]] void refuse(fmt::format_string<Args...> format, Args&&... args) {
  throw BadArguments(fmt::format(format, std::forward<Args>(args)...));
}

std::optional<json::value> template_of(const json::object& body, const char* name) {
  const json::value* v = body.if_contains(name);
  if (v == nullptr || v->is_null()) return std::nullopt;
  if (!v->is_object()) throw BadRequest(fmt::format("{} must be an object, a PodTemplateSpec", name));
  return *v;
}

// Options of a person before a terminal, and those that would have this machine's files read.
void refuse_own(const Arguments& a) {
  if (a.action != Action::Submit) refuse("only a submission can be asked for here");
  if (a.remote) refuse("--remote names a Spark Connect server; nothing is submitted to one");
  if (a.deploy_mode.value_or("cluster") != "cluster")
    refuse("--deploy-mode must be cluster: a driver is made as a pod");
  if (a.properties_file || !a.extra_properties_files.empty())
    refuse("--properties-file names a file of this machine; send each property with --conf");
  if (a.context || !a.kubeconfig.empty() || a.jvm || a.follow || a.as_application || a.dry_run != DryRun::No ||
      a.spark_exit_code)
    refuse("of spoke's own options only --spark-version and --namespace can be sent");
}

void refuse_files(const Arguments& a, const spark::Conf& conf) {
  const auto check = [](std::string_view what, std::string_view word) {
    const std::string_view uri = trim(word);
    if (!uri.empty() && uri != spark::kNoResource && spark::needs_upload(uri))
      refuse(
          "{} names a file of the submitter's machine, {}; put it where the cluster can read it, or into the image "
          "(local:///)",
          what, uri);
  };
  if (a.resource) check("the application", *a.resource);
  for (const auto property : list_properties())
    for (const auto& uri : split(conf.raw(property, ""), ',')) check(property, uri);
  for (const auto property : file_properties())
    if (const auto path = conf.raw(property); path && !path->empty() && !path->starts_with("local:"))
      refuse("{} names a file, which is not read here{}", property,
             property.ends_with("podTemplateFile") ? "; send driver_pod_template and executor_pod_template" : "");
}

// Chance, and the clock's part of the names, out of what tells a submission from others.
spark::Ids ids_of(std::string_view id, Time now) {
  const std::string bytes = net::sha256(fmt::format("1 {}", id)) + net::sha256(fmt::format("2 {}", id));
  std::uint64_t milliseconds = 0;
  for (size_t i = spark::Ids::kRandomBytes; i < spark::Ids::kRandomBytes + 5; ++i)
    milliseconds = milliseconds << 8 | static_cast<unsigned char>(bytes.at(i));
  spark::Ids ids = spark::Ids::draw(bytes, Time(std::chrono::milliseconds(milliseconds)));
  ids.now = now;
  return ids;
}

// As a file of podTemplateFile, which Spark knows by the name that the request has for it.
void use_template(spark::Submission& s, const char* role, const json::value& object) {
  const std::string prefix = fmt::format("spark.kubernetes.{}.podTemplate", role);
  const std::string file = fmt::format("{}_pod_template", role);
  s.conf.set_if_missing(prefix + "ContainerName", fmt::format("spark-kubernetes-{}", role));
  const std::string container = s.conf.raw(prefix + "ContainerName", "");
  const json::array& containers = json::list(object, "spec.containers");
  const auto is_it = [&](const json::value& c) { return json::str(c, "name") == container; };
  if (!containers.empty() && std::ranges::none_of(containers, is_it))  // Spark would take the first one for its own
    throw BadTemplate(fmt::format("{} has no container {}", file, container));
  s.conf.set(prefix + "File", file);
  s.files[file] = json::dump(object);
}

}  // namespace

Request parse_request(std::string_view body) {
  json::value v;
  try {
    v = json::parse(body);
  } catch (const json::ParseError& e) {
    throw BadRequest(fmt::format("the body is no JSON: {}", e.what()));
  }
  const json::object* fields = v.if_object();
  if (fields == nullptr) throw BadRequest("the body must be an object");
  Request out;
  out.id = json::str(v, "submission_id");
  if (out.id.empty()) throw BadRequest("submission_id is missing");
  if (!kube::check_label_value(out.id).empty())
    throw BadRequest("submission_id must be what a label may hold: at most 63 letters, digits, '-', '_' and '.'");
  const json::value* args = fields->if_contains("spark_submit_args");
  if (args == nullptr || !args->is_array() || args->get_array().empty())
    throw BadRequest("spark_submit_args must be a list of texts");
  for (const auto& word : args->get_array()) {
    if (!word.is_string()) throw BadRequest("spark_submit_args must be a list of texts");
    out.args.emplace_back(word.get_string());
  }
  out.driver_template = template_of(*fields, "driver_pod_template");
  out.executor_template = template_of(*fields, "executor_pod_template");
  return out;
}

spark::DriverObjects build_request(const Request& request, Time now, const std::string& spark_version) {
  Arguments arguments = parse_arguments(request.args);
  refuse_own(arguments);
  arguments.deploy_mode = "cluster";
  Surroundings nothing{.env = {}, .folder = "/", .user = "spark"};
  if (!spark_version.empty()) nothing.spark_version = spark_version;
  Settings settings = read_settings(arguments, nothing);
  if (!settings.master) settings.master = kInCluster;
  if (needs_spark(arguments, settings)) refuse("--master must be Kubernetes, k8s://…, not {}", *settings.master);
  // An inline template stands in place of a file's, as the last of several --conf does.
  if (request.driver_template) settings.conf.erase("spark.kubernetes.driver.podTemplateFile");
  if (request.executor_template) settings.conf.erase("spark.kubernetes.executor.podTemplateFile");
  refuse_files(arguments, settings.conf);

  const std::string label = settings.conf.raw(kLabelProperty, request.id);
  if (label != request.id) refuse("{} is {}, and submission_id is {}", kLabelProperty, label, request.id);
  settings.conf.set(kLabelProperty, request.id);
  spark::Submission submission = read_submission(
      arguments, settings, nothing, [](const std::string& uri) -> std::string { refuse("{} is not fetched", uri); });
  submission.ids = ids_of(
      fmt::format("{} {} {}", request.id, submission.ns(), submission.conf.raw("spark.kubernetes.driver.pod.name", "")),
      now);
  if (request.driver_template) use_template(submission, "driver", *request.driver_template);
  if (request.executor_template) use_template(submission, "executor", *request.executor_template);
  return spark::build_driver(submission);
}

}  // namespace spoke::submit
