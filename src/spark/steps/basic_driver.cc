// The driver's container: image, ports, environment, resources; the pod's labels and placement; what was uploaded.
// Source: BasicDriverFeatureStep (Spark 3.5 to 4.3).

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/strings.h"
#include "spark/driver_ports.h"
#include "spark/memory.h"
#include "spark/steps.h"
#include "spark/uris.h"

namespace spoke::spark {
namespace {

std::string image(const Submission& s) {
  const auto common = s.conf.text("spark.kubernetes.container.image");
  const auto image = s.conf.has("spark.kubernetes.driver.container.image")
                         ? s.conf.text("spark.kubernetes.driver.container.image")
                         : common;
  if (!image)
    throw InvalidConf("spark.kubernetes.container.image",
                      "Must specify the driver container image (spark.kubernetes.container.image)");
  return s.rules.version_in_image ? replace_all(*image, "{{SPARK_VERSION}}", s.rules.version) : *image;
}

void add_ports(const Submission& s, Draft& draft) {
  const auto block_manager = s.conf.plain_integer("spark.driver.blockManager.port",
                                                  s.conf.plain_integer("spark.blockManager.port", kBlockManagerPort));
  auto& ports = json::make_array(draft.container, "ports");
  for (const auto& port : driver_ports(s, block_manager))
    ports.push_back(json::object{{"name", port.name}, {"containerPort", port.number}, {"protocol", "TCP"}});
}

void add_environment(const Submission& s, Draft& draft) {
  const std::string submitter = s.conf.env("SPARK_USER").value_or(s.user);
  draft.add_env("SPARK_USER", s.rules.proxy_user_is_spark_user ? s.proxy_user.value_or(submitter) : submitter);
  draft.add_env("SPARK_APPLICATION_ID", s.ids.app);
  for (const auto& [name, value] : s.conf.with_prefix("spark.kubernetes.driverEnv.")) draft.add_env(name, value);
  draft.add_env_from("SPARK_DRIVER_BIND_ADDRESS",
                     {{"fieldRef", json::object{{"apiVersion", "v1"}, {"fieldPath", "status.podIP"}}}});
}

// spark.driver.resource.gpu.{amount,vendor} -> "nvidia.com/gpu": "2" (ResourceUtils, KubernetesUtils).
Properties device_limits(const Conf& conf) {
  constexpr std::string_view kFamily = "spark.driver.resource.";
  std::set<std::string> names;
  for (const auto& [rest, value] : conf.with_prefix(kFamily)) {
    if (rest.find('.') == std::string::npos)
      throw InvalidConf(
          std::string(kFamily) + rest,
          fmt::format("You must specify an amount config for resource: {} config: {}{}", rest, kFamily, rest));
    names.insert(rest.substr(0, rest.find('.')));
  }
  Properties limits;
  for (const auto& name : names) {
    const std::string amount = fmt::format("{}{}.amount", kFamily, name);
    if (!conf.has(amount)) throw InvalidConf(amount, fmt::format("You must specify an amount for {}", name));
    if (conf.plain_integer(amount, 0) <= 0) continue;
    const std::string vendor = fmt::format("{}{}.vendor", kFamily, name);
    if (!conf.has(vendor))
      throw InvalidConf(vendor, fmt::format("Resource: {} was requested, but vendor was not specified.", name));
    limits[fmt::format("{}/{}", conf.raw(vendor, ""), name)] = std::to_string(conf.plain_integer(amount, 0));
  }
  return limits;
}

void add_resources(const Submission& s, Draft& draft, const DriverMemory& memory) {
  const std::string cores = std::to_string(s.conf.integer("spark.driver.cores", 1));
  const std::string amount = fmt::format("{}Mi", memory.total_mib());
  Properties limits = device_limits(s.conf);
  if (const auto cpu = s.conf.text("spark.kubernetes.driver.limit.cores")) limits["cpu"] = *cpu;
  limits["memory"] = amount;
  merge(draft.container, "resources.limits", limits);
  merge(draft.container, "resources.requests",
        {{"cpu", s.conf.text("spark.kubernetes.driver.request.cores", cores)}, {"memory", amount}});
}

void forbid_privilege_escalation(const Submission& s, Draft& draft) {
  if (!s.rules.no_privilege_escalation) return;
  const bool common = s.conf.flag("spark.kubernetes.securityContext.allowPrivilegeEscalation", false);
  json::set(draft.container, "securityContext.allowPrivilegeEscalation",
            s.conf.flag("spark.kubernetes.driver.securityContext.allowPrivilegeEscalation", common));
}

void configure_container(const Submission& s, Draft& draft, const DriverMemory& memory) {
  if (json::str(draft.container, "name").empty()) json::set(draft.container, "name", "spark-kubernetes-driver");
  json::set(draft.container, "image", image(s));
  json::set(draft.container, "imagePullPolicy",
            s.conf.one_of("spark.kubernetes.container.image.pullPolicy", {"Always", "Never", "IfNotPresent"},
                          "IfNotPresent"));
  add_ports(s, draft);
  add_environment(s, draft);
  add_resources(s, draft, memory);
  forbid_privilege_escalation(s, draft);
}

void configure_pod(const Submission& s, Draft& draft) {
  Properties annotations = s.conf.with_prefix("spark.kubernetes.driver.annotation.");
  for (auto& [name, value] : annotations) value = substitute_ids(std::move(value), s.ids.app);
  json::set(draft.pod, "metadata.name", draft.names.driver_pod);
  merge(draft.pod, "metadata.labels", draft.labels);
  merge(draft.pod, "metadata.annotations", annotations);

  json::set(draft.pod, "spec.restartPolicy", "Never");
  merge(draft.pod, "spec.nodeSelector", s.conf.with_prefix("spark.kubernetes.node.selector."));
  merge(draft.pod, "spec.nodeSelector", s.conf.with_prefix("spark.kubernetes.driver.node.selector."));
  for (const auto& secret : s.conf.list("spark.kubernetes.container.image.pullSecrets"))
    json::make_array(draft.pod, "spec.imagePullSecrets").push_back(json::object{{"name", secret}});
  auto scheduler = s.conf.text("spark.kubernetes.driver.scheduler.name");
  if (!scheduler) scheduler = s.conf.text("spark.kubernetes.scheduler.name");
  if (scheduler) json::set(draft.pod, "spec.schedulerName", *scheduler);
}

// Where a copy can be had, in the form that javax.ws.rs' UriBuilder gives it back: "file:///a" turns into "file:/a".
std::string with_fragment(std::string uri, std::string_view name) {
  if (const auto at = uri.find(":///"); at != std::string::npos) uri.erase(at + 1, 2);
  return name.empty() ? uri : fmt::format("{}#{}", uri, name);
}

// A list with the submitter's own files replaced by their copies, which come first; nothing where it has none.
std::optional<std::string> uploaded_list(const Submission& s, std::string_view property) {
  std::vector<std::string> copies;
  std::vector<std::string> others;
  for (const auto& uri : s.conf.list(property)) {
    if (!needs_upload(uri))
      others.push_back(uri);
    else if (property == "spark.archives")
      copies.push_back(with_fragment(copy_of(s, uri), fragment(uri)));
    else
      copies.push_back(copy_of(s, uri));
  }
  if (copies.empty()) return std::nullopt;
  copies.insert(copies.end(), others.begin(), others.end());
  return join(copies, ",");
}

}  // namespace

void basic_driver(const Submission& s, Draft& draft) {
  const DriverMemory memory = driver_memory(s.conf, s.rules, s.language == Language::Jvm);
  configure_container(s, draft, memory);
  configure_pod(s, draft);

  draft.properties["spark.kubernetes.driver.pod.name"] = draft.names.driver_pod;
  draft.properties["spark.app.id"] = s.ids.app;
  draft.properties["spark.kubernetes.submitInDriver"] = "true";
  draft.properties["spark.kubernetes.memoryOverheadFactor"] = java_text(memory.default_factor);
  for (const auto property : {"spark.jars", "spark.files", "spark.archives", "spark.submit.pyFiles"})
    if (auto list = uploaded_list(s, property)) draft.properties[property] = *std::move(list);
}

}  // namespace spoke::spark
