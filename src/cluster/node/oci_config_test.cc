#include "cluster/node/oci_config.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/strings.h"
#include "cluster/node/capabilities.h"
#include "cluster/node/resources.h"
#include "data/yaml.h"

namespace spoke::cluster {
namespace {

struct Made {
  json::value config;
  std::string text(std::string_view path) const { return std::string(json::str(config, path)); }
  const json::value* mount(std::string_view target) const {
    const json::value* last = nullptr;
    for (const auto& m : json::list(config, "mounts")) {
      if (json::str(m, "destination") == target) last = &m;
    }
    return last;
  }
  bool has(std::string_view list, std::string_view word) const {
    return std::ranges::any_of(json::list(config, list),
                               [&](const auto& v) { return v.is_string() && v.get_string() == word; });
  }
};

// The configuration of the first container of a pod's specification.
Made make(std::string_view spec, image::ImageConfig image_config = {}, Machine machine = {}) {
  json::value pod = json::object{{"metadata", json::object{{"name", "p"}, {"namespace", "ns"}, {"uid", "u"}}}};
  json::set(pod, "spec", yaml::parse(spec));
  const json::value& container = json::list(pod, "spec.containers").at(0);
  image::Image image;
  image.config = std::move(image_config);
  image.binds = {{"/usr", "/usr", true}};
  if (machine.cgroups == CgroupLayout::None) machine.cgroups = CgroupLayout::V1;
  machine.memory = 16LL << 30;
  Bundle b{pod,    container, image, machine,   {"/bin/app", "x"}, {{"A", "own"}}, {185, 0, {42}},
           "host", "/root",   {},    "/ns/net", "/ns/ipc",         "/ns/uts",      "/spoke/id",
           {}};
  b.mounts = {{"/vol/deep", "/data/deep"}, {"/vol/data", "/data", true}, {"/vol/shared", "/s", false, "rshared"}};
  return {oci_config(b)};
}

TEST(OciConfig, WhatRuns) {
  image::ImageConfig image;
  image.env = {"A=image", "B=image", "PATH=/opt/bin"};
  image.working_dir = "/work";
  const Made m = make("{containers: [{name: c}]}", image);
  EXPECT_EQ(json::dump(*json::find(m.config, "process.args")), R"(["/bin/app","x"])");
  EXPECT_TRUE(m.has("process.env", "A=own"));
  EXPECT_TRUE(m.has("process.env", "B=image"));
  EXPECT_TRUE(m.has("process.env", "PATH=/opt/bin"));
  EXPECT_TRUE(m.has("process.env", "HOSTNAME=host"));
  EXPECT_EQ(m.text("process.cwd"), "/work");
  EXPECT_EQ(json::num(m.config, "process.user.uid"), 185);
  EXPECT_EQ(json::dump(*json::find(m.config, "process.user.additionalGids")), "[42]");
  EXPECT_EQ(make("{containers: [{name: c, workingDir: /elsewhere}]}", image).text("process.cwd"), "/elsewhere");
  EXPECT_EQ(make("{containers: [{name: c}]}").text("process.cwd"), "/");
}

TEST(OciConfig, NamespacesAreThePodsAndItsOwn) {
  const Made m = make("{containers: [{name: c}]}");
  EXPECT_EQ(
      json::dump(*json::find(m.config, "linux.namespaces")),
      R"([{"type":"mount"},{"type":"pid"},{"type":"network","path":"/ns/net"},{"type":"ipc","path":"/ns/ipc"},{"type":"uts","path":"/ns/uts"}])");
  EXPECT_EQ(
      json::dump(*json::find(make("{hostPID: true, containers: [{name: c}]}").config, "linux.namespaces")).find("pid"),
      std::string::npos);
}

TEST(OciConfig, DeeperMountsComeLater) {
  const Made m = make("{containers: [{name: c}]}");
  std::vector<std::string> targets;
  for (const auto& mount : json::list(m.config, "mounts")) targets.emplace_back(json::str(mount, "destination"));
  const auto at = [&](const char* t) { return std::ranges::find(targets, t) - targets.begin(); };
  EXPECT_LT(at("/usr"), at("/data"));
  EXPECT_LT(at("/data"), at("/data/deep"));
  EXPECT_EQ(json::dump(*json::find(*m.mount("/data"), "options")), R"(["rbind","rprivate","ro"])");
  EXPECT_EQ(json::dump(*json::find(*m.mount("/s"), "options")), R"(["rbind","rshared","rw"])");
  EXPECT_EQ(m.text("linux.rootfsPropagation"), "rshared");
}

TEST(OciConfig, Resources) {
  struct Case {
    const char* resources;
    const char* cpu;
    const char* memory;  // "" for none
  };
  const Case cases[] = {
      {"{}", R"({"shares":2})", ""},
      {"{requests: {cpu: '1'}}", R"({"shares":1024})", ""},
      {"{requests: {cpu: 500m}, limits: {cpu: '2', memory: 1Gi}}", R"({"shares":512,"period":100000,"quota":200000})",
       R"({"limit":1073741824})"},
      {"{limits: {cpu: 1m}}", R"({"shares":2,"period":100000,"quota":1000})", ""},
  };
  for (const auto& c : cases) {
    const Made m = make(fmt::format("{{containers: [{{name: c, resources: {}}}]}}", c.resources));
    EXPECT_EQ(json::dump(*json::find(m.config, "linux.resources.cpu")), c.cpu) << c.resources;
    const auto* memory = json::find(m.config, "linux.resources.memory");
    EXPECT_EQ(memory == nullptr ? "" : json::dump(*memory), c.memory) << c.resources;
  }
  Machine swap;
  swap.swap_control = true;
  const Made m = make("{containers: [{name: c, resources: {limits: {memory: 1Ki}}}]}", {}, swap);
  EXPECT_EQ(json::dump(*json::find(m.config, "linux.resources.memory")), R"({"limit":1024,"swap":1024})");
}

TEST(OciConfig, SecurityContext) {
  const Made plain = make("{containers: [{name: c}]}");
  EXPECT_FALSE(json::flag(plain.config, "process.noNewPrivileges"));
  EXPECT_FALSE(json::flag(plain.config, "root.readonly"));
  EXPECT_FALSE(json::list(plain.config, "linux.maskedPaths").empty());
  EXPECT_EQ(json::dump(*json::find(plain.config, "linux.resources.devices")), R"([{"allow":false,"access":"rwm"}])");
  const Made strict = make(
      "{containers: [{name: c, securityContext: {allowPrivilegeEscalation: false, readOnlyRootFilesystem: true}}]}");
  EXPECT_TRUE(json::flag(strict.config, "process.noNewPrivileges"));
  EXPECT_TRUE(json::flag(strict.config, "root.readonly"));
  const Made all = make("{containers: [{name: c, securityContext: {privileged: true}}]}");
  EXPECT_TRUE(json::list(all.config, "linux.maskedPaths").empty());
  EXPECT_TRUE(all.has("process.capabilities.bounding", "CAP_SYS_ADMIN"));
  EXPECT_EQ(json::dump(*json::find(all.config, "linux.resources.devices")), R"([{"allow":true,"access":"rwm"}])");
}

TEST(OciConfig, OomScoreIsNotLowerThanWeMay) {
  EXPECT_EQ(json::num(make("{containers: [{name: c, resources: {limits: {cpu: '1', memory: 1Gi}}}]}").config,
                      "process.oomScoreAdj"),
            -997);
  Machine poor;
  poor.capabilities = ~(1ULL << 24);
  poor.oom_score_adj = 10;
  EXPECT_EQ(json::num(make("{containers: [{name: c, resources: {limits: {cpu: '1', memory: 1Gi}}}]}", {}, poor).config,
                      "process.oomScoreAdj"),
            10);
  EXPECT_EQ(json::num(make("{containers: [{name: c}]}", {}, poor).config, "process.oomScoreAdj"), 1000);
}

TEST(Resources, QualityOfService) {
  const std::pair<const char*, const char*> cases[] = {
      {"[{}]", "BestEffort"},
      {"[{resources: {requests: {cpu: '1'}}}]", "Burstable"},
      {"[{resources: {limits: {cpu: '1', memory: 1Gi}}}]", "Guaranteed"},
      {"[{resources: {limits: {cpu: '1', memory: 1Gi}, requests: {cpu: 500m}}}]", "Burstable"},
      {"[{resources: {limits: {cpu: '1', memory: 1Gi}}}, {}]", "Burstable"},
      {"[{resources: {limits: {cpu: '1'}}}]", "Burstable"},
  };
  for (const auto& [containers, expected] : cases) {
    const auto pod = yaml::parse(fmt::format("{{spec: {{containers: {}}}}}", containers));
    EXPECT_EQ(qos_class(pod), expected) << containers;
  }
}

TEST(Resources, OomScoreByShareOfTheMemory) {
  const auto score = [](const char* resources) {
    const auto pod = yaml::parse(fmt::format("{{spec: {{containers: [{{resources: {}}}]}}}}", resources));
    return oom_score_adj(pod, json::list(pod, "spec.containers")[0], 10LL << 30);
  };
  EXPECT_EQ(score("{requests: {memory: 5Gi}}"), 500);
  EXPECT_EQ(score("{requests: {memory: 10Gi}}"), 3);
  EXPECT_EQ(score("{requests: {memory: 99Gi}}"), 3);
  EXPECT_EQ(score("{requests: {cpu: '1'}}"), 999);
}

TEST(Capabilities, DefaultsAddedAndDropped) {
  const auto of = [](const char* add, const char* drop, bool all = false, std::uint64_t held = ~0ULL) {
    return join(container_capabilities(yaml::parse(add), yaml::parse(drop), all, held), " ");
  };
  EXPECT_EQ(of("[]", "[ALL]"), "");
  EXPECT_EQ(of("[]", "[all]"), "");
  EXPECT_EQ(of("[net_admin]", "[All]"), "CAP_NET_ADMIN");
  EXPECT_EQ(of("[NET_ADMIN]", "[ALL]"), "CAP_NET_ADMIN");
  EXPECT_EQ(of("[CAP_CHOWN, NO_SUCH]", "[ALL]"), "CAP_CHOWN");
  EXPECT_EQ(of("[]", "[]"),
            "CAP_CHOWN CAP_DAC_OVERRIDE CAP_FOWNER CAP_FSETID CAP_KILL CAP_SETGID CAP_SETUID CAP_SETPCAP "
            "CAP_NET_BIND_SERVICE CAP_NET_RAW "
            "CAP_SYS_CHROOT CAP_MKNOD CAP_AUDIT_WRITE CAP_SETFCAP");
  EXPECT_EQ(of("[]", "[]", true, 1ULL << 21), "CAP_SYS_ADMIN");
  EXPECT_EQ(of("[ALL]", "[]", false, 3), "CAP_CHOWN CAP_DAC_OVERRIDE");
  EXPECT_EQ(of("[ALL]", "[CHOWN]", false, 3), "CAP_DAC_OVERRIDE");
}

User user_of(const char* spec, const char* image_user) {
  json::value pod = json::object{{"metadata", json::object{{"name", "p"}, {"namespace", "ns"}, {"uid", "u"}}}};
  json::set(pod, "spec", yaml::parse(spec));
  return container_user(pod, json::list(pod, "spec.containers")[0], image_user, "spark:x:185:185::/home/spark:\n",
                        "spark:x:185:\nx:x:7:spark\n");
}

std::string user_error(const char* spec, const char* image_user) {
  try {
    user_of(spec, image_user);
  } catch (const ConfigError& e) {
    return e.what();
  }
  return "";
}

TEST(ContainerUser, TheContainersWordOverThePodsOverTheImages) {
  EXPECT_EQ(user_of("{containers: [{name: c}]}", "spark").uid, 185U);
  EXPECT_EQ(user_of("{securityContext: {runAsUser: 5}, containers: [{name: c}]}", "spark").uid, 5U);
  EXPECT_EQ(
      user_of(
          "{securityContext: {runAsUser: 5}, containers: [{name: c, securityContext: {runAsUser: 6, runAsGroup: 9}}]}",
          "spark")
          .gid,
      9U);
  EXPECT_EQ(
      user_of("{securityContext: {fsGroup: 3, supplementalGroups: [2, 3]}, containers: [{name: c}]}", "spark").groups,
      (std::vector<Id>{2, 3, 7}));
  EXPECT_EQ(
      user_of("{securityContext: {fsGroup: 3, supplementalGroupsPolicy: Strict}, containers: [{name: c}]}", "spark")
          .groups,
      (std::vector<Id>{3}));
}

TEST(ContainerUser, NonRootIsHeldToItsWord) {
  const char* pod = "{securityContext: {runAsNonRoot: true}, containers: [{name: c}]}";
  EXPECT_EQ(user_error(pod, ""),
            "container has runAsNonRoot and image will run as root (pod: \"p_ns(u)\", container: c)");
  EXPECT_EQ(user_error(pod, "spark"),
            "container has runAsNonRoot and image has non-numeric user (spark), cannot verify user is non-root (pod: "
            "\"p_ns(u)\", container: c)");
  EXPECT_EQ(user_error("{securityContext: {runAsNonRoot: true, runAsUser: 0}, containers: [{name: c}]}", "185"),
            "container's runAsUser breaks non-root policy (pod: \"p_ns(u)\", container: c)");
  EXPECT_EQ(user_error(pod, "185"), "");
  EXPECT_EQ(user_error("{containers: [{name: c}]}", "ghost"),
            "unable to find user ghost: no matching entries in passwd file");
}

}  // namespace
}  // namespace spoke::cluster
