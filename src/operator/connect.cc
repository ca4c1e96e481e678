#include "operator/connect.h"

#include <algorithm>

#include "base/strings.h"
#include "data/yaml.h"
#include "kube/names.h"
#include "kube/selector.h"
#include "operator/application.h"
#include "operator/ids.h"
#include "operator/labels.h"
#include "operator/properties.h"
#include "operator/properties_refused.h"
#include "operator/some_of.h"
#include "spark/connect.h"
#include "spark/memory.h"

namespace spoke::op {
namespace {

using kube::Object;
using spark::Conf;

constexpr const char* kTemplate = "executor-pod-template.yaml";
constexpr const char* kMounted = "/tmp/spark/executor-pod-template.yaml";
constexpr const char* kVolume = "spark-conf";
constexpr const char* kServerRole = "connect-server";
// Of which spec the pod was made, of which content the others.
constexpr const char* kMadeOf = "spoke.dev/made-of";
constexpr const char* kReady = "ServerPodReady";
constexpr int kDriverPort = 7078, kBlockManagerPort = 7079, kUiPort = 4040;
constexpr Duration kBetweenServers = std::chrono::seconds(10);
constexpr Duration kAfterRefusal = std::chrono::seconds(30);

// "$@" spares quoting; the address of an IPv6 pod goes into a URL. Not the image's entry point: an image of one's own
// may have none.
constexpr std::string_view kStart =
    "host=$POD_IP; case $host in *:*) host=\"[$host]\";; esac; "
    "exec \"${{SPARK_HOME:-/opt/spark}}/bin/spark-submit\" --class {} --name \"Spark Connect server\" "
    "--conf \"spark.driver.host=$host\" \"$@\" spark-internal";

std::string made_name(const Object& connect, const char* suffix) {
  return fmt::format("{}-{}", kube::name(connect), suffix);
}

json::object common_labels(const Object& connect) {
  return {{label::created_by, "true"}, {label::connect_name, kube::name(connect)}};
}

json::object server_labels(const Object& connect) {
  return {{label::launched_by, "true"},
          {label::connect_name, kube::name(connect)},
          {label::role, kServerRole},
          {label::version, json::str(connect, "spec.sparkVersion")}};
}

// The container of that name, else the first, which is made where there is none.
json::value& spark_container(json::value& pod_template, std::string_view name) {
  json::array& containers = json::make_array(pod_template, "spec.containers");
  if (containers.empty()) containers.push_back(json::object{{"name", name}});
  const auto named = std::ranges::find_if(containers, [&](const auto& c) { return json::str(c, "name") == name; });
  json::value& chosen = named == containers.end() ? containers.front() : *named;
  if (!chosen.is_object()) throw InvalidApplication("spec.server.template.spec.containers", "must hold containers");
  return chosen;
}

std::string image_in(const std::optional<json::value>& pod_template, std::string_view name) {
  if (!pod_template) return "";
  const json::array& all = json::list(*pod_template, "spec.containers");
  const auto named = std::ranges::find_if(all, [&](const auto& c) { return json::str(c, "name") == name; });
  if (named == all.end() && all.empty()) return "";
  return std::string(json::str(named == all.end() ? all.front() : *named, "image"));
}

// A SparkConnect's spec, read.
struct ConnectSpec {
  explicit ConnectSpec(const Object& connect)
      : spec(json::find_member(connect, "spec"), "spec"),
        server(spec.child("server")),
        executor(spec.child("executor")),
        version(spec.need_text("sparkVersion")),
        image(spec.text("image").value_or("")),
        server_template(server.object("template")),
        executor_template(executor.object("template")),
        service(server.object("service")) {}
  Reader spec, server, executor;
  std::string version, image;
  std::optional<json::value> server_template, executor_template, service;
};

std::string executor_image(const ConnectSpec& c) {
  const std::string own = image_in(c.executor_template, kExecutorContainer);
  const std::string& image = own.empty() ? c.image : own;
  if (image.empty()) throw InvalidApplication("spec.image", "is missing, and the executors' template names none");
  return image;
}

spark::Rules rules_of(const ConnectSpec& c) {
  try {
    return spark::rules_for(c.version);
  } catch (const Error& e) {
    throw InvalidApplication("spec.sparkVersion", e.what());
  }
}

// What the server is started with. In kubeflow's order: who comes later wins.
Conf conf_of(const Object& connect, const ConnectSpec& c, const spark::Rules& rules) {
  spark::Properties p;
  const std::string name(kube::name(connect));
  p["spark.kubernetes.container.image"] = p["spark.kubernetes.executor.container.image"] = executor_image(c);
  for (auto& [key, value] : c.spec.texts("sparkConf")) p[key] = value;
  for (auto& [key, value] : c.spec.texts("hadoopConf"))
    p[key.starts_with("spark.hadoop.") ? key : "spark.hadoop." + key] = value;
  p["spark.kubernetes.namespace"] = kube::ns(connect);
  p["spark.kubernetes.driver.pod.name"] = made_name(connect, "server");
  p.erase("spark.driver.host");  // kStart has it
  p["spark.driver.bindAddress"] = "0.0.0.0";
  p["spark.driver.port"] = std::to_string(kDriverPort);
  p["spark.driver.blockManager.port"] = std::to_string(kBlockManagerPort);
  if (const auto cores = c.server.whole("cores")) p["spark.driver.cores"] = std::to_string(*cores);
  if (const auto memory = c.server.text("memory")) p["spark.driver.memory"] = *memory;
  const std::string executor_label = "spark.kubernetes.executor.label.";
  for (auto& [key, value] : kube::labels_of(connect)) p[executor_label + key] = value;
  p[executor_label + std::string(label::launched_by)] = "true";
  p[executor_label + std::string(label::connect_name)] = name;
  if (const auto instances = c.executor.whole("instances")) p["spark.executor.instances"] = std::to_string(*instances);
  if (const auto cores = c.executor.whole("cores")) p["spark.executor.cores"] = std::to_string(*cores);
  if (const auto memory = c.executor.text("memory")) p["spark.executor.memory"] = *memory;
  p["spark.kubernetes.executor.podNamePrefix"] = name;
  if (c.executor_template) {
    p["spark.kubernetes.executor.podTemplateFile"] = kMounted;
    p["spark.kubernetes.executor.podTemplateContainerName"] = kExecutorContainer;
  }
  if (const auto dynamic = read_dynamic_allocation(c.spec.child("dynamicAllocation")))
    add_dynamic_allocation(p, *dynamic);
  Conf conf(std::move(p));
  spark::add_connect_package(conf, rules);
  return conf;
}

std::int64_t port_of(const Conf& conf) {
  const std::int64_t port = conf.integer(spark::kConnectPortProperty, spark::kConnectPort);
  if (port < 1 || port > 65535)
    throw InvalidApplication("spec.sparkConf",
                             fmt::format("{} must be a port of 1 to 65535", spark::kConnectPortProperty));
  return port;
}

// $(NAME) would be replaced by the kubelet.
std::string argument(std::string text) {
  for (size_t at = 0; (at = text.find("$(", at)) != std::string::npos; at += 3) text.insert(at, "$");
  return text;
}

json::array arguments(const Conf& conf) {
  json::array out{json::value(fmt::format(kStart, spark::kConnectServerClass)), "spark-connect-server", "--master",
                  "k8s://https://kubernetes.default.svc:443"};
  for (const auto& [name, value] : conf.all()) {
    out.push_back("--conf");
    out.push_back(json::value(argument(fmt::format("{}={}", name, value))));
  }
  return out;
}

// What the template does not say of cores and memory.
void add_resources(json::value& container, const ConnectSpec& c, const Conf& conf, const spark::Rules& rules) {
  const auto set = [&](const char* what, const std::string& amount, bool limit) {
    const std::string request = fmt::format("resources.requests.{}", what);
    const std::string most = fmt::format("resources.limits.{}", what);
    if (json::find(container, request) != nullptr || json::find(container, most) != nullptr) return;
    json::set(container, request, amount);
    if (limit) json::set(container, most, amount);
  };
  if (const auto cores = c.server.whole("cores")) set("cpu", std::to_string(*cores), false);
  if (c.server.text("memory"))
    set("memory", fmt::format("{}Mi", spark::driver_memory(conf, rules, true).total_mib()), true);
}

Object server_pod(const Object& connect, const ConnectSpec& c, const Conf& conf, const spark::Rules& rules) {
  json::value pod = c.server_template.value_or(json::object());
  json::value& container = spark_container(pod, kDriverContainer);
  if (json::str(container, "image").empty()) {
    if (c.image.empty()) throw InvalidApplication("spec.image", "is missing, and the server's template names none");
    json::set(container, "image", c.image);
  }
  json::set(container, "command", json::array{"bash", "-c"});
  json::set(container, "args", arguments(conf));
  const auto probe = [port = port_of(conf)](int seconds, int failures) {
    return json::object{
        {"tcpSocket", json::object{{"port", port}}}, {"periodSeconds", seconds}, {"failureThreshold", failures}};
  };
  if (json::find_member(container, "startupProbe") == nullptr) json::set(container, "startupProbe", probe(2, 150));
  if (json::find_member(container, "readinessProbe") == nullptr) json::set(container, "readinessProbe", probe(10, 3));
  json::make_array(container, "env")
      .push_back(json::object{{"name", "POD_IP"},
                              {"valueFrom", json::object{{"fieldRef", json::object{{"fieldPath", "status.podIP"}}}}}});
  if (c.executor_template)
    json::make_array(container, "volumeMounts")
        .push_back(
            json::object{{"name", kVolume}, {"mountPath", kMounted}, {"subPath", kTemplate}, {"readOnly", true}});
  add_resources(container, c, conf, rules);
  if (c.executor_template)
    json::make_array(pod, "spec.volumes")
        .push_back(json::object{{"name", kVolume}, {"configMap", json::object{{"name", made_name(connect, "conf")}}}});

  json::object metadata{{"name", made_name(connect, "server")}, {"namespace", kube::ns(connect)}};
  json::object labels;
  for (auto& [key, value] : kube::labels_of(connect)) labels[key] = value;
  for (const auto& [key, value] : json::members(pod, "metadata.labels")) labels[key] = value;
  for (const auto& [key, value] : server_labels(connect)) labels[key] = value;
  metadata["labels"] = std::move(labels);
  json::object annotations = json::members(pod, "metadata.annotations");
  annotations[kMadeOf] = "";
  metadata["annotations"] = std::move(annotations);
  return json::object{
      {"apiVersion", "v1"}, {"kind", "Pod"}, {"metadata", std::move(metadata)}, {"spec", *json::find(pod, "spec")}};
}

// Ports by their names: a person's own say more of one, or add another.
json::array ports_of(const json::value& own, std::int64_t port) {
  const auto one = [](const char* name, std::int64_t number, std::int64_t target, const char* protocol) {
    return json::object{
        {"name", name}, {"port", number}, {"targetPort", target}, {"protocol", "TCP"}, {"appProtocol", protocol}};
  };
  json::array out{one("driver-rpc", kDriverPort, kDriverPort, "tcp"),
                  one("blockmanager", kBlockManagerPort, kBlockManagerPort, "tcp"),
                  one("web-ui", kUiPort, kUiPort, "http"),
                  one("spark-connect-server", spark::kConnectPort, port, "grpc")};
  for (const auto& extra : json::list(own, "spec.ports")) {
    if (!extra.is_object()) continue;
    const auto same =
        std::ranges::find_if(out, [&](const auto& p) { return json::str(p, "name") == json::str(extra, "name"); });
    if (same == out.end())
      out.push_back(extra);
    else
      for (const auto& [name, value] : extra.get_object()) same->as_object()[name] = value;
  }
  return out;
}

Object service_of(const Object& connect, const ConnectSpec& c, const Conf& conf) {
  const json::value own = c.service.value_or(json::object());
  json::object spec = json::members(own, "spec");
  spec["ports"] = ports_of(own, port_of(conf));
  json::object selector = json::members(own, "spec.selector");
  for (const auto& [key, value] : server_labels(connect)) selector[key] = value;
  spec["selector"] = std::move(selector);
  const std::string_view name = json::str(own, "metadata.name");
  json::object labels = json::members(own, "metadata.labels");
  for (const auto& [key, value] : common_labels(connect)) labels[key] = value;
  return json::object{
      {"apiVersion", "v1"},
      {"kind", "Service"},
      {"metadata", json::object{{"name", name.empty() ? made_name(connect, "server") : std::string(name)},
                                {"namespace", kube::ns(connect)},
                                {"labels", std::move(labels)},
                                {"annotations", json::members(own, "metadata.annotations")}}},
      {"spec", std::move(spec)}};
}

Object config_map_of(const Object& connect, const ConnectSpec& c) {
  json::object data;
  if (c.executor_template) data[kTemplate] = yaml::dump(*c.executor_template);
  return json::object{{"apiVersion", "v1"},
                      {"kind", "ConfigMap"},
                      {"metadata", json::object{{"name", made_name(connect, "conf")},
                                                {"namespace", kube::ns(connect)},
                                                {"labels", common_labels(connect)}}},
                      {"data", std::move(data)}};
}

void check_name(const Object& connect) {
  const std::string service = made_name(connect, "server");
  if (const auto wrong = kube::check_dns1035_label(service); !wrong.empty())
    throw InvalidApplication("metadata.name", fmt::format("makes \"{}\", and that {}", service, wrong.front()));
}

// All that another server is needed for.
std::string fingerprint_of(const Object& connect) {
  const json::value* spec = json::find_member(connect, "spec");
  json::value rest = spec == nullptr ? json::value(json::object()) : *spec;
  json::remove(rest, "server.service");
  return fingerprint(rest);
}

void sign(Object& object, const std::string& made_of, const Object& connect) {
  json::make_object(object, "metadata.annotations")[kMadeOf] = made_of;
  json::make_array(object, "metadata.ownerReferences").push_back(kube::controller_ref(connect));
}

bool ended(const Object& pod) {
  const std::string_view phase = json::str(pod, "status.phase");
  return phase == "Failed" || phase == "Succeeded";
}

// A pod of a SparkConnect of that name that was deleted before.
bool is_leaving(const Object& pod, const Object& connect) {
  if (kube::owned_by(pod, kube::uid(connect))) return false;
  const json::value* owner = kube::controller_of(pod);
  const bool namesakes =
      owner != nullptr && json::str(*owner, "kind") == kConnectKind && json::str(*owner, "name") == kube::name(connect);
  return kube::deleting(pod) || namesakes;
}

// A pod that was made from another spec; one without the annotation is another operator's, and stays.
bool outdated(const Object& pod, const Object& wanted) {
  const std::string_view made_of = kube::annotation(pod, kMadeOf);
  return !made_of.empty() && made_of != kube::annotation(wanted, kMadeOf);
}

bool current(const Object* there, const Object& wanted) {
  return there != nullptr && kube::name(*there) == kube::name(wanted) &&
         kube::annotation(*there, kMadeOf) == kube::annotation(wanted, kMadeOf);
}

Removal removal_of(const Object& pod) {
  return {"v1", "Pod", std::string(kube::name(pod)), std::string(kube::uid(pod))};
}

std::string why_not_ready(const Object& pod) {
  std::string why(json::str(pod, "status.message"));
  const json::value* ready = kube::condition(pod, "Ready");
  if (why.empty() && ready != nullptr) why = json::str(*ready, "message");
  if (why.empty()) why = fmt::format("it is {}", json::str(pod, "status.phase", "Pending"));
  return "Server pod is not ready: " + why;
}

struct Standing {
  std::string state, message;
  bool ready = false;
};

void say(ConnectDecision& decision, const Object& connect, const ConnectSeen& seen, const Standing& standing,
         const std::string& service, Time now) {
  const json::value* before = json::find_member(connect, "status");
  const json::value old = before == nullptr ? json::value(json::object()) : *before;
  Object next = json::object{{"status", old}};
  json::value& status = next.as_object()["status"];
  if (json::str(status, "startTime").empty()) json::set(status, "startTime", rfc3339(now));
  json::set(status, "state", standing.state);
  kube::set_condition(next, kReady, standing.ready ? "True" : "False",
                      standing.ready ? "ServerPodReady" : "ServerPodNotReady", standing.message, rfc3339(now));
  json::object server{{"podName", made_name(connect, "server")}};
  if (seen.pod != nullptr)
    if (const std::string_view ip = json::str(*seen.pod, "status.podIP"); !ip.empty()) server["podIp"] = ip;
  if (!service.empty()) server["serviceName"] = service;
  json::set(status, "server", std::move(server));
  json::object executors;
  for (const auto& [phase, count] : seen.executors) executors[phase] = count;
  if (executors.empty())
    json::remove(status, "executors");
  else
    json::set(status, "executors", std::move(executors));
  if (status == old) return;
  if (json::str(old, "state") != standing.state) {
    if (standing.state == "Ready") decision.events.push_back({false, "SparkConnectReady", standing.message});
    if (standing.state == "Failed") decision.events.push_back({true, "SparkConnectFailed", standing.message});
  }
  json::set(status, "lastUpdateTime", rfc3339(now));
  decision.status = std::move(status);
}

Standing standing_of(const Object& connect, const Object* pod) {
  if (pod != nullptr && kube::condition_is_true(*pod, "Ready") && !kube::deleting(*pod))
    return {"Ready", "Server pod is ready", true};
  const std::string_view before = json::str(connect, "status.state");
  const bool was_ready = before == "Ready" || before == "NotReady";
  if (pod == nullptr) return {was_ready ? "NotReady" : "Provisioning", "Server pod is not ready: it is being made"};
  return {ended(*pod) ? "Failed" : was_ready ? "NotReady" : "Provisioning", why_not_ready(*pod)};
}

}  // namespace

ConnectPlan plan_connect(const Object& connect) {
  check_name(connect);
  const ConnectSpec c(connect);
  refuse_properties(*json::find_member(connect, "spec"), kube::ns(connect));
  const spark::Rules rules = rules_of(c);
  ConnectPlan plan;
  try {
    const Conf conf = conf_of(connect, c, rules);
    plan = {.pod = server_pod(connect, c, conf, rules),
            .service = service_of(connect, c, conf),
            .config_map = config_map_of(connect, c)};
  } catch (const InvalidApplication&) {
    throw;
  } catch (const spark::InvalidConf& e) {
    throw InvalidApplication("spec.sparkConf", e.what());
  } catch (const Error& e) {  // something on the way is no object
    throw InvalidApplication("spec.server.template", e.what());
  }
  sign(plan.pod, fingerprint_of(connect), connect);
  for (Object* object : {&plan.service, &plan.config_map}) sign(*object, fingerprint(*object), connect);
  return plan;
}

ConnectDecision decide(const Object& connect, const ConnectSeen& seen, Time now) {
  ConnectDecision decision;
  if (kube::deleting(connect)) return decision;
  ConnectPlan plan;
  try {
    plan = plan_connect(connect);
  } catch (const InvalidApplication& e) {
    say(decision, connect, seen, {"Failed", e.what()}, "", now);
    return decision;
  }
  if (!current(seen.config_map, plan.config_map)) decision.apply.push_back(plan.config_map);
  if (!current(seen.service, plan.service)) decision.apply.push_back(plan.service);
  if (seen.pod == nullptr) {
    decision.create = plan.pod;
  } else if (is_leaving(*seen.pod, connect)) {
    decision.look_again = kBetweenServers;  // the garbage collector takes it, and then it is made
  } else if (!kube::owned_by(*seen.pod, kube::uid(connect))) {
    return not_made(connect, seen, fmt::format("pod {} is another's", kube::name(*seen.pod)), now);
  } else if (!kube::deleting(*seen.pod) && outdated(*seen.pod, plan.pod)) {
    decision.remove = removal_of(*seen.pod);
  } else if (!kube::deleting(*seen.pod) && ended(*seen.pod)) {
    const auto created = parse_rfc3339(json::str(*seen.pod, "metadata.creationTimestamp"));
    const Duration left = created ? *created + kBetweenServers - now : Duration(0);
    if (left > Duration(0))
      decision.look_again = left;
    else
      decision.remove = removal_of(*seen.pod);
  }
  say(decision, connect, seen, standing_of(connect, seen.pod), std::string(kube::name(plan.service)), now);
  return decision;
}

ConnectDecision not_made(const Object& connect, const ConnectSeen& seen, const std::string& why, Time now) {
  ConnectDecision decision;
  say(decision, connect, seen, {"Failed", why}, "", now);
  decision.look_again = kAfterRefusal;
  return decision;
}

Object project_connected(Object object) {
  json::object metadata = some_of(object, "metadata",
                                  {"name", "namespace", "uid", "resourceVersion", "creationTimestamp",
                                   "deletionTimestamp", "labels", "ownerReferences"});
  if (const std::string_view made_of = kube::annotation(object, kMadeOf); !made_of.empty())
    metadata["annotations"] = json::object{{kMadeOf, made_of}};
  json::object out{{"kind", kube::kind(object)}, {"metadata", std::move(metadata)}};
  json::object status = some_of(object, "status", {"phase", "podIP", "message"});
  if (const json::value* ready = kube::condition(object, "Ready"); ready != nullptr)
    status["conditions"] = json::array{*ready};
  if (!status.empty()) out["status"] = std::move(status);
  return out;
}

}  // namespace spoke::op
