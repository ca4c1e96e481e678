// What changed from one version of Spark to the next, as far as the objects of a submission show it.
#pragma once

#include <string>
#include <string_view>

namespace spoke::spark {

// Every rule is false for Spark 3.5; versions.cc has the table of when each became true.
struct Rules {
  std::string version;  // as given, "4.1.4": the label spark-version, {{SPARK_VERSION}} in images

  bool hadoop_conf_is_utf8 = false;       // a file of HADOOP_CONF_DIR that is not is refused; before, mended
  bool min_memory_overhead = false;       // spark.{driver,executor}.minMemoryOverhead
  bool host_path_type = false;            // hostPath volumes: options.type
  bool sub_path_expr = false;             // mount.subPathExpr, written even when empty
  bool claim_metadata = false;            // persistentVolumeClaim volumes: label.*, annotation.*
  bool volume_sizes_checked = false;      // "Missing units?"
  bool read_write_once_pod = false;       // access mode of claims on demand; before, ReadWriteOnce
  bool ids_in_labels = false;             // {{APP_ID}} in labels; in annotations it always was
  bool connect_included = false;          // the Connect server is among Spark's jars
  bool version_in_image = false;          // {{SPARK_VERSION}}
  bool connect_port = false;              // spark-connect, 15002
  bool excluded_steps = false;            // spark.kubernetes.driver.pod.excludedFeatureSteps
  bool pipelines = false;                 // spark-pipelines
  bool connect_app_protocol = false;      // the Service's connect port says grpc
  bool load_spark_defaults = false;       // the option of spark-submit
  bool extra_properties_files = false;    // --extra-properties-file
  bool connect_server_on_yarn = false;    // a Connect server in cluster mode: how it is refused
  bool iec_suffixes = false;              // memory as "1gib"
  bool network_policy = false;            // executors are reached from their own application only
  bool proxy_user_is_spark_user = false;  // SPARK_USER of the driver
  bool no_privilege_escalation = false;   // securityContext.allowPrivilegeEscalation is written
  bool publish_not_ready = false;         // the Service's publishNotReadyAddresses is written
};

// "4.1.4", "4.2", "3.5.8-amzn-1". A version newer than those known gets the newest rules; throws Error for one before
// 3.5, and for text that is no version.
Rules rules_for(std::string_view version);

}  // namespace spoke::spark
