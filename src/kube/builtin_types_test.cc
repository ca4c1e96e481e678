#include "kube/builtin_types.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace spoke::kube {
namespace {

using Type = Schema::Type;
using Merge = Schema::Merge;

const Schema& at(const Schema& schema, std::string_view path) {
  const Schema* s = &schema;
  while (!path.empty()) {
    const auto dot = path.find('.');
    const std::string_view name = path.substr(0, dot);
    s = name == "[]" ? s->items.get() : s->properties.at(std::string(name)).get();
    path = dot == std::string_view::npos ? "" : path.substr(dot + 1);
  }
  return *s;
}

const Schema& pod() { return *builtin_schema("v1", "Pod"); }

TEST(BuiltinTypes, KnowTheServedKinds) {
  for (const auto& [version, kind] :
       std::vector<std::pair<const char*, const char*>>{{"v1", "Pod"},
                                                        {"apps/v1", "StatefulSet"},
                                                        {"batch/v1", "CronJob"},
                                                        {"policy/v1", "Eviction"},
                                                        {"autoscaling/v1", "Scale"},
                                                        {"authentication.k8s.io/v1", "TokenRequest"},
                                                        {"apiextensions.k8s.io/v1", "CustomResourceDefinition"},
                                                        {"v1", "Status"}})
    EXPECT_NE(builtin_schema(version, kind), nullptr) << version << " " << kind;
  EXPECT_EQ(builtin_schema("v1", "Deployment"), nullptr);
  EXPECT_EQ(builtin_schema("", ""), nullptr);
  EXPECT_EQ(builtin_schema("batch/v1", "DeleteOptions"), builtin_schema("v1", "DeleteOptions"));
}

TEST(BuiltinTypes, SayHowListsAndMapsMerge) {
  const Schema& ports = at(pod(), "spec.containers.[].ports");
  EXPECT_EQ(ports.merge, Merge::ListMap);
  EXPECT_EQ(ports.keys, (std::vector<std::string>{"containerPort", "protocol"}));
  EXPECT_EQ(ports.patch_key, "containerPort");
  EXPECT_TRUE(ports.patch_merge);
  EXPECT_EQ(at(ports, "[].protocol").otherwise, json::value("TCP"));
  EXPECT_TRUE(at(pod(), "spec.volumes").patch_retain_keys);
  EXPECT_EQ(at(pod(), "metadata.finalizers").merge, Merge::Set);
  EXPECT_EQ(at(pod(), "spec.tolerations").merge, Merge::Atomic);
  EXPECT_EQ(at(pod(), "spec.nodeSelector").merge, Merge::Atomic);
  EXPECT_EQ(at(*builtin_schema("apps/v1", "Deployment"), "spec.selector").merge, Merge::Atomic);
}

TEST(BuiltinTypes, NameTypesAsGoDoes) {
  EXPECT_EQ(at(pod(), "spec").go_type, "v1.PodSpec");
  EXPECT_EQ(at(pod(), "spec.containers").go_type, "[]v1.Container");
  EXPECT_EQ(at(pod(), "spec.containers.[].imagePullPolicy").go_type, "v1.PullPolicy");
  EXPECT_EQ(at(pod(), "spec.containers.[].resources.limits").go_type, "v1.ResourceList");
  EXPECT_EQ(at(pod(), "metadata.uid").go_type, "types.UID");
  EXPECT_EQ(at(*builtin_schema("v1", "Secret"), "data").go_type, "map[string][]uint8");
}

TEST(BuiltinTypes, ShareWhatIsAlike) {
  EXPECT_EQ(&at(pod(), "metadata"), &at(*builtin_schema("v1", "Service"), "metadata"));
  EXPECT_EQ(&at(pod(), "spec.containers"), &at(pod(), "spec.initContainers"));
  EXPECT_EQ(&at(pod(), "spec"), &at(*builtin_schema("batch/v1", "Job"), "spec.template.spec"));
}

TEST(BuiltinTypes, JsonSchemaPropsHoldThemselves) {
  const Schema& schema = at(*builtin_schema("apiextensions.k8s.io/v1", "CustomResourceDefinition"),
                            "spec.versions.[].schema.openAPIV3Schema");
  EXPECT_EQ(schema.go_type, "v1.JSONSchemaProps");
  EXPECT_EQ(&at(schema, "properties.[]"), &schema);
  EXPECT_EQ(at(schema, "default").type, Type::Any);
  // Written out, they are cut off where they come again.
  EXPECT_LT(json::dump(to_open_api(schema)).size(), 20'000u);
}

TEST(BuiltinTypes, RefuseATextThatIsNone) {
  for (const char* text :
       {"nonsense", "  field string", "package a v1\ntype T\n  field",
        "package a v1\ntype T\n  f Unknown\nkind v1 K = a.T", "package a v1\ntype T\n  f map[string\nkind v1 K = a.T",
        "package a v1\ntype T\n  f string eaten\nkind v1 K = a.T",
        "package a v1\ntype T\n  f string default {\nkind v1 K = a.T", "kind v1 K = a.T",
        "package a v1\ntype T\n  f T atomic\nkind v1 K = a.T"})
    EXPECT_THROW(BuiltinTypes::parse(text), Error) << text;
}

// --- the decoder: expectations are what kube-apiserver 1.34 answers ---

std::string problem(const char* version, const char* kind, const std::string& object) {
  return check_types(*builtin_schema(version, kind), json::parse(object)).value_or("");
}

TEST(CheckTypes, WordsProblemsAsTheApiServerDoes) {
  const std::string quantity =
      "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";
  const std::string unmarshal = "json: cannot unmarshal ";
  const auto limits = [](const std::string& cpu) {
    return R"({"spec": {"nodeName": 5, "containers": [{"resources": {"limits": {"cpu": )" + cpu + "}}}]}}";
  };
  const std::vector<std::pair<std::string, std::string>> pods = {
      {R"({"spec": {"containers": "a"}})",
       unmarshal + "string into Go struct field PodSpec.spec.containers of type []v1.Container"},
      {R"({"metadata": {"labels": {"a": 1}}})",
       unmarshal + "number into Go struct field ObjectMeta.metadata.labels of type string"},
      {R"({"spec": {"containers": [{"imagePullPolicy": 5}]}})",
       unmarshal + "number into Go struct field Container.spec.containers.imagePullPolicy of type v1.PullPolicy"},
      // A quantity decodes itself: what it says goes before all else.
      {limits("\"abc\""), quantity},
      {limits("true"), quantity},
      {limits("{}"), quantity},
      {limits("\"\""), quantity},
      {limits("5"), unmarshal + "number into Go struct field PodSpec.spec.nodeName of type string"},
      {R"({"metadata": {"creationTimestamp": "abc"}})",
       R"(parsing time "abc" as "2006-01-02T15:04:05Z07:00": cannot parse "abc" as "2006")"},
      {R"({"metadata": {"creationTimestamp": 5}})",
       unmarshal + "number into Go struct field ObjectMeta.metadata.creationTimestamp of type string"},
      {R"({"metadata": {"creationTimestamp": "2020-13-01T00:00:00Z"}})",
       R"(parsing time "2020-13-01T00:00:00Z": month out of range)"},
      {R"({"spec": {"activeDeadlineSeconds": 1.5}})",
       unmarshal + "number 1.5 into Go struct field PodSpec.spec.activeDeadlineSeconds of type int64"},
      {R"({"spec": {"activeDeadlineSeconds": "1"}})",
       unmarshal + "string into Go struct field PodSpec.spec.activeDeadlineSeconds of type int64"},
      {R"({"spec": {"priority": 99999999999}})",
       unmarshal + "number 99999999999 into Go struct field PodSpec.spec.priority of type int32"},
      {R"({"spec": []})", unmarshal + "array into Go struct field Pod.spec of type v1.PodSpec"},
      {R"({"spec": {"volumes": [{"hostPath": {"path": {}}}]}})",
       unmarshal + "object into Go struct field HostPathVolumeSource.spec.volumes.hostPath.path of type string"},
      {R"({"spec": {"containers": [{"resources": {"limits": 5}}]}})",
       unmarshal +
           "number into Go struct field ResourceRequirements.spec.containers.resources.limits of type v1.ResourceList"},
      {R"({"spec": null, "metadata": {"labels": null}})", ""},
      {R"([])", unmarshal + "array into Go value of type v1.Pod"},
  };
  for (const auto& [object, expected] : pods) EXPECT_EQ(problem("v1", "Pod", object), expected) << object;

  EXPECT_EQ(problem("v1", "Service", R"({"spec": {"ports": [{"targetPort": "http"}, {"targetPort": 80}]}})"), "");
  EXPECT_EQ(problem("v1", "Service", R"({"spec": {"ports": [{"targetPort": true}]}})"),
            unmarshal + "bool into Go struct field ServicePort.spec.ports.targetPort of type int32");
  EXPECT_EQ(problem("v1", "Secret", R"({"data": {"a": "b"}})"), "illegal base64 data at input byte 0");
  EXPECT_EQ(problem("v1", "Secret", R"({"data": {"a": 5}})"),
            unmarshal + "number into Go struct field Secret.data of type []uint8");
  EXPECT_EQ(problem("v1", "Secret", R"({"data": "a"})"),
            unmarshal + "string into Go struct field Secret.data of type map[string][]uint8");
  EXPECT_EQ(problem("v1", "PersistentVolumeClaim", R"({"spec": {"accessModes": [1]}})"),
            unmarshal +
                "number into Go struct field PersistentVolumeClaimSpec.spec.accessModes of type "
                "v1.PersistentVolumeAccessMode");
}

TEST(CheckTypes, ReadsTimesAsGoDoes) {
  const auto time = [](const std::string& text) {
    return problem("v1", "Pod", R"({"metadata": {"creationTimestamp": ")" + text + R"("}})");
  };
  for (const char* fine : {"2020-02-29T23:59:59Z", "2020-01-01T00:00:00.123+01:00"}) EXPECT_EQ(time(fine), "") << fine;
  EXPECT_EQ(time("2021-02-29T00:00:00Z"), R"(parsing time "2021-02-29T00:00:00Z": day out of range)");
  EXPECT_EQ(time("2021-02-20T00:00:00"),
            R"(parsing time "2021-02-20T00:00:00" as "2006-01-02T15:04:05Z07:00": cannot parse "" as "Z07:00")");
  EXPECT_EQ(time("2021-02-20"), R"(parsing time "2021-02-20" as "2006-01-02T15:04:05Z07:00": cannot parse "" as "T")");
  EXPECT_EQ(time("2021-02-20T00:00:00Zx"), R"(parsing time "2021-02-20T00:00:00Zx": extra text: "x")");
}

TEST(Prune, TakesAwayWhatABuiltInKindDoesNotKnow) {
  json::value object = json::parse(
      R"({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "x", "foo": 1,
          "managedFields": [{"fieldsV1": {"f:a": {}}}]},
      "zed": 1, "spec": {"x": 1, "containers": [{"imagee": "a", "name": "c"}], "a": 1,
          "nodeSelector": {"any": "thing"}}})");
  EXPECT_EQ(prune(pod(), object),
            (std::vector<std::string>{"metadata.foo", "zed", "spec.x", "spec.containers[0].imagee", "spec.a"}));
  EXPECT_EQ(object, json::parse(
                        R"({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "x",
              "managedFields": [{"fieldsV1": {"f:a": {}}}]},
      "spec": {"containers": [{"name": "c"}], "nodeSelector": {"any": "thing"}}})"));
}

TEST(Normalize, IsWhatGoMakesOfAnObject) {
  json::value object = json::parse(R"({"metadata": {"creationTimestamp": null, "labels": {}, "name": "x"},
      "spec": {"hostAliases": [], "hostNetwork": false, "priority": 0, "terminationGracePeriodSeconds": 30.0,
          "nodeName": "",
               "securityContext": {}, "volumes": [{"name": "v", "emptyDir": {"sizeLimit": "1024Mi"}}],
               "containers": [{"name": "c", "resources": {"limits": {"cpu": "0.5", "memory": 1024}}, "env": null}]},
      "status": {"startTime": "2020-01-01T01:00:00.5+01:00"}})");
  normalize(pod(), object);
  EXPECT_EQ(object, json::parse(R"({"metadata": {"name": "x"},
      "spec": {"priority": 0, "terminationGracePeriodSeconds": 30, "securityContext": {},
               "volumes": [{"name": "v", "emptyDir": {"sizeLimit": "1Gi"}}],
               "containers": [{"name": "c", "resources": {"limits": {"cpu": "500m", "memory": "1024"}}}]},
      "status": {"startTime": "2020-01-01T00:00:00Z"}})"));

  json::value service = json::parse(R"({"metadata": {"name": "s"}, "spec": {"ports": [{"port": 80}]}})");
  normalize(*builtin_schema("v1", "Service"), service);
  EXPECT_EQ(service, json::parse(
                         R"({"metadata": {"name": "s"}, "spec": {"ports": [{"port": 80, "targetPort": 0}]},
              "status": {"loadBalancer": {}}})"));

  json::value role = json::parse(R"({"metadata": {"name": "r"}})");
  normalize(*builtin_schema("rbac.authorization.k8s.io/v1", "Role"), role);
  EXPECT_EQ(role, json::parse(R"({"metadata": {"name": "r"}, "rules": null})"));
}

TEST(Normalize, ChangesNothingTheSecondTime) {
  json::value object = json::parse(
      R"({"metadata": {}, "spec": {"template": {"spec": {"containers": [{"ports": [{"containerPort": 1}]}]}}}})");
  const Schema& deployment = *builtin_schema("apps/v1", "Deployment");
  normalize(deployment, object);
  json::value again = object;
  normalize(deployment, again);
  EXPECT_EQ(again, object);
}

}  // namespace
}  // namespace spoke::kube
