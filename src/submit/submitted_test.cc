#include "submit/submitted.h"

#include <gtest/gtest.h>

#include "data/yaml.h"
#include "submit/client_mode.h"
#include "submit/create.h"
#include "submit/pod_text.h"

namespace spoke::submit {
namespace {

TEST(SubmissionId, SplitsAtTheFirstColon) {
  const auto id = parse_submission_id("ns:a:b");
  EXPECT_EQ(id.ns, "ns");
  EXPECT_EQ(id.name, "a:b");
  EXPECT_FALSE(id.glob);
  const auto glob = parse_submission_id("pi-*");
  EXPECT_EQ(glob.ns, "");
  EXPECT_EQ(glob.name, "pi-");
  EXPECT_TRUE(glob.glob);
  EXPECT_TRUE(parse_submission_id("ns:*").glob);
  // The path of no pod is that of all pods.
  EXPECT_THROW(parse_submission_id("ns:"), Error);
  EXPECT_THROW(parse_submission_id(""), Error);
}

TEST(Role, AllowsEachKindOnce) {
  spark::DriverObjects objects;
  objects.ns = "jobs";
  objects.config_map = yaml::parse("{apiVersion: v1, kind: ConfigMap}");
  objects.resources = {yaml::parse("{apiVersion: v1, kind: ConfigMap}"),
                       yaml::parse("{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy}")};
  const json::value role = yaml::parse(role_for(objects, {}));
  EXPECT_EQ(json::str(role, "metadata.namespace"), "jobs");
  EXPECT_EQ(json::dump(json::list(role, "rules")),
            R"([{"apiGroups":[""],"resources":["pods"],"verbs":["create","get","list","watch","delete"]},)"
            R"({"apiGroups":[""],"resources":["pods/log"],"verbs":["get"]},)"
            R"({"apiGroups":[""],"resources":["configmaps"],"verbs":["create","patch"]},)"
            R"({"apiGroups":["networking.k8s.io"],"resources":["networkpolicies"],"verbs":["create","patch"]}])");
}

TEST(PodText, SaysNotAvailableWhereThereIsNothing) {
  EXPECT_EQ(describe_pod(yaml::parse("{metadata: {name: p, labels: {a: b, c: d}}}")),
            "\n\t pod name: p\n\t namespace: N/A\n\t labels: a -> b, c -> d\n\t pod uid: N/A\n\t creation time: N/A"
            "\n\t service account name: N/A\n\t volumes: N/A\n\t node name: N/A\n\t start time: N/A\n\t phase: N/A"
            "\n\t container status: N/A");
}

TEST(ClientMode, ADriversServiceIsTheOneOfItsHost) {
  const auto name = [](const char* host) { return driver_service_name(spark::Conf({{"spark.driver.host", host}})); };
  EXPECT_EQ(name("drv.jobs.svc")->name, "drv");
  EXPECT_EQ(name("drv.jobs.svc.cluster.local")->ns, "jobs");
  for (const auto* host : {"10.0.0.1", "laptop", "a.b.c.d", ".x.svc"}) EXPECT_FALSE(name(host)) << host;
  const kube::Object pod = yaml::parse("{metadata: {name: p, uid: u, labels: {app: x}}}");
  EXPECT_EQ(json::str(driver_service({"drv", "jobs"}, pod), "spec.selector.app"), "x");
  EXPECT_THROW(driver_service({"drv", "jobs"}, yaml::parse("{metadata: {name: p}}")), Error);
}

}  // namespace
}  // namespace spoke::submit
