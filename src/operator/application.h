// A SparkApplication as the operator works with it: who it is, how it stands, and what it asks for.
//
// Spec keeps Kubernetes' own types (affinity, containers, volumes) as the documents they came as: they go into the pod
// unread, and the API server checks them there.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "kube/meta.h"
#include "operator/extras.h"
#include "operator/reader.h"
#include "operator/restart.h"
#include "operator/status.h"

namespace spoke::op {

struct NamePath {
  std::string name, path;
};

struct SecretMount {
  std::string name, path, type;  // GCPServiceAccount, HadoopDelegationToken; anything else is Generic
};

struct SecretKey {
  std::string name, key;
};

struct Gpu {
  std::string name;  // "nvidia.com/gpu"
  std::int64_t quantity = 0;
};

// What driver and executor have in common. Nothing, "" and empty mean that it was not written.
struct PodSpec {
  std::string field;  // "spec.driver" or "spec.executor", for errors
  std::optional<json::value> pod_template;
  std::optional<std::int64_t> cores;
  std::optional<std::string> core_request, core_limit, memory, memory_limit, memory_overhead;
  std::optional<Gpu> gpu;
  std::optional<std::string> image;
  std::vector<NamePath> config_maps;
  std::vector<SecretMount> secrets;
  json::array env;
  Texts env_vars;
  json::array env_from;
  std::map<std::string, SecretKey> env_secret_key_refs;
  Texts labels, annotations, node_selector;
  json::array volume_mounts;
  std::optional<json::value> affinity;
  json::array tolerations;
  std::optional<json::value> pod_security_context, security_context;
  std::optional<std::string> scheduler_name, priority_class_name;
  json::array sidecars, init_containers, host_aliases;
  std::optional<bool> host_network, share_process_namespace;
  std::optional<json::value> dns_config, lifecycle;
  std::optional<std::int64_t> termination_grace_period_seconds;
  std::optional<std::string> service_account, java_options;
  json::array ports;
};

struct DriverSpec : PodSpec {
  std::optional<std::string> pod_name, kubernetes_master;
  Texts service_annotations, service_labels;
};

struct ExecutorSpec : PodSpec {
  std::optional<std::int64_t> instances;
  std::optional<bool> delete_on_termination;
};

struct Dependencies {
  std::vector<std::string> jars, files, py_files, packages, exclude_packages, repositories, archives;
};

struct DynamicAllocation {
  bool enabled = false;
  std::optional<std::int64_t> initial_executors, min_executors, max_executors;
  bool shuffle_tracking_enabled = true;
  std::optional<std::int64_t> shuffle_tracking_timeout;  // ms
};

struct UiOptions {
  std::optional<std::int64_t> service_port;
  std::optional<std::string> service_port_name, service_type;
  Texts service_annotations, service_labels;
  Texts ingress_annotations;
  json::array ingress_tls;
};

// A further port of the driver.
struct DriverIngress {
  std::int64_t service_port = 0;
  std::optional<std::string> service_port_name, service_type;
  Texts service_annotations, service_labels;
  std::string url_format;  // "": a Service alone
  Texts ingress_annotations;
  json::array ingress_tls;
};

// The exporter of JMX values to Prometheus, a Java agent in the image.
struct Prometheus {
  std::string jar;
  std::int64_t port = 8090;
  std::string port_name = "jmx-exporter";
  std::optional<std::string> config_file, configuration;
};

struct Monitoring {
  bool driver = false, executor = false;
  std::optional<std::string> metrics_properties, metrics_properties_file;
  std::optional<Prometheus> prometheus;
};

struct BatchOptions {
  std::optional<std::string> queue, priority_class_name;
  json::object resources;
};

struct Spec {
  std::string type;  // Java, Scala, Python, R
  std::string spark_version;
  std::string mode;
  std::optional<std::string> proxy_user, image, image_pull_policy;
  std::vector<std::string> image_pull_secrets;
  std::optional<std::string> main_class;
  std::string main_application_file;
  std::vector<std::string> arguments;
  Texts spark_conf, hadoop_conf;
  std::optional<std::string> spark_config_map, hadoop_config_map;
  json::array volumes;
  DriverSpec driver;
  ExecutorSpec executor;
  Dependencies deps;
  Texts node_selector;
  std::optional<std::string> python_version, memory_overhead_factor;
  std::optional<UiOptions> ui;
  std::vector<DriverIngress> driver_ingresses;
  std::optional<Monitoring> monitoring;
  std::optional<std::string> batch_scheduler;
  BatchOptions batch;
  bool driver_budget = false;
  std::optional<DynamicAllocation> dynamic_allocation;
};

struct Application {
  std::string name, ns, uid, resource_version;
  std::optional<Time> created;
  bool deleting = false;
  Texts labels;
  Status status;
  // What may be changed while it runs.
  bool suspend = false;
  std::optional<std::int64_t> time_to_live;  // s, after its end
  RestartPolicy restart;
  // What has something made beside the pods that is of no use after their end.
  bool driver_budget = false;
  std::string batch_scheduler;
  Extras extras;
  // Of all the rest (operator/ids.h): what an attempt is made from.
  std::string fingerprint;
  bool edited = false;  // seen to be, since an attempt began whose id does not tell what it was made from
  json::value spec;     // as it was written; what is above alone where a cache has dropped the rest

  std::string key() const { return ns + "/" + name; }
};

// Never throws: what is missing is empty.
Application read_application(const kube::Object& document);
// The same without its fingerprint, for who only wants to know what would be made of it.
Application read_for_plan(const kube::Object& document);

// Whether an attempt may be made from the spec, or taken back by it, in that state.
bool needs_spec(State state);

// Of an application only what the operator needs: the whole spec only in the states in which an attempt is made or
// taken back, so that many thousands that run, or have run, take little memory.
kube::Object project_application(kube::Object application);

// The spec with what it leaves out filled in as kubeflow's mutating webhook does (SetSparkApplicationDefaults): one
// core and 1g for driver and executors, one executor, shuffle tracking on. Throws InvalidApplication for what is
// missing, of another type or at odds with itself, and for what this operator does not act upon (operator/refused.h).
Spec read_spec(const Application& app);

// Nothing where it is not there.
std::optional<DynamicAllocation> read_dynamic_allocation(const Reader& r);

// {apiVersion, kind, name, uid, controller, blockOwnerDeletion}: an owner reference to the application.
json::value owner_reference(const Application& app);

// spec.driver.podName, else spark.kubernetes.driver.pod.name, else "<name>-driver".
std::string driver_pod_name(const Application& app, const Spec& spec);

}  // namespace spoke::op
