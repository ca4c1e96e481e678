// An operator against an API server in a map, for tests.
#pragma once

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <functional>

#include "base/strings.h"
#include "client/map_api.h"
#include "data/yaml.h"
#include "net/scope.h"
#include "operator/operator.h"

namespace spoke::op {

using client::resources::config_maps;
using client::resources::events;
using client::resources::pods;
using client::resources::services;
using client::resources::spark_applications;
using client::testing::MapApi;

using Until = std::function<bool()>;

inline net::Task<> operate(client::Api& api, OperatorOptions options, Until until, std::string& metrics) {
  net::Scope scope(co_await net::this_executor());
  options.install_crds = false;
  Operator op(api, std::move(options));
  scope.spawn("operator", op.run());
  for (int i = 0; i < 1000 && !until(); ++i) co_await net::sleep_for(net::Millis(2));
  metrics = op.metrics().text();
  co_await scope.close();
}

// Runs an operator until something holds; false where it never did. `metrics`: what it would tell Prometheus then.
inline bool run_until(MapApi& api, const Until& until, OperatorOptions options = {}, std::string* metrics = nullptr) {
  boost::asio::io_context io;
  std::string text;
  boost::asio::co_spawn(io, operate(api, std::move(options), until, text), [](std::exception_ptr e) {
    if (e) std::rethrow_exception(e);
  });
  io.run();
  if (metrics != nullptr) *metrics = text;
  return until();
}

inline json::value application(const char* extra = "{}") {
  json::value out = yaml::parse(R"(
apiVersion: sparkoperator.k8s.io/v1beta2
kind: SparkApplication
metadata: {name: pi, namespace: jobs, generation: 1}
spec: {type: Scala, sparkVersion: 4.1.4, image: "spark:4.1.4", mainClass: Main, mainApplicationFile: "local:///a.jar",
  driver: {serviceAccount: spark}, executor: {}}
)");
  const json::value more = yaml::parse(extra);
  for (const auto& [name, value] : more.as_object()) out.as_object()["spec"].as_object()[name] = value;
  return out;
}

inline Status status(const MapApi& api) {
  const kube::Object* app = api.find(spark_applications, "jobs", "pi");
  return app == nullptr ? Status{} : read_status(*app);
}

inline Until state_is(const MapApi& api, State state) {
  return [&api, state] { return status(api).state == state; };
}

// Submitted, and all is there.
inline Until is_served(const MapApi& api) {
  return [&api] { return status(api).state == State::Submitted && !lacks_services(status(api)); };
}

// As a kubelet does.
inline void set_phase(MapApi& api, const std::string& pod, json::value pod_status) {
  kube::Object object = *api.find(pods, "jobs", pod);
  object.as_object()["status"] = std::move(pod_status);
  api.put(pods, std::move(object));
}

inline json::value ended(const char* phase, int exit_code) {
  return json::object{
      {"phase", phase},
      {"containerStatuses",
       json::array{json::object{
           {"name", "spark-kubernetes-driver"},
           {"state", json::object{{"terminated", json::object{{"exitCode", exit_code}, {"reason", "Error"}}}}}}}}};
}

inline std::vector<std::string> event_reasons(const MapApi& api) {
  std::vector<std::string> out;
  for (const auto& event : api.all(events)) out.emplace_back(json::str(event, "reason"));
  std::sort(out.begin(), out.end());
  return out;
}

// "POST configmaps", without namespaces and names.
inline std::vector<std::string> shape(const std::vector<std::string>& writes) {
  std::vector<std::string> out;
  for (const auto& write : writes) {
    const auto parts = split(write.substr(write.find(' ') + 1), '/');
    const auto at = std::find(parts.begin(), parts.end(), "namespaces");
    out.push_back(write.substr(0, write.find(' ') + 1) + (at == parts.end() ? parts.back() : *(at + 2)));
  }
  return out;
}

// A user's edit of the spec.
inline void edit(MapApi& api, const char* path, json::value value) {
  kube::Object app = *api.find(spark_applications, "jobs", "pi");
  json::set(app, path, std::move(value));
  api.put(spark_applications, std::move(app));
}

}  // namespace spoke::op
