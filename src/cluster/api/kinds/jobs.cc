// Job. Source: pkg/apis/batch/v1/defaults.go, pkg/apis/batch/validation, pkg/registry/batch/job/strategy.go.
#include "cluster/api/kinds/templates.h"

namespace spoke::cluster::kinds {
namespace {

constexpr const char* kUid = "batch.kubernetes.io/controller-uid";

void default_job(Object& o) {
  const bool completions = json::find(o, "spec.completions") != nullptr;
  if (!completions && json::find(o, "spec.parallelism") == nullptr) json::set(o, "spec.completions", 1);
  default_to(o, "spec.parallelism", 1);
  default_to(o, "spec.backoffLimit", 6);
  default_to(o, "spec.completionMode", "NonIndexed");
  default_to(o, "spec.suspend", false);
  default_to(o, "spec.podReplacementPolicy", "TerminatingOrFailed");
  default_to(o, "spec.manualSelector", false);
  default_template(o);
}

// Its pods are told from all others by the Job's uid.
void select_own_pods(Object& o) {
  json::set(o, "status", json::object());
  if (json::flag(o, "spec.manualSelector")) return;
  const std::string uid(kube::uid(o)), name(kube::name(o));
  auto& labels = json::make_object(o, "spec.template.metadata.labels");
  for (const auto& [label, value] : {std::pair<const char*, const std::string&>{kUid, uid},
                                     {"batch.kubernetes.io/job-name", name},
                                     {"controller-uid", uid},
                                     {"job-name", name}})
    if (!labels.contains(label)) labels[label] = value;
  json::set(o, "spec.selector", json::object());
  json::make_object(o, "spec.selector.matchLabels")[kUid] = uid;
}

void validate_job(const Object& o, Causes& causes) {
  for (const char* count :
       {"parallelism", "completions", "activeDeadlineSeconds", "backoffLimit", "ttlSecondsAfterFinished"})
    validate_count(o, std::string("spec.") + count, causes);
  validate_template(o, "job", causes);
  const std::string_view policy = json::str(o, "spec.template.spec.restartPolicy");
  if (policy == "Always")
    causes.push_back(kube::required("spec.template.spec.restartPolicy", "valid values: \"OnFailure\", \"Never\""));
  if (const std::string_view mode = json::str(o, "spec.completionMode"); mode != "NonIndexed")
    causes.push_back(kube::not_supported("spec.completionMode", mode, {"NonIndexed"}));
  if (const std::string_view when = json::str(o, "spec.podReplacementPolicy"); when != "TerminatingOrFailed")
    causes.push_back(kube::not_supported("spec.podReplacementPolicy", when, {"TerminatingOrFailed"}));
  for (const char* not_here :
       {"podFailurePolicy", "successPolicy", "backoffLimitPerIndex", "maxFailedIndexes", "managedBy"})
    if (json::find(o, std::string("spec.") + not_here) != nullptr)
      causes.push_back(kube::forbidden_field(std::string("spec.") + not_here, "this cluster does not act upon it"));
}

void validate_job_update(const Object& before, const Object& after, Causes& causes) {
  for (const char* member : {"completions", "selector", "completionMode"})
    validate_unchanged(before, after, std::string("spec.") + member, causes);
  const bool never_begun = json::flag(before, "spec.suspend") && json::find(before, "status.startTime") == nullptr;
  if (!never_begun) validate_unchanged(before, after, "spec.template", causes);
}

std::string status_of(const Object& o) {
  for (const char* end : {"Complete", "Failed"})
    if (kube::condition_is_true(o, end)) return end;
  if (kube::deleting(o)) return "Terminating";
  if (kube::condition_is_true(o, "Suspended")) return "Suspended";
  if (kube::condition_is_true(o, "FailureTarget")) return "FailureTarget";
  if (kube::condition_is_true(o, "SuccessCriteriaMet")) return "SuccessCriteriaMet";
  return "Running";
}

std::string completions_of(const Object& o) {
  const auto done = json::num(o, "status.succeeded");
  if (json::find(o, "spec.completions") != nullptr) return fmt::format("{}/{}", done, json::num(o, "spec.completions"));
  const auto parallel = json::num(o, "spec.parallelism");
  return parallel > 1 ? fmt::format("{}/1 of {}", done, parallel) : fmt::format("{}/1", done);
}

std::string duration_of(const Object& o) {
  const auto begun = parse_rfc3339(json::str(o, "status.startTime"));
  if (!begun) return "";
  const auto ended = parse_rfc3339(json::str(o, "status.completionTime"));
  return human_duration(ended.value_or(now()) - *begun);
}

}  // namespace

void add_jobs(std::vector<ResourceType>& out) {
  ResourceType job = builtin("batch", "v1", "jobs", "Job", true);
  job.categories = {"all"};
  job.has_status = job.has_generation = true;
  job.defaults = default_job;
  job.on_create = select_own_pods;
  job.validate = validate_job;
  job.validate_update = validate_job_update;
  job.fields = [](const Object& o, Fields& fields) {
    fields.emplace_back("status.successful", std::to_string(json::num(o, "status.succeeded")));
  };
  job.field_names = {"status.successful"};
  job.columns = {{"Status", "string", "", "Status of the job."},
                 {"Completions", "string", "", "The number of pods which reached phase Succeeded."},
                 {"Duration", "string", "", "Time required to complete the job."},
                 {"Age", "string", "", ""}};
  for (auto& column : template_columns()) job.columns.push_back(std::move(column));
  job.columns.push_back({"Selector", "string", "", "A label query over pods that should match the pod count.", 1});
  job.age_column = false;
  job.cells = [](const Object& o) {
    json::array cells{status_of(o), completions_of(o), duration_of(o), age_of(o)};
    template_cells(o, cells);
    cells.emplace_back(label_selector_text(o));
    return cells;
  };
  out.push_back(std::move(job));
}

}  // namespace spoke::cluster::kinds
