#include "operator/plan.h"

#include "kube/quantity.h"
#include "operator/executor_fields.h"
#include "operator/gang.h"
#include "operator/ids.h"
#include "operator/labels.h"
#include "operator/monitoring.h"
#include "operator/pod_fields.h"
#include "operator/properties.h"
#include "spark/driver.h"
#include "spark/uris.h"

namespace spoke::op {
namespace {

// Only the submitter uses spark.master in cluster mode; the driver goes by spark.kubernetes.driver.master, whose
// default is this address.
constexpr const char* kMaster = "k8s://https://kubernetes.default.svc";
// Whom spark-submit takes for the submitter inside kubeflow's operator: SPARK_USER of driver and executors.
constexpr const char* kUser = "root";

// The templates go to Spark as files, which it knows by these names.
constexpr const char* kDriverTemplate = "spec.driver.template";
constexpr const char* kExecutorTemplate = "spec.executor.template";

void use_template(spark::Submission& s, const std::string& role, const char* file, const json::value& document,
                  std::string_view container) {
  s.conf.set("spark.kubernetes." + role + ".podTemplateFile", file);
  s.conf.set("spark.kubernetes." + role + ".podTemplateContainerName", std::string(container));
  s.files[file] = json::dump(document);
}

// A file without a scheme would be one of the operator's machine, which is never what is meant.
void refuse_local_files(const spark::Submission& s) {
  if (spark::needs_upload(s.resource) && s.resource != spark::kNoResource)
    throw InvalidApplication(
        "spec.mainApplicationFile",
        fmt::format("{} is a file of the operator's own machine; name one in the image with local://, "
                    "or a URL",
                    s.resource));
  for (const auto* property : {"spark.jars", "spark.files", "spark.archives", "spark.submit.pyFiles"})
    for (const auto& uri : s.conf.list(property))
      if (spark::needs_upload(uri))
        throw InvalidApplication("spec.deps",
                                 fmt::format("{} in {} is a file of the operator's own machine; name one in the "
                                             "image with local://, or a URL",
                                             uri, property));
}

spark::Ids ids_of_attempt(const Application& app) {
  return ids_of(app.status.submission_id, app.status.last_submission_attempt_time.value_or(Time{}));
}

}  // namespace

spark::Submission submission_of(const Application& app, const Spec& spec) {
  spark::Submission s;
  s.rules = spark::rules_for(spec.spark_version);
  s.conf = spark::Conf(properties_of(app, spec));
  s.conf.set("spark.master", kMaster);
  s.language = spark::language_of(spec.main_application_file);
  s.main_class = spec.main_class.value_or("");
  s.resource = spec.main_application_file;
  s.args = spec.arguments;
  if (spec.proxy_user && !spec.proxy_user->empty()) s.proxy_user = spec.proxy_user;
  s.user = kUser;
  s.ids = ids_of_attempt(app);
  refuse_local_files(s);
  use_template(s, "driver", kDriverTemplate, driver_template(app, spec), kDriverContainer);
  use_template(s, "executor", kExecutorTemplate, executor_template(app, spec), kExecutorContainer);
  return s;
}

json::value driver_reference(std::string_view pod_name, std::string_view pod_uid) {
  return json::object{
      {"apiVersion", "v1"}, {"kind", "Pod"}, {"name", pod_name}, {"uid", pod_uid}, {"controller", true}};
}

namespace {

// No voluntary disruption takes the driver away while it runs.
kube::Object driver_budget(const Application& app, const Spec& spec) {
  return json::object{
      {"apiVersion", "policy/v1"},
      {"kind", "PodDisruptionBudget"},
      {"metadata", json::object{{"name", driver_pod_name(app, spec)},
                                {"namespace", app.ns},
                                {"labels", json::object{{label::launched_by, "true"}, {label::app_name, app.name}}},
                                {"ownerReferences", json::array{owner_reference(app)}}}},
      {"spec", json::object{{"minAvailable", 1},
                            {"selector", json::object{{"matchLabels", json::object{{label::app_name, app.name},
                                                                                   {label::role, "driver"}}}}}}}};
}

// What the spec asks for in other words, brought into the fields that it comes down to, and what it asks for besides.
std::vector<kube::Object> come_down(const Application& app, Spec& spec, const PlanOptions& options) {
  std::vector<kube::Object> out;
  if (auto config = monitoring_config(app, spec)) out.push_back(*std::move(config));
  use_monitoring(app, spec);
  set_ui_path(app, spec, ids_of_attempt(app).app, options.services);
  if (has_batch_scheduler(spec, options.schedulers)) {
    const spark::Submission submission = submission_of(app, spec);
    if (auto group = use_batch_scheduler(app, spec, submission.conf, submission.rules, options.schedulers))
      out.push_back(*std::move(group));
  }
  if (spec.driver_budget && options.driver_budgets) out.push_back(driver_budget(app, spec));
  return out;
}

// What a reader of the spec would not expect.
void add_warnings(std::vector<std::string>& to, const Application& app, const Spec& spec, const PlanOptions& options) {
  if (const auto& unknown = app.extras.unknown; !unknown.empty())
    to.push_back(fmt::format("metadata.annotations[{}] is without effect: no such annotation is known{}",
                             unknown.front(),
                             unknown.size() == 1 ? "" : fmt::format(", nor {} others", unknown.size() - 1)));
  if (spec.mode == "client")
    to.emplace_back("spec.mode: client: the driver runs in a pod of its own all the same, as in cluster mode");
  if (options.webhook) return;
  if (spec.executor.memory_limit)
    to.emplace_back(
        "spec.executor.memoryLimit needs the operator's --webhook: executors have the limit that Spark sets");
  for (const auto& variable : spec.executor.env)
    if (is_sparks_own(variable))
      to.push_back(fmt::format("spec.executor.env: {} is Spark's own, and needs the operator's --webhook",
                               json::str(variable, "name")));
}

// A pod with a limit below its request is refused, and a driver whose executors are refused waits for ever.
void check_limit(const Spec& spec, const spark::Submission& submission) {
  if (!spec.executor.memory_limit) return;
  const auto limit = kube::Quantity::parse(kubernetes_memory(*spec.executor.memory_limit, "spec.executor.memoryLimit"));
  const std::int64_t mib = gang_of(spec, submission.conf, submission.rules).executor.memory_mib;
  if (*limit < kube::Quantity::of(product(mib, 1 << 20)))
    throw InvalidApplication("spec.executor.memoryLimit", fmt::format("is below the {}Mi that executors ask for", mib));
}

}  // namespace

Plan plan(const Application& app, const PlanOptions& options) {
  Spec spec = read_spec(app);
  Plan out;
  out.standing = come_down(app, spec, options);
  const spark::Submission submission = submission_of(app, spec);
  check_limit(spec, submission);
  spark::DriverObjects driver = spark::build_driver(submission);
  out.app_id = driver.app_id;
  out.pod = std::move(driver.pod);
  write_fields(out.pod, spec, spec.driver, kDriverContainer);
  out.before = std::move(driver.pre_resources);
  for (auto& object : out.before) json::set(object, "metadata.ownerReferences", json::array{owner_reference(app)});
  out.owned = std::move(driver.resources);
  out.owned.push_back(std::move(driver.config_map));
  Services services = services_of(app, spec, out.app_id, options.services);
  for (auto& object : services.objects) out.standing.push_back(std::move(object));
  out.web_ui = std::move(services.web_ui);
  out.warnings = std::move(driver.warnings);
  add_warnings(out.warnings, app, spec, options);
  return out;
}

}  // namespace spoke::op
