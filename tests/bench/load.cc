// Load on an API server, the same for any: the cluster is the kubeconfig's. Prints one JSON object.
//
//   load writes COUNT IN_FLIGHT     creates COUNT ConfigMaps, IN_FLIGHT at a time, each on a connection of its own
//   load watch WATCHERS ROUNDS      changes one ConfigMap ROUNDS times; how long until each of WATCHERS has the event,
//                                   from the moment that the change's request is sent
//   load reviews PORT HOST CA COUNT IN_FLIGHT    asks a webhook on this machine, whose certificate is HOST's by the
//                                   authority in the file CA, COUNT times about an application, on IN_FLIGHT
//                                   connections, each asking again as soon as it was answered
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
#include <string>
#include <string_view>
#include <system_error>
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
  const std::string what = argc == 4 ? argv[1] : "";
  const auto a = to_int(argc == 4 ? argv[2] : ""), b = to_int(argc == 4 ? argv[3] : "");
  if ((what != "writes" && what != "watch") || !a || !b || *a < 1 || *b < 1 || *a > 1'000'000 || *b > 100'000) {
    std::fputs(
        "load writes COUNT IN_FLIGHT | load watch WATCHERS ROUNDS | "
        "load reviews PORT HOST CA-FILE COUNT IN_FLIGHT | load usage COMMAND [ARG...]\n",
        stderr);
    return 2;
  }
  boost::asio::io_context loop(1);
  int status = 0;
  boost::asio::co_spawn(loop, measure(what, static_cast<int>(*a), static_cast<int>(*b)),
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
