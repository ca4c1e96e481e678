#include "operator/connect.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "data/yaml.h"
#include "operator/reader.h"

namespace spoke::op {
namespace {

using kube::Object;

const Time kNow = *parse_rfc3339("2026-01-01T00:01:00Z");

Object connect(const char* spec) {
  Object out = yaml::parse(R"(
apiVersion: sparkoperator.k8s.io/v1alpha1
kind: SparkConnect
metadata: {name: c, namespace: ns, uid: u1, labels: {team: etl}}
spec: {sparkVersion: 4.1.4, image: "spark:4.1.4", server: {}, executor: {}}
)");
  const json::value more = yaml::parse(spec);
  for (const auto& [name, value] : more.as_object()) out.as_object()["spec"].as_object()[name] = value;
  return out;
}

const json::value& server(const Object& pod) { return json::list(pod, "spec.containers").at(0); }

bool has_property(const Object& pod, const std::string& property) {
  const json::array& args = json::list(server(pod), "args");
  const auto found = std::ranges::find(args, json::value(property));
  return found != args.begin() && found != args.end() && *(found - 1) == "--conf";
}

std::string refusal(const Object& connect) {
  try {
    plan_connect(connect);
  } catch (const InvalidApplication& e) {
    return e.what();
  }
  return "";
}

TEST(Connect, TheServersPropertiesAreArguments) {
  const Object pod = plan_connect(connect(R"({
    server: {cores: 2, memory: 1g}, executor: {instances: 3, cores: 4, memory: 2g}, hadoopConf: {fs.a: b, spark.hadoop.c: d},
    sparkConf: {spark.x: "it's $(POD_IP) \"q\" $HOME", spark.driver.port: "1"},
    dynamicAllocation: {enabled: true, maxExecutors: 5}})"))
                         .pod;
  EXPECT_EQ("c-server", kube::name(pod));
  EXPECT_EQ("spark-kubernetes-driver", json::str(server(pod), "name"));
  EXPECT_EQ("spark:4.1.4", json::str(server(pod), "image"));
  for (const auto* property :
       {"spark.x=it's $$(POD_IP) \"q\" $HOME", "spark.driver.port=7078", "spark.driver.blockManager.port=7079",
        "spark.driver.cores=2", "spark.driver.memory=1g", "spark.executor.instances=3", "spark.executor.cores=4",
        "spark.executor.memory=2g", "spark.hadoop.fs.a=b", "spark.hadoop.c=d", "spark.dynamicAllocation.maxExecutors=5",
        "spark.dynamicAllocation.shuffleTracking.enabled=true", "spark.kubernetes.namespace=ns",
        "spark.kubernetes.executor.label.team=etl",
        "spark.kubernetes.executor.label.sparkoperator.k8s.io/connect-name=c",
        "spark.kubernetes.executor.podNamePrefix=c", "spark.kubernetes.driver.pod.name=c-server"})
    EXPECT_TRUE(has_property(pod, property)) << property;
  EXPECT_FALSE(has_property(pod, "spark.kubernetes.executor.podTemplateFile=/tmp/spark/executor-pod-template.yaml"));
}

TEST(Connect, ThePodAsksForWhatTheServerTakes) {
  const Object plain = plan_connect(connect("{server: {cores: 2, memory: 1g}}")).pod;
  EXPECT_EQ("2", json::str(server(plain), "resources.requests.cpu"));
  EXPECT_EQ("1408Mi", json::str(server(plain), "resources.requests.memory"));
  EXPECT_EQ("1408Mi", json::str(server(plain), "resources.limits.memory"));
  const Object own = plan_connect(connect(R"({server: {cores: 2, memory: 1g, template: {spec: {containers: [
    {name: side, image: s}, {name: spark-kubernetes-driver, resources: {limits: {cpu: 1, memory: 3Gi}}}]}}}})"))
                         .pod;
  EXPECT_EQ("s", json::str(server(own), "image"));
  EXPECT_EQ(nullptr, json::find(server(own), "command"));
  const json::value& container = json::list(own, "spec.containers").at(1);
  EXPECT_EQ("3Gi", json::str(container, "resources.limits.memory"));
  EXPECT_EQ(nullptr, json::find(container, "resources.requests"));
  EXPECT_EQ(nullptr, json::find(server(plan_connect(connect("{}")).pod), "resources"));
}

TEST(Connect, TemplatesAreKept) {
  const ConnectPlan plan = plan_connect(connect(R"({
    server: {template: {metadata: {labels: {a: b, spark-role: mine}, annotations: {c: d}},
      spec: {nodeSelector: {disk: ssd}, containers: [{name: any, env: [{name: E, value: v}], readinessProbe: {httpGet: {}}}]}}},
    executor: {template: {spec: {containers: [{name: spark-kubernetes-executor, image: other}]}}}})"));
  EXPECT_EQ("b", kube::label(plan.pod, "a"));
  EXPECT_EQ("connect-server", kube::label(plan.pod, "spark-role"));
  EXPECT_EQ("d", kube::annotation(plan.pod, "c"));
  EXPECT_EQ("ssd", json::str(plan.pod, "spec.nodeSelector.disk"));
  EXPECT_EQ("E", json::str(json::list(server(plan.pod), "env").at(0), "name"));
  EXPECT_EQ("POD_IP", json::str(json::list(server(plan.pod), "env").at(1), "name"));
  EXPECT_EQ(nullptr, json::find(server(plan.pod), "readinessProbe.tcpSocket"));
  EXPECT_EQ(15002, json::num(server(plan.pod), "startupProbe.tcpSocket.port"));
  EXPECT_TRUE(has_property(plan.pod, "spark.kubernetes.executor.container.image=other"));
  EXPECT_TRUE(
      has_property(plan.pod, "spark.kubernetes.executor.podTemplateFile=/tmp/spark/executor-pod-template.yaml"));
  EXPECT_EQ("c-conf", json::str(json::list(plan.pod, "spec.volumes").at(0), "configMap.name"));
  const json::object& data = json::members(plan.config_map, "data");
  ASSERT_TRUE(data.contains("executor-pod-template.yaml"));
  EXPECT_EQ(
      "other",
      json::str(json::list(yaml::parse(data.at("executor-pod-template.yaml").as_string()), "spec.containers").at(0),
                "image"));
  for (const Object* made : {&plan.pod, &plan.service, &plan.config_map}) EXPECT_TRUE(kube::owned_by(*made, "u1"));
}

TEST(Connect, AServiceOfOnesOwnIsAddedTo) {
  const Object service = plan_connect(connect(R"({sparkConf: {spark.connect.grpc.binding.port: "9000"},
    server: {service: {metadata: {name: mine, namespace: other, labels: {a: b}}, spec: {type: NodePort, ports: [
      {name: spark-connect-server, nodePort: 30002}, {name: more, port: 1}], selector: {x: y}}}}})"))
                             .service;
  EXPECT_EQ("mine", kube::name(service));
  EXPECT_EQ("ns", kube::ns(service));
  EXPECT_EQ("b", kube::label(service, "a"));
  EXPECT_EQ("NodePort", json::str(service, "spec.type"));
  EXPECT_EQ("y", json::str(service, "spec.selector.x"));
  EXPECT_EQ("connect-server", json::str(service, "spec.selector.spark-role"));
  const json::array& ports = json::list(service, "spec.ports");
  ASSERT_EQ(5U, ports.size());
  EXPECT_EQ(30002, json::num(ports.at(3), "nodePort"));
  EXPECT_EQ(15002, json::num(ports.at(3), "port"));
  EXPECT_EQ(9000, json::num(ports.at(3), "targetPort"));
}

TEST(Connect, Spark35FetchesTheServer) {
  const auto has = [](const char* conf) {
    return has_property(plan_connect(connect(fmt::format("{{sparkVersion: 3.5.8, sparkConf: {}}}", conf).c_str())).pod,
                        "spark.jars.packages=org.apache.spark:spark-connect_2.12:3.5.8");
  };
  EXPECT_TRUE(has("{}"));
  EXPECT_FALSE(has("{spark.jars: local:///opt/spark-connect_2.12-3.5.8.jar}"));
}

TEST(Connect, WhatCannotBeSaysWhy) {
  EXPECT_EQ("spec.image: is missing, and the executors' template names none", refusal(connect("{image: ''}")));
  EXPECT_EQ("spec.executor.cores: is \"two\", must be a whole number", refusal(connect("{executor: {cores: two}}")));
  EXPECT_TRUE(refusal(connect("{server: {template: {spec: x}}}")).starts_with("spec.server.template: "));
  EXPECT_TRUE(refusal(connect("{server: {cores: 1, template: {spec: {containers: [{resources: x}]}}}}"))
                  .starts_with("spec.server.template: "));
  EXPECT_TRUE(refusal(connect("{sparkVersion: newest}")).starts_with("spec.sparkVersion: "));
  EXPECT_TRUE(refusal(connect("{server: {memory: much}}")).starts_with("spec.sparkConf: "));
  EXPECT_TRUE(refusal(connect("{sparkConf: {spark.connect.grpc.binding.port: '0'}}")).starts_with("spec.sparkConf: "));
  Object named = connect("{}");
  json::set(named, "metadata.name", "1c");
  EXPECT_TRUE(refusal(named).starts_with("metadata.name: "));
}

// What a server has made of it, as it was seen.
struct Seen {
  explicit Seen(const Object& connect) : plan(plan_connect(connect)) {
    json::set(plan.pod, "metadata.uid", "pod-1");
    json::set(plan.pod, "metadata.creationTimestamp", "2026-01-01T00:00:00Z");
    json::set(plan.pod, "status", json::object{{"phase", "Running"}, {"podIP", "10.0.0.1"}});
  }
  void ready(const char* status) {
    json::set(plan.pod, "status.conditions",
              json::array{json::object{{"type", "Ready"}, {"status", status}, {"message", "containers not ready"}}});
  }
  ConnectDecision decide(const Object& connect) {
    pod = project_connected(plan.pod), service = project_connected(plan.service),
    config_map = project_connected(plan.config_map);
    return op::decide(connect, {.pod = &pod, .service = &service, .config_map = &config_map, .executors = executors},
                      kNow);
  }
  ConnectPlan plan;
  Object pod, service, config_map;
  std::map<std::string, int> executors;
};

void write(Object& connect, const ConnectDecision& decision) {
  if (decision.status) connect.as_object()["status"] = *decision.status;
}

std::string condition(const Object& connect) {
  const json::value* c = kube::condition(connect, "ServerPodReady");
  return fmt::format("{} {}: {}", json::str(*c, "status"), json::str(*c, "reason"), json::str(*c, "message"));
}

TEST(Connect, FollowsTheServer) {
  Object c = connect("{}");
  ConnectDecision decision = decide(c, {}, kNow);
  EXPECT_EQ(2U, decision.apply.size());
  ASSERT_TRUE(decision.create);
  write(c, decision);
  EXPECT_EQ("Provisioning", json::str(c, "status.state"));
  EXPECT_EQ("2026-01-01T00:01:00Z", json::str(c, "status.startTime"));

  Seen seen(c);
  seen.ready("False");
  decision = seen.decide(c);
  EXPECT_TRUE(decision.apply.empty() && !decision.create && !decision.remove);
  write(c, decision);
  EXPECT_EQ("Provisioning", json::str(c, "status.state"));
  EXPECT_EQ("False ServerPodNotReady: Server pod is not ready: containers not ready", condition(c));

  seen.ready("True");
  seen.executors = {{"running", 2}};
  decision = seen.decide(c);
  ASSERT_EQ(1U, decision.events.size());
  EXPECT_EQ("SparkConnectReady", decision.events[0].reason);
  write(c, decision);
  EXPECT_EQ("Ready", json::str(c, "status.state"));
  EXPECT_EQ("True ServerPodReady: Server pod is ready", condition(c));
  EXPECT_EQ("10.0.0.1", json::str(c, "status.server.podIp"));
  EXPECT_EQ("c-server", json::str(c, "status.server.serviceName"));
  EXPECT_EQ(2, json::num(c, "status.executors.running"));
  EXPECT_FALSE(seen.decide(c).status) << "nothing has changed";

  seen.ready("False");
  write(c, seen.decide(c));
  EXPECT_EQ("NotReady", json::str(c, "status.state"));
}

TEST(Connect, WhatHasEndedIsMadeAnewAfterAWhile) {
  const Object c = connect("{}");
  Seen seen(c);
  json::set(seen.plan.pod, "status", json::object{{"phase", "Failed"}, {"message", "the node was low on memory"}});
  json::set(seen.plan.pod, "metadata.creationTimestamp", "2026-01-01T00:00:55Z");
  ConnectDecision decision = seen.decide(c);
  EXPECT_FALSE(decision.remove);
  EXPECT_EQ(Duration(std::chrono::seconds(5)), decision.look_again);
  EXPECT_EQ("Failed", json::str(*decision.status, "state"));
  json::set(seen.plan.pod, "metadata.creationTimestamp", "2026-01-01T00:00:00Z");
  decision = seen.decide(c);
  ASSERT_TRUE(decision.remove);
  EXPECT_EQ("pod-1", decision.remove->uid);
}

TEST(Connect, AnEditOfTheServiceAloneLeavesTheServer) {
  const Object c = connect("{}");
  Seen seen(c);
  const ConnectDecision service = seen.decide(connect("{server: {service: {spec: {type: NodePort}}}}"));
  EXPECT_FALSE(service.remove);
  ASSERT_EQ(1U, service.apply.size());
  EXPECT_EQ("Service", kube::kind(service.apply[0]));
  EXPECT_TRUE(seen.decide(connect("{server: {cores: 2}}")).remove);
}

TEST(Connect, LeavesAPodOfAnotherOperatorsMaking) {
  const Object c = connect("{}");
  Seen seen(c);
  json::remove(seen.plan.pod, "metadata.annotations");
  EXPECT_FALSE(seen.decide(connect("{server: {cores: 2}}")).remove);
  json::remove(seen.plan.pod, "metadata.ownerReferences");
  const ConnectDecision decision = seen.decide(c);
  EXPECT_FALSE(decision.remove || decision.create);
  EXPECT_EQ("Failed", json::str(*decision.status, "state"));
}

}  // namespace
}  // namespace spoke::op
