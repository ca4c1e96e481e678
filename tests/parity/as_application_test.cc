// `spoke submit --as-application`: run through the operator, the application must give the driver pod that spark-submit
// makes of the same arguments, up to the operator's own labels, owner and executor template.

#include <gtest/gtest.h>

#include <algorithm>

#include "base/strings.h"
#include "base/temp_dir.h"
#include "operator/labels.h"
#include "operator/plan.h"
#include "recorded.h"
#include "submit/as_application.h"

namespace spoke::parity {
namespace {

constexpr std::string_view kExecutorTemplate = "pod-template-volume";

json::value pod_of_operator(const Case& c, const std::string& version, const Path& folder) {
  const spark::Submission submission = read_case(c, version, folder).submission;
  std::vector<std::string> warnings;
  kube::Object application = submit::as_application(submission, warnings);
  json::set(application, "metadata.uid", "11111111-2222-3333-4444-555555555555");
  json::set(application, "status",
            json::object{{"submissionID", "0b9d1c9e-5a51-4f6e-9a3b-2f1d6f1f7a10"},
                         {"lastSubmissionAttemptTime", "2026-03-01T12:00:00Z"}});
  return op::plan(op::read_application(application)).pod;
}

void drop_named(json::value& container, const char* list, std::string_view name) {
  auto& items = json::make_array(container, list);
  const auto gone = [&](const json::value& item) { return json::str(item, "name") == name; };
  items.erase(std::remove_if(items.begin(), items.end(), gone), items.end());
}

// Takes away what the operator adds or names by its own rules.
json::value without_operator(json::value pod) {
  json::object& metadata = pod.get_object()["metadata"].get_object();
  for (const auto* member : {"ownerReferences", "namespace", "name"}) metadata.erase(member);
  json::object labels;
  for (const auto& [name, value] : json::members(pod, "metadata.labels"))
    if (!std::string_view(name).starts_with("sparkoperator.k8s.io/")) labels.emplace(name, value);
  json::set(pod, "metadata.labels", json::value(std::move(labels)));
  drop_named(pod, "spec.volumes", kExecutorTemplate);
  for (auto& container : json::make_array(pod, "spec.containers")) {
    drop_named(container, "volumeMounts", kExecutorTemplate);
    for (auto& variable : json::make_array(container, "env"))  // the operator is another submitter
      if (json::str(variable, "name") == "SPARK_USER" && json::str(variable, "value") == "root")
        json::set(variable, "value", "parity");
  }
  for (auto& volume : json::make_array(pod, "spec.volumes"))
    if (json::find(volume, "configMap.name") != nullptr && json::str(volume, "name") == "spark-conf-volume-driver")
      json::set(volume, "configMap.name", "CONF");
  return pod;
}

class AsApplication : public testing::TestWithParam<const Case*> {};

TEST_P(AsApplication, GivesTheDriverPodOfSparkSubmit) {
  const Case& c = *GetParam();
  for (const auto& version : recorded_versions()) {
    if (!recorded(version, c.name)) continue;
    const TempDir folder;
    json::value want;
    for (const auto& object : recorded(version, c.name).value_or(json::array()).as_array())
      if (json::str(object, "kind") == "Pod") want = object;
    json::array got = {pod_of_operator(c, version, folder.path())};
    const json::value all = in_recorded_form_of(std::move(got), folder.path());
    for (const auto& difference : differences(comparable(json::array{without_operator(want)}),
                                              comparable(json::array{without_operator(all.at(0))})))
      ADD_FAILURE() << version << difference;
  }
}

// What a SparkApplication cannot say.
constexpr std::string_view kOthers[] = {
    "name-digit",
    "words-empty-name",
    "name-signs",
    "name-dots-digits",  // no object can have such a name
    "env-user",
    "env-user-hadoop",
    "env-user-proxy",  // the operator is the submitter
    "cred-driver-token-only",
    "cred-submission",      // credentials
    "hadoop-not-a-folder",  // a folder of the submitter's
    "image-empty",          // a field that is "" counts as not written
};

std::vector<const Case*> params() {
  std::vector<const Case*> found;
  for (const auto& c : all_cases()) {
    bool fits = std::find(std::begin(kOthers), std::end(kOthers), c.name) == std::end(kOthers);
    for (const auto member :
         {"raw", "seed", "says", "phases", "refuses", "jars", "keeps", "fails", "files", "versions"})
      fits = fits && !c.has(member);
    if (fits) found.push_back(&c);
  }
  return found;
}

INSTANTIATE_TEST_SUITE_P(Recorded, AsApplication, testing::ValuesIn(params()), [](const auto& info) {
  return replace_all(replace_all(info.param->name, ".", "_"), "-", "_");
});

}  // namespace
}  // namespace spoke::parity
