// Pods run for real against an API in memory: needs root and a container runtime. Its own bridge, network and chains.
#include "cluster/node/node.h"

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <thread>

#include "base/process.h"
#include "base/strings.h"
#include "cluster/node/fake_api.h"
#include "cluster/node/test_support.h"
#include "data/yaml.h"
#include "net/async.h"
#include "net/scope.h"

namespace spoke::cluster {
namespace {

using namespace std::chrono_literals;

class NodeTest : public ::testing::Test {
 public:
  static NodeOptions options(const Path& dir) {
    NodeOptions o;
    o.name = "n1";
    o.data_dir = dir;
    o.bridge = "spoket";
    o.pod_network = "10.253.0.0/24";
    o.gateway = "10.253.0.1";
    o.service_network = "10.254.0.0/24";
    o.service_host = "10.254.0.1";
    o.executable = test_executable();
    o.token = [](std::string ns, std::string account, std::string, std::string, long) -> net::Task<std::string> {
      co_return "token-of-" + ns + "-" + account;
    };
    return o;
  }
  void SetUp() override {
    if (const auto why = why_no_containers(); !why.empty()) GTEST_SKIP() << why;
    network_ = set_up_network(options(dir_.path()));
    image_ = machine_image(dir_.path() / "image");
  }
  void TearDown() override {
    if (image_.layers.empty()) return;
    // A node that knows of no pods takes away what is left.
    with_node(
        [](NodeTest& t) -> net::Task<> { co_await t.until([&t] { return t.folders() == 0; }, "nothing is left"); });
    network_.reset();
    tear_down_network(options(dir_.path()));
  }

  // Runs `test` beside a node, until it ends.
  using Test = std::function<net::Task<>(NodeTest&)>;
  void with_node(Test test) {
    boost::asio::io_context loop;
    loop_ = &loop;
    api_ = std::make_unique<FakeApi>(loop.get_executor());
    std::exception_ptr failure;
    boost::asio::co_spawn(loop, beside_node(*this, std::move(test)), [&](const std::exception_ptr& e) { failure = e; });
    loop.run();
    if (failure) std::rethrow_exception(failure);
  }
  static net::Task<> beside_node(NodeTest& t, Test test) {
    const auto executor = co_await net::this_executor();
    t.node_ = std::make_unique<Node>(
        *t.api_,
        [image = t.image_](const std::string& name) {
          if (name != "machine:1") throw image::ImageError("there is no image " + name);
          return image;
        },
        options(t.dir_.path()));
    net::Scope scope(executor);
    scope.spawn("node", t.node_->run());
    scope.spawn("services", run_services(*t.api_, options(t.dir_.path())));
    std::exception_ptr failure;
    try {
      co_await test(t);
    } catch (...) {
      failure = std::current_exception();
    }
    co_await scope.close();
    t.node_.reset();
    if (failure) std::rethrow_exception(failure);
  }

  kube::Object create_pod(const std::string& name, std::string_view spec_yaml) {
    json::value pod = json::object{};
    json::set(pod, "metadata.name", name);
    json::value spec = yaml::parse(spec_yaml);
    json::set(spec, "nodeName", "n1");
    for (const char* list : {"containers", "initContainers"}) {
      if (auto* all = json::find(spec, list))
        for (auto& container : all->as_array()) container.as_object().insert({{"image", "machine:1"}});
    }
    json::set(pod, "spec", std::move(spec));
    json::set(pod, "status.phase", "Pending");
    return api_->put_new(client::resources::pods, "default", std::move(pod));
  }
  const kube::Object* pod(const std::string& name) { return api_->find(client::resources::pods, "default", name); }
  std::string phase(const std::string& name) {
    return pod(name) == nullptr ? "gone" : std::string(json::str(*pod(name), "status.phase"));
  }
  const json::value& container(const std::string& name, size_t index = 0) {
    static const json::value none;
    const auto& all = json::list(*pod(name), "status.containerStatuses");
    return index < all.size() ? all[index] : none;
  }

  net::Task<> until(std::function<bool()> holds, std::string what, std::chrono::seconds limit = 20s) {
    const auto end = std::chrono::steady_clock::now() + limit;
    while (!holds()) {
      if (std::chrono::steady_clock::now() > end) {
        std::string pods;
        for (const auto& [key, object] : api_->all(client::resources::pods)) pods += json::dump_pretty(object) + "\n";
        for (const auto& [key, object] : api_->all(client::resources::events)) pods += json::dump(object) + "\n";
        fail("did not happen in time: {}\n{}", what, pods);
      }
      co_await net::sleep_for(10ms);
    }
  }
  net::Task<> until_phase(std::string name, std::string wanted) {
    co_await until([this, name, wanted] { return phase(name) == wanted; }, name + " is " + wanted);
  }
  net::Task<std::string> logs(std::string name, LogOptions log_options = {}) {
    auto out = std::make_shared<std::string>();
    co_await node_->logs(*pod(name), log_options,
                         [out](std::string_view text) { return append(out, std::string(text)); });
    co_return *out;
  }
  static net::Task<> append(std::shared_ptr<std::string> out, std::string text) {
    *out += text;
    co_return;
  }
  bool has_event(std::string_view reason, std::string_view message) {
    for (const auto& [key, event] : api_->all(client::resources::events)) {
      if (json::str(event, "reason") == reason && json::str(event, "message").find(message) != std::string_view::npos)
        return true;
    }
    return false;
  }

  std::ptrdiff_t folders() const {
    return std::distance(std::filesystem::directory_iterator(dir_.path() / "pods"), {});
  }

  TempDir dir_;
  image::Image image_;
  Fd network_;
  boost::asio::io_context* loop_ = nullptr;
  std::unique_ptr<FakeApi> api_;
  std::unique_ptr<Node> node_;
};

// What a new process finds of pods that an earlier one began with.
net::Task<> after_restart(NodeTest& t, FakeApi& before) {
  for (const char* name : {"stays", "ends"})
    t.api_->put_new(client::resources::pods, "default", *before.find(client::resources::pods, "default", name));
  const std::string id(json::str(t.container("stays"), "containerID"));
  co_await t.until_phase("ends", "Failed");
  EXPECT_EQ(json::num(t.container("ends"), "state.terminated.exitCode"), 4);
  co_await net::sleep_for(300ms);
  EXPECT_EQ(t.phase("stays"), "Running");
  EXPECT_EQ(json::str(t.container("stays"), "containerID"), id);
  client::DeleteOptions soon;
  soon.grace_period_seconds = 1;
  co_await t.api_->remove(client::resources::pods, "default", "stays", soon);
  co_await t.until([&t] { return t.pod("stays") == nullptr; }, "stays is gone");
  // The folder of "ends" is left, for its log.
  co_await t.until([&t] { return t.folders() == 1; }, "nothing is left of the deleted ones");
}

net::Task<> after_removal(NodeTest& t, FakeApi& before) {
  for (const char* name : {"once", "always"})
    t.api_->put_new(client::resources::pods, "default", *before.find(client::resources::pods, "default", name));
  co_await t.until_phase("once", "Failed");
  EXPECT_EQ(json::str(t.container("once"), "state.terminated.reason"), "ContainerStatusUnknown");
  co_await t.until([&t] { return json::num(t.container("always"), "restartCount") == 1; }, "always runs again");
}

TEST_F(NodeTest, Registers) {
  with_node([](NodeTest& t) -> net::Task<> {
    co_await t.until([&t] { return t.api_->find(client::resources::leases, "kube-node-lease", "n1") != nullptr; },
                     "lease");
    const auto* node = t.api_->find(client::resources::nodes, "", "n1");
    EXPECT_TRUE(kube::condition_is_true(*node, "Ready"));
    EXPECT_EQ(json::str(*node, "metadata.labels.spoke"), "");
    EXPECT_EQ(kube::label(*node, "kubernetes.io/hostname"), "n1");
    EXPECT_EQ(json::str(*node, "status.capacity.pods"), "500");
  });
}

TEST_F(NodeTest, RunsToSuccess) {
  with_node([](NodeTest& t) -> net::Task<> {
    t.create_pod("p", R"(
    restartPolicy: Never
    containers:
    - name: c
      command: [sh, -c, "echo hello $(WHO) from $POD_IP; hostname; cat /etc/resolv.conf; echo bye > /dev/termination-log"]
      env:
      - {name: WHO, value: world}
      - {name: POD_IP, valueFrom: {fieldRef: {fieldPath: status.podIP}}}
  )");
    co_await t.until_phase("p", "Succeeded");
    const auto& status = t.container("p");
    EXPECT_EQ(json::num(status, "state.terminated.exitCode", -1), 0);
    EXPECT_EQ(json::str(status, "state.terminated.reason"), "Completed");
    EXPECT_EQ(json::str(status, "state.terminated.message"), "bye\n");
    EXPECT_TRUE(json::str(status, "containerID").starts_with("spoke://"));
    const std::string ip(json::str(*t.pod("p"), "status.podIP"));
    EXPECT_TRUE(ip.starts_with("10.253.0."));
    const std::string log = co_await t.logs("p");
    EXPECT_EQ(log, "hello world from " + ip +
                       "\np\nsearch default.svc.cluster.local svc.cluster.local cluster.local\n"
                       "nameserver 10.253.0.1\noptions ndots:5\n");
    EXPECT_TRUE(t.has_event("Started", "Started container c"));
    EXPECT_EQ(json::str(*kube::condition(*t.pod("p"), "Ready"), "reason"), "PodCompleted");
  });
}

TEST_F(NodeTest, PodsReachEachOther) {
  with_node([](NodeTest& t) -> net::Task<> {
    t.create_pod("server", R"(
    containers:
    - name: c
      command: [python3, -u, -m, http.server, "80"]
      readinessProbe: {httpGet: {port: 80, path: /}, periodSeconds: 1}
  )");
    co_await t.until([&t] { return kube::condition_is_true(*t.pod("server"), "Ready"); }, "server is ready");
    const std::string ip(json::str(*t.pod("server"), "status.podIP"));
    t.create_pod("client",
                 "{restartPolicy: Never, containers: [{name: c, command: [python3, -c, "
                 "\"import urllib.request as u; print(u.urlopen('http://" +
                     ip + "/').status)\"]}]}");
    co_await t.until_phase("client", "Succeeded");
    const std::string log = co_await t.logs("client");
    EXPECT_EQ(log, "200\n");
  });
}

// A service with one endpoint, as the endpoints controller would have made it.
void create_service(NodeTest& t, const std::string& name, const std::string& cluster_ip, const std::string& ip,
                    int port) {
  t.api_->put_new(
      client::resources::services, "default",
      yaml::parse(fmt::format("{{metadata: {{name: {}}}, spec: {{clusterIP: {}, ports: [{{port: 8000}}]}}}}", name,
                              cluster_ip)));
  t.api_->put_new(client::resources::endpoint_slices, "default",
                  yaml::parse(fmt::format(
                      "{{metadata: {{name: {0}, labels: {{kubernetes.io/service-name: {0}}}}}, ports: [{{port: {2}}}], "
                      "endpoints: [{{addresses: [{1}]}}]}}",
                      name, ip, port)));
}

// What a shell command in a pod prints.
net::Task<std::string> said(NodeTest& t, std::string name, std::string command) {
  json::value spec = yaml::parse("{restartPolicy: Never, containers: [{name: c}]}");
  json::find(spec, "containers")->as_array()[0].as_object()["command"] = json::array{"sh", "-c", command};
  t.create_pod(name, json::dump(spec));
  co_await t.until([&t, name] { return t.phase(name) == "Succeeded" || t.phase(name) == "Failed"; },
                   name + " has ended");
  co_return co_await t.logs(name);
}

constexpr const char* kFetch =
    "python3 -c \"import urllib.request as u; print(u.urlopen('http://{}', timeout=5).status)\" 2>&1 | tail -1";

TEST_F(NodeTest, ServicesAreFoundByNameAndByAddress) {
  with_node([](NodeTest& t) -> net::Task<> {
    t.create_pod("server", R"(
      containers:
      - name: c
        command: [sh, -c, "cd /tmp && exec python3 -u -m http.server 80"]
        readinessProbe: {httpGet: {port: 80}, periodSeconds: 1}
    )");
    co_await t.until([&t] { return kube::condition_is_true(*t.pod("server"), "Ready"); }, "server is ready");
    const std::string ip(json::str(*t.pod("server"), "status.podIP"));
    create_service(t, "web", "10.254.0.9", ip, 80);
    create_service(t, "headless", "None", ip, 80);
    create_service(t, "nobody", "10.254.0.10", "10.253.0.250", 80);
    const json::value slice = yaml::parse("{endpoints: []}");
    co_await t.api_->patch(client::resources::endpoint_slices, "default", "nobody", client::PatchType::Merge, slice,
                           {});
    co_await net::sleep_for(200ms);
    EXPECT_EQ(co_await said(t, "by-name", fmt::format(kFetch, "web:8000")), "200\n");
    EXPECT_EQ(co_await said(t, "by-whole-name", fmt::format(kFetch, "web.default.svc.cluster.local:8000")), "200\n");
    EXPECT_EQ(co_await said(t, "by-endpoint", fmt::format(kFetch, "headless:80")), "200\n");
    const std::string refused = co_await said(t, "refused", fmt::format(kFetch, "nobody:8000"));
    EXPECT_NE(refused.find("Connection refused"), std::string::npos) << refused;
    // The machine itself reaches services too.
    const auto machine =
        co_await net::on_worker([] { return run({"sh", "-c", fmt::format(kFetch, "10.254.0.9:8000")}).output; });
    EXPECT_EQ(machine, "200\n");
  });
}

TEST_F(NodeTest, APodReachesItselfByItsService) {
  with_node([](NodeTest& t) -> net::Task<> {
    create_service(t, "self", "10.254.0.9", "10.253.0.2", 80);  // the first pod's address
    co_await net::sleep_for(100ms);
    const std::string answer =
        co_await said(t, "p",
                      std::string("cd /tmp; python3 -m http.server 80 >/dev/null 2>&1 & sleep 1; ") +
                          fmt::format(kFetch, "self:8000"));
    EXPECT_EQ(answer, "200\n");
  });
}

TEST_F(NodeTest, DeletionIsGraceful) {
  with_node([](NodeTest& t) -> net::Task<> {
    t.create_pod("p", R"(
    terminationGracePeriodSeconds: 5
    containers:
    - name: c
      command: [sh, -c, "trap 'echo bye; exit 0' TERM; echo up; while true; do sleep 0.05; done"]
      lifecycle: {preStop: {exec: {command: [sh, -c, "echo hook > /proc/1/fd/1"]}}}
  )");
    co_await t.until_phase("p", "Running");
    co_await t.until([&t] { return kube::condition_is_true(*t.pod("p"), "Ready"); }, "ready");
    co_await net::sleep_for(300ms);
    LogOptions follow;
    follow.follow = true;
    auto text = std::make_shared<std::string>();
    net::Scope scope(co_await net::this_executor());
    scope.spawn("log", t.node_->logs(*t.pod("p"), follow,
                                     [text](std::string_view piece) { return append(text, std::string(piece)); }));
    co_await t.api_->remove(client::resources::pods, "default", "p", {});
    co_await t.until([&t] { return t.pod("p") == nullptr; }, "p is gone", 10s);
    co_await scope.drain();
    EXPECT_EQ(*text, "up\nhook\nbye\n");
    EXPECT_TRUE(t.has_event("Killing", "Stopping container c"));
    co_await t.until([&t] { return std::filesystem::is_empty(t.dir_.path() / "pods"); }, "folder is gone");
  });
}

TEST_F(NodeTest, IsKilledWhenGraceIsOver) {
  with_node([](NodeTest& t) -> net::Task<> {
    t.create_pod("p", R"(
    containers:
    - name: c
      command: [sh, -c, "trap '' TERM; while true; do sleep 0.05; done"]
  )");
    co_await t.until_phase("p", "Running");
    client::DeleteOptions hurry;
    hurry.grace_period_seconds = 1;
    co_await t.api_->remove(client::resources::pods, "default", "p", hurry);
    co_await t.until([&t] { return t.pod("p") == nullptr; }, "p is gone", 5s);
  });
}

TEST_F(NodeTest, RestartsWithBackOff) {
  with_node([](NodeTest& t) -> net::Task<> {
    t.create_pod("p", R"(
    containers:
    - name: c
      command: [sh, -c, "echo try; exit 3"]
  )");
    co_await t.until([&t] { return json::str(t.container("p"), "state.waiting.reason") == "CrashLoopBackOff"; },
                     "back-off");
    EXPECT_EQ(json::num(t.container("p"), "restartCount"), 1);
    EXPECT_EQ(json::num(t.container("p"), "lastState.terminated.exitCode"), 3);
    EXPECT_EQ(t.phase("p"), "Running");
    LogOptions previous;
    previous.previous = true;
    const std::string log = co_await t.logs("p", previous);
    EXPECT_EQ(log, "try\n");
    EXPECT_TRUE(t.has_event("BackOff", "Back-off restarting failed container c in pod p_default("));
  });
}

TEST_F(NodeTest, InitContainersAndSidecars) {
  with_node([](NodeTest& t) -> net::Task<> {
    t.create_pod("p", R"(
    restartPolicy: Never
    volumes: [{name: v, emptyDir: {}}]
    initContainers:
    - {name: first, command: [sh, -c, "echo 1 >> /v/order"], volumeMounts: [{name: v, mountPath: /v}]}
    - {name: side, restartPolicy: Always, command: [sh, -c, "echo 2 >> /v/order; trap 'exit 0' TERM; while true; do sleep 0.05; done"],
       volumeMounts: [{name: v, mountPath: /v}]}
    - {name: third, command: [sh, -c, "echo 3 >> /v/order"], volumeMounts: [{name: v, mountPath: /v}]}
    containers:
    - {name: main, command: [sh, -c, "cat /v/order"], volumeMounts: [{name: v, mountPath: /v}]}
  )");
    co_await t.until_phase("p", "Succeeded");
    const std::string log = co_await t.logs("p");
    EXPECT_EQ(log.substr(0, 2), "1\n");
    EXPECT_EQ(log.size(), 6U);
    EXPECT_NE(json::find(json::list(*t.pod("p"), "status.initContainerStatuses")[1], "state.terminated"), nullptr);
  });
}

TEST_F(NodeTest, VolumesComeWhenTheirSourceComes) {
  with_node([](NodeTest& t) -> net::Task<> {
    t.create_pod("p", R"(
    restartPolicy: Never
    securityContext: {runAsUser: 185, fsGroup: 185}
    volumes:
    - {name: conf, configMap: {name: late}}
    - name: token
      projected: {sources: [{serviceAccountToken: {path: token}}, {downwardAPI: {items: [{path: labels, fieldRef: {fieldPath: metadata.labels}}]}}]}
    containers:
    - name: c
      command: [sh, -c, "id -u; cat /conf/a /conf/sub; cat /token/token; stat -c %a /token/..data/token; touch /conf/x 2>&1 | grep -o Read-only"]
      volumeMounts:
      - {name: conf, mountPath: /conf}
      - {name: conf, mountPath: /etc/one, subPath: a}
      - {name: token, mountPath: /token}
  )");
    co_await net::sleep_for(200ms);
    EXPECT_EQ(t.phase("p"), "Pending");
    EXPECT_EQ(json::str(t.container("p"), "state.waiting.reason"), "ContainerCreating");
    t.api_->put_new(client::resources::config_maps, "default",
                    yaml::parse("{metadata: {name: late}, data: {a: \"A\\n\", sub: \"B\\n\"}}"));
    co_await t.until_phase("p", "Succeeded");
    const std::string log = co_await t.logs("p");
    EXPECT_EQ(log, "185\nA\nB\ntoken-of-default-default640\nRead-only\n");
  });
}

TEST_F(NodeTest, MissingImageBacksOff) {
  with_node([](NodeTest& t) -> net::Task<> {
    t.create_pod("p", R"(
    containers: [{name: c, image: "nowhere:1"}]
  )");
    co_await t.until([&t] { return json::str(t.container("p"), "state.waiting.reason") == "ErrImagePull"; },
                     "ErrImagePull");
    co_await t.until([&t] { return json::str(t.container("p"), "state.waiting.reason") == "ImagePullBackOff"; },
                     "ImagePullBackOff");
    EXPECT_TRUE(t.has_event("Failed", "Failed to pull image \"nowhere:1\": there is no image nowhere:1"));
    std::string why;
    try {
      co_await t.logs("p");
    } catch (const kube::StatusError& e) {
      why = e.what();
    }
    EXPECT_EQ(why, "container \"c\" in pod \"p\" is waiting to start: trying and failing to pull image");
  });
}

TEST_F(NodeTest, LivenessRestarts) {
  with_node([](NodeTest& t) -> net::Task<> {
    t.create_pod("p", R"(
    terminationGracePeriodSeconds: 1
    containers:
    - name: c
      command: [sh, -c, "trap '' TERM; sleep 1000"]
      livenessProbe: {exec: {command: ["false"]}, periodSeconds: 1, failureThreshold: 1}
  )");
    co_await t.until([&t] { return json::num(t.container("p"), "restartCount") == 1; }, "restart");
    EXPECT_TRUE(t.has_event("Unhealthy", "Liveness probe failed:"));
    EXPECT_TRUE(t.has_event("Killing", "Container c failed liveness probe, will be restarted"));
    EXPECT_EQ(json::num(t.container("p"), "lastState.terminated.exitCode"), 137);
  });
}

TEST_F(NodeTest, DeadlineEndsThePod) {
  with_node([](NodeTest& t) -> net::Task<> {
    t.create_pod("p", R"(
    activeDeadlineSeconds: 1
    terminationGracePeriodSeconds: 0
    containers: [{name: c, command: [sleep, "1000"]}]
  )");
    co_await t.until_phase("p", "Failed");
    EXPECT_EQ(json::str(*t.pod("p"), "status.reason"), "DeadlineExceeded");
  });
}

TEST_F(NodeTest, PodsOutliveTheNode) {
  with_node([](NodeTest& t) -> net::Task<> {
    t.create_pod("stays", "{containers: [{name: c, command: [sleep, '1000']}]}");
    t.create_pod("ends", "{restartPolicy: Never, containers: [{name: c, command: [sh, -c, 'sleep 0.7; exit 4']}]}");
    t.create_pod("deleted", "{containers: [{name: c, command: [sleep, '1000']}]}");
    for (const char* name : {"stays", "ends", "deleted"}) co_await t.until_phase(name, "Running");
  });
  std::this_thread::sleep_for(1s);  // "ends" ends, and "deleted" is deleted, while there is no node
  const auto before = std::move(api_);
  with_node([&before = *before](NodeTest& t) { return after_restart(t, before); });
}

TEST_F(NodeTest, WhatWasTakenAwayIsNotRunTwice) {
  with_node([](NodeTest& t) -> net::Task<> {
    t.create_pod("once", "{restartPolicy: Never, containers: [{name: c, command: [sleep, '1000']}]}");
    t.create_pod("always", "{containers: [{name: c, command: [sleep, '1000']}]}");
    for (const char* name : {"once", "always"}) co_await t.until_phase(name, "Running");
  });
  remove_pods(options(dir_.path()));
  const auto before = std::move(api_);
  with_node([&before = *before](NodeTest& t) { return after_removal(t, before); });
}

}  // namespace
}  // namespace spoke::cluster
