// Load on an API server, the same for any: the cluster is the kubeconfig's. Prints one JSON object.
//
//   load writes COUNT IN_FLIGHT     creates COUNT ConfigMaps, IN_FLIGHT at a time, each on a connection of its own
//   load watch WATCHERS ROUNDS      changes one ConfigMap ROUNDS times; how long until each of WATCHERS has the event,
//                                   from the moment that the change's request is sent
//   load reviews PORT HOST CA COUNT IN_FLIGHT    asks a webhook on this machine, whose certificate is HOST's by the
//                                   authority in the file CA, COUNT times about an application, on IN_FLIGHT
//                                   connections, each asking again as soon as it was answered
//   load fleet NAMESPACE COUNT EXECUTORS    COUNT SparkApplications for an operator that runs; when each has its
//   driver,
//                                   EXECUTORS pods for each, as its driver would make them. No node is needed: no pod
//                                   is scheduled, and each is said to run
//   load arrivals NAMESPACE COUNT PER_SECOND    creates SparkApplications at that pace: how long from each one's
//                                   creation, its request sent, until its driver's pod is there, by a watch
//   load usage COMMAND [ARG...]     runs a command, its output to standard error: its time, processor time and memory
//                                   at most. A small parent matters: a process starts with its parent's memory as the
//                                   most.
#include <spawn.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <cstdio>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "base/files.h"
#include "base/strings.h"
#include "client/http_api.h"
#include "data/yaml.h"
#include "net/async.h"
#include "net/scope.h"

namespace {

using namespace spoke;
using client::HttpApi;
using client::Object;
using Clock = std::chrono::steady_clock;

const std::string kNamespace = "spoke-bench-" + std::to_string(::getpid());

double milliseconds(Clock::duration d) { return std::chrono::duration<double, std::milli>(d).count(); }

double quantile(std::vector<double> values, double q) {
  std::sort(values.begin(), values.end());
  return values.empty() ? 0 : values[static_cast<size_t>(q * static_cast<double>(values.size() - 1))];
}

Object config_map(const std::string& name, const std::string& text) {
  return json::object{{"apiVersion", "v1"},
                      {"kind", "ConfigMap"},
                      {"metadata", {{"name", name}, {"namespace", kNamespace}}},
                      {"data", {{"text", text}}}};
}

net::Task<> write_some(HttpApi& api, int& left, std::vector<double>& took) {
  while (left > 0) {
    const std::string name = "write-" + std::to_string(left--);
    const auto from = Clock::now();
    co_await api.create(client::resources::config_maps, kNamespace, config_map(name, std::string(500, 'x')));
    took.push_back(milliseconds(Clock::now() - from));
  }
}

net::Task<json::object> writes(std::deque<HttpApi>& apis, int count) {
  net::Scope scope(co_await net::this_executor());
  std::vector<double> took;
  for (HttpApi& api : apis)  // connect first
    co_await api.get(client::resources::namespaces, "", kNamespace);
  int left = count;
  const auto from = Clock::now();
  for (HttpApi& api : apis) scope.spawn("writer", write_some(api, left, took));
  co_await scope.drain();
  const double seconds = milliseconds(Clock::now() - from) / 1000;
  if (std::ssize(took) != count) fail("{} of {} writes failed", count - std::ssize(took), count);
  co_return json::object{{"writes", count},
                         {"in_flight", apis.size()},
                         {"per_second", count / seconds},
                         {"median_ms", quantile(took, 0.5)},
                         {"p99_ms", quantile(took, 0.99)}};
}

struct Watching {
  Clock::time_point sent;
  int round = 0;
  int arrived = 0;
  std::vector<double> took;
};

net::Task<> watch_some(HttpApi& api, const std::string& version, Watching& state, net::Event& all, int watchers) {
  client::WatchOptions options;
  options.resource_version = version;
  const auto watch = co_await api.watch(client::resources::config_maps, kNamespace, options);
  if (++state.arrived == watchers) all.notify();
  while (const auto event = co_await watch->next()) {
    if (json::str(event->object, "data.text") != std::to_string(state.round)) continue;
    state.took.push_back(milliseconds(Clock::now() - state.sent));
    if (++state.arrived == watchers) all.notify();
  }
}

net::Task<json::object> watch(std::deque<HttpApi>& apis, int rounds) {
  const auto executor = co_await net::this_executor();
  net::Scope scope(executor);
  net::Event all(executor);
  Watching state;
  HttpApi& writer = apis.back();
  const int watchers = static_cast<int>(apis.size()) - 1;
  Object object = co_await writer.create(client::resources::config_maps, kNamespace, config_map("watched", "none"));
  const std::string version(json::str(object, "metadata.resourceVersion"));
  for (int i = 0; i < watchers; ++i)
    scope.spawn("watcher", watch_some(apis[static_cast<size_t>(i)], version, state, all, watchers));
  co_await all.wait();
  for (int round = 1; round <= rounds; ++round) {
    co_await net::sleep_for(std::chrono::milliseconds(50));
    state.round = round;
    state.arrived = 0;
    json::set(object, "data.text", std::to_string(round));
    json::remove(object, "metadata.resourceVersion");
    state.sent = Clock::now();
    co_await writer.update(client::resources::config_maps, kNamespace, object, "");
    if (!co_await all.wait_for(std::chrono::seconds(10)))
      fail("only {} of {} watchers had it", state.arrived, watchers);
  }
  co_await scope.close();
  co_return json::object{{"watchers", watchers},
                         {"rounds", rounds},
                         {"median_ms", quantile(state.took, 0.5)},
                         {"p99_ms", quantile(state.took, 0.99)},
                         {"max_ms", quantile(state.took, 1)}};
}

// A SparkApplication as people write them, as an API server asks about it.
std::string review_body() {
  const json::value application = yaml::parse(R"(
apiVersion: sparkoperator.k8s.io/v1beta2
kind: SparkApplication
metadata: {name: spark-pi, namespace: default}
spec:
  type: Scala
  mode: cluster
  sparkVersion: 4.1.4
  image: docker.io/library/spark:4.1.4
  imagePullPolicy: IfNotPresent
  mainClass: org.apache.spark.examples.SparkPi
  mainApplicationFile: local:///opt/spark/examples/jars/spark-examples.jar
  arguments: ["100"]
  sparkConf: {spark.eventLog.enabled: "true", spark.eventLog.dir: "s3a://logs/events"}
  volumes: [{name: scratch, emptyDir: {}}]
  driver: {cores: 1, memory: 512m, serviceAccount: spark, labels: {team: etl}, volumeMounts: [{name: scratch, mountPath: /tmp}]}
  executor: {instances: 2, cores: 1, memory: 512m, labels: {team: etl}, volumeMounts: [{name: scratch, mountPath: /tmp}]}
)");
  return json::dump(json::object{{"apiVersion", "admission.k8s.io/v1"},
                                 {"kind", "AdmissionReview"},
                                 {"request", json::object{{"uid", "705ab4f5-6393-11e8-b7cc-42010a800002"},
                                                          {"kind", json::object{{"kind", "SparkApplication"}}},
                                                          {"operation", "CREATE"},
                                                          {"namespace", "default"},
                                                          {"object", application}}}});
}

net::Task<> review_some(net::HttpClient& client, const std::string& path, const std::string& body, int& left,
                        std::vector<double>& took) {
  while (left-- > 0) {
    const auto from = Clock::now();
    net::Request request{"POST", path, {}, {{"Content-Type", "application/json"}}, body};
    const net::Response response = co_await client.send(std::move(request));
    took.push_back(milliseconds(Clock::now() - from));
    if (response.status != 200 || !response.body.contains("\"allowed\":true"))
      fail("{}: {} {}", path, response.status, response.body);
  }
}

// So many connections, each asking again as soon as it was answered.
net::Task<json::object> reviews(net::ClientOptions to, int count, int in_flight) {
  const auto executor = co_await net::this_executor();
  const std::string path = "/validate-sparkoperator-k8s-io-v1beta2-sparkapplication", body = review_body();
  std::deque<net::HttpClient> clients;
  for (int i = 0; i < in_flight; ++i) clients.emplace_back(executor, to);
  std::vector<double> connecting, took;
  for (auto& client : clients) {
    int one = 1;
    co_await review_some(client, path, body, one, connecting);
  }
  net::Scope scope(executor);
  int left = count;
  const auto from = Clock::now();
  for (auto& client : clients) scope.spawn("reviewer", review_some(client, path, body, left, took));
  co_await scope.drain();
  const double seconds = milliseconds(Clock::now() - from) / 1000;
  if (std::ssize(took) != count) fail("{} of {} reviews failed", count - std::ssize(took), count);
  co_return json::object{{"reviews", count},
                         {"in_flight", in_flight},
                         {"per_second", count / seconds},
                         {"median_ms", quantile(took, 0.5)},
                         {"p99_ms", quantile(took, 0.99)},
                         {"max_ms", quantile(took, 1)}};
}

Object application(const std::string& name) {
  static const json::value spec = yaml::parse(R"(
type: Scala
mode: cluster
sparkVersion: 4.1.4
image: docker.io/library/spark:4.1.4
imagePullPolicy: IfNotPresent
mainClass: org.apache.spark.examples.SparkPi
mainApplicationFile: local:///opt/spark/examples/jars/spark-examples.jar
arguments: ["100"]
driver: {cores: 1, coreRequest: 10m, memory: 512m, serviceAccount: default, schedulerName: nobody}
executor: {instances: 5, cores: 1, coreRequest: 10m, memory: 512m}
)");
  return json::object{{"apiVersion", "sparkoperator.k8s.io/v1beta2"},
                      {"kind", "SparkApplication"},
                      {"metadata", json::object{{"name", name}}},
                      {"spec", spec}};
}

const client::Resource kApplications{"sparkoperator.k8s.io", "v1beta2", "sparkapplications", "SparkApplication", true};

// As a driver of Spark 4.1 makes it.
Object executor_of(const Object& driver, int number) {
  json::object labels{
      {"spark-role", "executor"}, {"spark-exec-id", std::to_string(number)}, {"spark-exec-resourceprofile-id", "0"}};
  for (const auto* name : {"spark-app-selector", "spark-app-name", "spark-version", "sparkoperator.k8s.io/app-name",
                           "sparkoperator.k8s.io/launched-by-spark-operator", "sparkoperator.k8s.io/submission-id"})
    labels[name] = kube::label(driver, name);
  const std::string name(kube::name(driver));
  json::object reference{
      {"apiVersion", "v1"}, {"kind", "Pod"}, {"name", name}, {"uid", kube::uid(driver)}, {"controller", true}};
  return json::object{
      {"apiVersion", "v1"},
      {"kind", "Pod"},
      {"metadata", json::object{{"name", fmt::format("{}-exec-{}", name, number)},
                                {"labels", std::move(labels)},
                                {"ownerReferences", json::array{std::move(reference)}}}},
      {"spec",
       json::parse(
           R"({"restartPolicy": "Never", "schedulerName": "nobody", "containers": [{"name": "spark-kubernetes-executor",
                        "image": "docker.io/library/spark:4.1.4", "args": ["executor"], "resources": {"requests": {"cpu": "10m"}},
                        "env": [{"name": "SPARK_EXECUTOR_CORES", "value": "1"}, {"name": "SPARK_EXECUTOR_MEMORY", "value": "512m"}]}]})")}};
}

// What a kubelet would say.
net::Task<> say_running(HttpApi& api, std::string ns, std::string pod) {
  static const json::value status = json::parse(R"({"status": {"phase": "Running", "podIP": "10.0.0.1",
      "conditions": [{"type": "Ready", "status": "True"}]}})");
  client::PatchOptions options;
  options.subresource = "status";
  co_await api.patch(client::resources::pods, ns, pod, client::PatchType::Merge, status, options);
}

// Each at its turn on one of the connections, until there is none.
using Work = std::function<std::optional<net::Task<>>(HttpApi&)>;
net::Task<> work_off(HttpApi& api, const Work& next) {
  while (auto task = next(api)) co_await std::move(*task);
}
net::Task<> work_off(std::deque<HttpApi>& apis, const Work& next) {
  net::Scope scope(co_await net::this_executor());
  for (HttpApi& api : apis) scope.spawn("worker", work_off(api, next));
  co_await scope.drain();
}

net::Task<> create_application(HttpApi& api, std::string ns, std::string name) {
  co_await api.create(kApplications, ns, application(name));
}

net::Task<> run_executor(HttpApi& api, std::string ns, Object pod) {
  const std::string name(kube::name(pod));
  co_await api.create(client::resources::pods, ns, std::move(pod));
  co_await say_running(api, ns, name);
}

net::Task<json::object> fleet(std::deque<HttpApi>& apis, std::string ns, int count, int executors) {
  int made = 0;
  co_await work_off(apis, [&](HttpApi& api) -> std::optional<net::Task<>> {
    if (made == count) return std::nullopt;
    return create_application(api, ns, fmt::format("app-{}", made++));
  });
  client::ListOptions options;
  options.label_selector = "spark-role=driver";
  std::vector<Object> drivers;
  while (std::ssize(drivers) < count) {
    co_await net::sleep_for(std::chrono::seconds(5));
    drivers = (co_await apis[0].list(client::resources::pods, ns, options)).items;
  }
  size_t driver = 0;
  co_await work_off(apis, [&](HttpApi& api) -> std::optional<net::Task<>> {
    if (driver == drivers.size()) return std::nullopt;
    return say_running(api, ns, std::string(kube::name(drivers[driver++])));
  });
  int executor = 0;
  co_await work_off(apis, [&](HttpApi& api) -> std::optional<net::Task<>> {
    if (executor == count * executors) return std::nullopt;
    const Object& of = drivers[static_cast<size_t>(executor / executors)];
    return run_executor(api, ns, executor_of(of, executor++ % executors + 1));
  });
  co_return json::object{{"applications", count}, {"pods", count * (executors + 1)}};
}

net::Task<> note_drivers(HttpApi& api, const std::string& ns, std::map<std::string, Clock::time_point>& seen) {
  client::WatchOptions options;
  options.label_selector = "spark-role=driver";
  const auto watch = co_await api.watch(client::resources::pods, ns, options);
  while (const auto event = co_await watch->next())
    seen.try_emplace(std::string(kube::label(event->object, "sparkoperator.k8s.io/app-name")), Clock::now());
}

// When each was sent.
net::Task<std::vector<Clock::time_point>> arrive(HttpApi& api, const std::string& ns, int count, int per_second) {
  co_await net::sleep_for(std::chrono::seconds(1));  // the watch stands
  std::vector<Clock::time_point> sent;
  const auto from = Clock::now();
  for (int i = 0; i < count; ++i) {
    const auto due = from + std::chrono::microseconds(1'000'000LL * i / per_second);
    if (const auto wait = due - Clock::now(); wait > Clock::duration::zero())
      co_await net::sleep_for(std::chrono::duration_cast<std::chrono::milliseconds>(wait));
    sent.push_back(Clock::now());
    co_await api.create(kApplications, ns, application(fmt::format("arrival-{}", i)));
  }
  co_await net::sleep_for(std::chrono::seconds(2));
  co_return sent;
}

net::Task<json::object> arrivals(std::deque<HttpApi>& apis, std::string ns, int count, int per_second) {
  net::Scope scope(co_await net::this_executor());
  std::map<std::string, Clock::time_point> seen;
  scope.spawn("watcher", note_drivers(apis[1], ns, seen));
  const auto sent = co_await scope.during(arrive(apis[0], ns, count, per_second));
  std::vector<double> took;
  for (int i = 0; i < count; ++i)
    if (const auto it = seen.find(fmt::format("arrival-{}", i)); it != seen.end())
      took.push_back(milliseconds(it->second - sent[static_cast<size_t>(i)]));
  if (std::ssize(took) != count) fail("{} of {} applications have no driver", count - std::ssize(took), count);
  co_return json::object{{"applications", count},
                         {"per_second", per_second},
                         {"median_ms", quantile(took, 0.5)},
                         {"p99_ms", quantile(took, 0.99)},
                         {"max_ms", quantile(took, 1)}};
}

net::Task<json::object> with_operator(std::string what, std::string ns, int a, int b) {
  const auto target = client::find_target({});
  if (!target) fail("no kubeconfig: set KUBECONFIG");
  std::deque<HttpApi> apis;
  for (int i = 0; i < 16; ++i) apis.emplace_back(co_await net::this_executor(), *target);
  co_await apis[0].create(client::resources::namespaces, "",
                          json::object{{"apiVersion", "v1"}, {"kind", "Namespace"}, {"metadata", {{"name", ns}}}});
  if (what == "fleet") co_return co_await fleet(apis, ns, a, b);
  co_return co_await arrivals(apis, ns, a, b);
}

net::Task<json::object> measure(std::string what, int a, int b) {
  const auto target = client::find_target({});
  if (!target) fail("no kubeconfig: set KUBECONFIG");
  const auto executor = co_await net::this_executor();
  std::deque<HttpApi> apis;
  for (int i = 0; i < (what == "watch" ? a + 1 : b); ++i) apis.emplace_back(executor, *target);
  co_await apis[0].create(
      client::resources::namespaces, "",
      json::object{{"apiVersion", "v1"}, {"kind", "Namespace"}, {"metadata", {{"name", kNamespace}}}});
  json::object out;
  if (what == "writes")
    out = co_await writes(apis, a);
  else
    out = co_await watch(apis, b);
  co_await apis[0].remove(client::resources::namespaces, "", kNamespace, {});
  co_return out;
}

json::object usage(char** command) {
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, STDERR_FILENO, STDOUT_FILENO);
  const auto from = Clock::now();
  pid_t child = 0;
  if (const int error = posix_spawnp(&child, command[0], &actions, nullptr, command, environ); error != 0)
    fail("cannot run {}: {}", command[0], std::generic_category().message(error));
  int status = 0;
  rusage used{};
  if (wait4(child, &status, 0, &used) < 0) fail("cannot wait for {}", command[0]);
  const double took = milliseconds(Clock::now() - from);
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) fail("{} failed", command[0]);
  const auto ms = [](const timeval& t) {
    return 1000.0 * static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1000;
  };
  return {{"ms", took},
          {"cpu_ms", ms(used.ru_utime) + ms(used.ru_stime)},
          {"memory_mib", static_cast<double>(used.ru_maxrss) / 1024}};
}

}  // namespace

int main(int argc, char** argv) {
  if (argc > 2 && argv[1] == std::string_view("usage")) {
    try {
      std::puts(json::dump(usage(argv + 2)).c_str());
      return 0;
    } catch (const std::exception& e) {
      std::fprintf(stderr, "load: %s\n", e.what());
      return 1;
    }
  }
  if (argc == 7 && argv[1] == std::string_view("reviews")) {
    boost::asio::io_context loop(1);
    net::ClientOptions to;
    to.host = "127.0.0.1";
    to.port = argv[2];
    to.server_name = argv[3];
    to.ca_pem = read_file(argv[4]);
    boost::asio::co_spawn(loop, reviews(to, std::stoi(argv[5]), std::stoi(argv[6])),
                          [&](const std::exception_ptr& failure, const json::object& out) {
                            if (failure) std::rethrow_exception(failure);
                            std::puts(json::dump(out).c_str());
                          });
    loop.run();
    return 0;
  }
  const std::string what = argc > 3 ? argv[1] : "";
  const bool operators = argc == 5 && (what == "fleet" || what == "arrivals");
  const auto a = to_int(argc > 3 ? argv[argc - 2] : ""), b = to_int(argc > 3 ? argv[argc - 1] : "");
  if ((!operators && (argc != 4 || (what != "writes" && what != "watch"))) || !a || !b || *a < 1 || *b < 1 ||
      *a > 1'000'000 || *b > 100'000) {
    std::fputs(
        "load writes COUNT IN_FLIGHT | load watch WATCHERS ROUNDS | "
        "load reviews PORT HOST CA-FILE COUNT IN_FLIGHT | load fleet NAMESPACE COUNT EXECUTORS | "
        "load arrivals NAMESPACE COUNT PER_SECOND | load usage COMMAND [ARG...]\n",
        stderr);
    return 2;
  }
  boost::asio::io_context loop(1);
  int status = 0;
  const int first = static_cast<int>(*a), second = static_cast<int>(*b);
  boost::asio::co_spawn(loop, operators ? with_operator(what, argv[2], first, second) : measure(what, first, second),
                        [&](const std::exception_ptr& failure, const json::object& out) {
                          try {
                            if (failure) std::rethrow_exception(failure);
                            std::puts(json::dump(out).c_str());
                          } catch (const std::exception& e) {
                            std::fprintf(stderr, "load: %s\n", e.what());
                            status = 1;
                          }
                          loop.stop();
                        });
  loop.run();
  return status;
}
