#include "spark/pod_template.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace spoke::spark {
namespace {

constexpr const char* kTwo = R"(
apiVersion: v1
kind: Pod
metadata: {labels: {version: 1, on: true}, creationTimestamp: null}
spec:
  tolerations: []
  containers:
  - {name: first, image: a, resources: {limits: {cpu: 2}}}
  - {name: main, image: b, env: [{name: N, value: 5}], args: [1, x]}
)";

TEST(PodTemplate, TakesTheNamedContainerOut) {
  std::vector<std::string> warnings;
  const SparkPod pod = load_pod_template(kTwo, "main", warnings);
  EXPECT_EQ(json::str(pod.container, "image"), "b");
  ASSERT_EQ(json::list(pod.pod, "spec.containers").size(), 1U);
  EXPECT_EQ(json::str(json::list(pod.pod, "spec.containers")[0], "name"), "first");
  EXPECT_TRUE(warnings.empty());
}

TEST(PodTemplate, TakesTheFirstContainerWithoutAName) {
  std::vector<std::string> warnings;
  EXPECT_EQ(json::str(load_pod_template(kTwo, std::nullopt, warnings).container, "name"), "first");
  EXPECT_TRUE(warnings.empty());
}

TEST(PodTemplate, TakesTheFirstContainerWithAWarningWhereTheNameIsNotThere) {
  std::vector<std::string> warnings;
  EXPECT_EQ(json::str(load_pod_template(kTwo, "none", warnings).container, "name"), "first");
  ASSERT_EQ(warnings.size(), 1U);
  EXPECT_NE(warnings[0].find("specified container none not found on pod template"), std::string::npos);
}

TEST(PodTemplate, TakesScalarsAsTextWhereKubernetesWantsText) {
  std::vector<std::string> warnings;
  const SparkPod pod = load_pod_template(kTwo, "main", warnings);
  EXPECT_EQ(json::str(pod.pod, "metadata.labels.version"), "1");
  EXPECT_EQ(json::str(pod.pod, "metadata.labels.on"), "true");
  EXPECT_EQ(json::str(json::list(pod.pod, "spec.containers")[0], "resources.limits.cpu"), "2");
  EXPECT_EQ(json::str(json::list(pod.container, "env")[0], "value"), "5");
  EXPECT_EQ(json::dump(json::list(pod.container, "args")), R"(["1","x"])");
}

TEST(PodTemplate, DropsNullsAndEmptyLists) {
  std::vector<std::string> warnings;
  const SparkPod pod = load_pod_template(kTwo, "main", warnings);
  EXPECT_EQ(json::find(pod.pod, "metadata.creationTimestamp"), nullptr);
  EXPECT_EQ(json::find(pod.pod, "spec.tolerations"), nullptr);
}

TEST(PodTemplate, MakesAContainerWhereThereIsNone) {
  std::vector<std::string> warnings;
  const SparkPod pod = load_pod_template(R"({"spec": {"nodeName": "n"}})", "main", warnings);
  EXPECT_EQ(pod.container, json::value(json::object()));
  EXPECT_EQ(json::str(pod.pod, "kind"), "Pod");
  EXPECT_EQ(json::str(pod.pod, "apiVersion"), "v1");
}

TEST(PodTemplate, RefusesWhatIsNoPod) {
  std::vector<std::string> warnings;
  for (const auto* text : {"", "a: [", "[]", "x", "kind: Service\nspec: {}", "kind: Pod", "spec: 1",
                           "metadata: 1\nspec: {}", "spec: {containers: [1]}", "spec: {}\n---\nspec: {}"})
    EXPECT_THROW(load_pod_template(text, std::nullopt, warnings), Error) << text;
}

}  // namespace
}  // namespace spoke::spark
