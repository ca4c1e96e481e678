#include "cluster/node/env.h"

#include <gtest/gtest.h>

#include "data/yaml.h"

namespace spoke::cluster {
namespace {

const PodPlace kPlace{"n1", "192.0.2.1", "10.85.0.7", 4, 8LL << 30};

kube::Object pod() {
  return yaml::parse(R"(
    metadata: {name: p, namespace: ns, uid: u1, labels: {app: x, "a.b/c": dotted}, annotations: {note: hi}}
    spec:
      serviceAccountName: spark
      containers: [{name: c, resources: {limits: {cpu: 1500m}, requests: {memory: 1000Ki}}}]
  )");
}

Env env_of(std::string_view container, const Sources& sources = {}, const Env& services = {}) {
  return container_env(pod(), yaml::parse(container), services, sources, kPlace);
}

std::string error_of(std::string_view container, const Sources& sources = {}) {
  try {
    env_of(container, sources);
  } catch (const ConfigError& e) {
    return e.what();
  }
  return "";
}

Sources sources() {
  Sources s;
  s.config_maps["m"] = yaml::parse("{data: {a: '1', b: '2', 'x=y': no}, binaryData: {c: Mw==}}");
  s.secrets["s"] = yaml::parse("{data: {key: c2VjcmV0}}");
  return s;
}

TEST(Expand, ReplacesWhatIsKnownAndLeavesTheRest) {
  const auto value_of = [](std::string_view name) -> std::optional<std::string> {
    return name == "A" ? std::optional<std::string>("1") : name == "E" ? std::optional<std::string>("") : std::nullopt;
  };
  const std::pair<const char*, const char*> cases[] = {
      {"$(A)", "1"}, {"x$(A)y$(A)z", "x1y1z"}, {"$(B)", "$(B)"}, {"$$(A)", "$(A)"},      {"$$$(A)", "$1"},
      {"$A", "$A"},  {"$(A", "$(A"},           {"$", "$"},       {"a$", "a$"},           {"$$", "$"},
      {"$(E)", ""},  {"$()", "$()"},           {"", ""},         {"$($(A))", "$($(A))"},
  };
  for (const auto& [text, expected] : cases) EXPECT_EQ(expand(text, value_of), expected) << text;
}

TEST(Env, LaterVariablesSeeEarlierOnes) {
  const Env env = env_of(
      "{env: [{name: A, value: '1'}, {name: B, value: '$(A)2'}, {name: C, value: '$(D)'}, {name: D, value: x}]}");
  EXPECT_EQ(env.at("B"), "12");
  EXPECT_EQ(env.at("C"), "$(D)");
}

TEST(Env, ServicesAreSeenButGiveWay) {
  const Env env = env_of("{env: [{name: H, value: '$(KUBERNETES_SERVICE_HOST)'}, {name: P, value: mine}]}", {},
                         {{"KUBERNETES_SERVICE_HOST", "10.86.0.1"}, {"P", "theirs"}});
  EXPECT_EQ(env.at("H"), "10.86.0.1");
  EXPECT_EQ(env.at("P"), "mine");
}

TEST(Env, FieldsOfThePod) {
  const std::pair<const char*, const char*> cases[] = {
      {"metadata.name", "p"},
      {"metadata.namespace", "ns"},
      {"metadata.uid", "u1"},
      {"metadata.labels['app']", "x"},
      {"metadata.labels['a.b/c']", "dotted"},
      {"metadata.labels['none']", ""},
      {"metadata.annotations['note']", "hi"},
      {"spec.nodeName", "n1"},
      {"spec.serviceAccountName", "spark"},
      {"status.hostIP", "192.0.2.1"},
      {"status.podIP", "10.85.0.7"},
      {"status.podIPs", "10.85.0.7"},
  };
  for (const auto& [path, expected] : cases)
    EXPECT_EQ(
        env_of(fmt::format("{{env: [{{name: X, valueFrom: {{fieldRef: {{fieldPath: \"{}\"}}}}}}]}}", path)).at("X"),
        expected)
        << path;
  EXPECT_EQ(error_of("{env: [{name: X, valueFrom: {fieldRef: {fieldPath: spec.hostname}}}]}"),
            "unsupported fieldPath: spec.hostname");
}

TEST(Env, ResourcesInUnitsOfTheDivisorRoundedUp) {
  const std::tuple<const char*, const char*, const char*> cases[] = {
      {"limits.cpu", "", "2"},         {"limits.cpu", "1m", "1500"},  {"requests.memory", "", "1024000"},
      {"requests.memory", "1Mi", "1"}, {"limits.memory", "1Gi", "8"},  // none given: the node's
      {"requests.cpu", "", "0"},
  };
  for (const auto& [resource, divisor, expected] : cases) {
    const std::string container = fmt::format(
        "{{env: [{{name: X, valueFrom: {{resourceFieldRef: {{containerName: c, resource: {}, divisor: \"{}\"}}}}}}]}}",
        resource, divisor);
    EXPECT_EQ(env_of(container).at("X"), expected) << resource << " " << divisor;
  }
}

TEST(Env, KeysOfConfigMapsAndSecrets) {
  const Env env = env_of(R"(
    envFrom: [{prefix: M_, configMapRef: {name: m}}, {secretRef: {name: s}}, {configMapRef: {name: none, optional: true}}]
    env:
    - {name: A, valueFrom: {configMapKeyRef: {name: m, key: a}}}
    - {name: S, valueFrom: {secretKeyRef: {name: s, key: key}}}
    - {name: gone, valueFrom: {secretKeyRef: {name: s, key: none, optional: true}}}
    - {name: gone2, valueFrom: {configMapKeyRef: {name: none, key: a, optional: true}}}
    - {name: M_b, value: over}
  )",
                         sources());
  EXPECT_EQ(env, (Env{{"M_a", "1"}, {"M_b", "over"}, {"M_c", "3"}, {"key", "secret"}, {"A", "1"}, {"S", "secret"}}));
}

TEST(Env, WhatIsMissingIsNamedAsTheKubeletDoes) {
  const std::pair<const char*, const char*> cases[] = {
      {"{env: [{name: X, valueFrom: {configMapKeyRef: {name: none, key: a}}}]}", "configmap \"none\" not found"},
      {"{env: [{name: X, valueFrom: {secretKeyRef: {name: none, key: a}}}]}", "secret \"none\" not found"},
      {"{env: [{name: X, valueFrom: {configMapKeyRef: {name: m, key: z}}}]}", "couldn't find key z in ConfigMap ns/m"},
      {"{env: [{name: X, valueFrom: {secretKeyRef: {name: s, key: z}}}]}", "couldn't find key z in Secret ns/s"},
      {"{envFrom: [{configMapRef: {name: none}}]}", "configmap \"none\" not found"},
  };
  for (const auto& [container, expected] : cases) EXPECT_EQ(error_of(container, sources()), expected);
}

TEST(Env, SourcesAreThoseThatAreReferredTo) {
  SourceNames names;
  env_sources(
      yaml::parse(
          "{envFrom: [{configMapRef: {name: a}}], env: [{name: X, valueFrom: {secretKeyRef: {name: b, key: k}}}]}"),
      names);
  EXPECT_EQ(names.config_maps, (std::set<std::string>{"a"}));
  EXPECT_EQ(names.secrets, (std::set<std::string>{"b"}));
}

TEST(Args, CommandAndArgsOverEntrypointAndCmd) {
  image::ImageConfig image;
  image.entrypoint = {"/entry", "-x"};
  image.cmd = {"serve"};
  const Env env{{"N", "7"}};
  const std::pair<const char*, std::vector<std::string>> cases[] = {
      {"{}", {"/entry", "-x", "serve"}},
      {"{args: ['$(N)', b]}", {"/entry", "-x", "7", "b"}},
      {"{command: [sh]}", {"sh"}},
      {"{command: [sh], args: [-c, 'echo $(N) $$(N)']}", {"sh", "-c", "echo 7 $(N)"}},
  };
  for (const auto& [container, expected] : cases)
    EXPECT_EQ(container_args(yaml::parse(container), image, env), expected) << container;
  EXPECT_THROW(container_args(json::object{}, {}, env), ConfigError);
}

}  // namespace
}  // namespace spoke::cluster
