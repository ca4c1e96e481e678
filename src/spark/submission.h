// What is submitted: an application, its configuration, and all that spark-submit would look up around it, as values.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "spark/conf.h"
#include "spark/names.h"
#include "spark/versions.h"

namespace spoke::spark {

enum class Language { Jvm, Python, R };

// By the resource's ending: .py, .R or .r, else the JVM (SparkSubmit.isPython, isR).
Language language_of(std::string_view resource);

struct Submission {
  Rules rules;
  // Properties of every source by their precedence, and the submitter's environment. spark.master is needed.
  Conf conf;

  Language language = Language::Jvm;
  std::string main_class;  // of a JVM application
  std::string resource;    // jar, .py or .R, as a URI or a path of the submitter; "" or "spark-internal" for none
  std::vector<std::string> args;
  std::optional<std::string> proxy_user;

  std::string user;          // the submitter's name, where the environment has no SPARK_USER
  std::string folder = "/";  // from which relative paths are taken
  Ids ids;

  // What properties point to: the content of each file by its path as the property has it (podTemplateFile, caCertFile,
  // clientKeyFile, clientCertFile, krb5.path, spark.kerberos.keytab, podGroupTemplateFile).
  Properties files;
  std::optional<Properties> conf_dir;         // the regular files of SPARK_CONF_DIR, name and content
  std::optional<Properties> hadoop_conf_dir;  // and of HADOOP_CONF_DIR, where the environment has it
  std::string delegation_tokens;              // Hadoop's serialized credentials, where the submitter obtained some
  // Where the submitter's own files have been put: uploads_needed()'s URIs, each with that of its copy.
  Properties uploads;

  std::string ns() const { return conf.text("spark.kubernetes.namespace", "default"); }
  std::string app_name() const { return conf.raw("spark.app.name", "spark"); }
};

// spark-submit's own rules for cluster mode on Kubernetes (SparkSubmit.prepareSubmitEnvironment and
// SparkSubmitArguments' checks): the properties it always writes, those it drops, the main jar among spark.jars, paths
// as URIs. Not to be applied twice. `warnings` takes what spark-submit would log.
Submission with_submit_rules(Submission submission, std::vector<std::string>& warnings);

// "host:6443", "k8s://host:6443", "k8s://http://host" -> "k8s://https://host:6443" or as it is. Throws InvalidConf.
std::string check_master(std::string_view master);

// The files that are with the submitter and must be uploaded first: URIs without fragments, in the order in which
// spark-submit uploads them. Takes a submission as it is before with_submit_rules.
std::vector<std::string> uploads_needed(const Submission& submission);

// The content of the file that `property` names. Throws InvalidConf where it did not come with the submission.
const std::string& file_of(const Submission& submission, std::string_view property);

// Where the copy of the submitter's own `uri` is. Throws InvalidConf where it has not been uploaded.
const std::string& copy_of(const Submission& submission, std::string_view uri);

}  // namespace spoke::spark
