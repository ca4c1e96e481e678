#include "submit/as_application.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "base/strings.h"
#include "spark/pod_template.h"
#include "spark/uris.h"

namespace spoke::submit {
namespace {

constexpr std::string_view kDriverContainer = "spark-kubernetes-driver";
constexpr std::string_view kExecutorContainer = "spark-kubernetes-executor";

// Properties that have a field of their own.
struct Field {
  std::string_view property, field;
  enum class Type { Text, Integer, List } type = Type::Text;
};
constexpr Field kFields[] = {
    {"spark.kubernetes.container.image", "image"},
    {"spark.kubernetes.container.image.pullPolicy", "imagePullPolicy"},
    {"spark.kubernetes.driver.container.image", "driver.image"},
    {"spark.kubernetes.executor.container.image", "executor.image"},
    {"spark.kubernetes.driver.master", "driver.kubernetesMaster"},
    {"spark.driver.cores", "driver.cores", Field::Type::Integer},
    {"spark.driver.memory", "driver.memory"},
    {"spark.kubernetes.driver.pod.name", "driver.podName"},
    {"spark.kubernetes.authenticate.driver.serviceAccountName", "driver.serviceAccount"},
    {"spark.executor.cores", "executor.cores", Field::Type::Integer},
    {"spark.executor.memory", "executor.memory"},
    {"spark.executor.instances", "executor.instances", Field::Type::Integer},
    {"spark.kubernetes.authenticate.executor.serviceAccountName", "executor.serviceAccount"},
    {"spark.jars", "deps.jars", Field::Type::List},
    {"spark.files", "deps.files", Field::Type::List},
    {"spark.archives", "deps.archives", Field::Type::List},
    {"spark.submit.pyFiles", "deps.pyFiles", Field::Type::List},
    {"spark.jars.packages", "deps.packages", Field::Type::List},
    {"spark.jars.excludes", "deps.excludePackages", Field::Type::List},
    {"spark.jars.repositories", "deps.repositories", Field::Type::List},
};

// What the operator decides by itself.
constexpr std::string_view kOwnProperties[] = {
    "spark.master",
    "spark.submit.deployMode",
    "spark.app.name",
    "spark.kubernetes.namespace",
    "spark.kubernetes.context",
    "spark.kubernetes.submission.waitAppCompletion",
    "spark.kubernetes.report.interval",
    "spark.kubernetes.file.upload.path",
    "spark.kubernetes.driver.podTemplateFile",
    "spark.kubernetes.driver.podTemplateContainerName",
    "spark.kubernetes.executor.podTemplateFile",
    "spark.kubernetes.executor.podTemplateContainerName",
};

// Properties that name files of the submitter's, whose content no field holds.
constexpr std::string_view kFileProperties[] = {
    "spark.kubernetes.authenticate.driver.caCertFile",         "spark.kubernetes.authenticate.driver.clientKeyFile",
    "spark.kubernetes.authenticate.driver.clientCertFile",     "spark.kubernetes.kerberos.krb5.path",
    "spark.kubernetes.scheduler.volcano.podGroupTemplateFile",
};

void refuse_files(const spark::Submission& s) {
  for (const auto& uri : spark::uploads_needed(s))
    fail(
        "{} is a file of this machine, which an operator cannot read; upload it and name its URI, or put it into the "
        "image "
        "and name it with local://",
        spark::local_path(uri));
  for (const auto property : kFileProperties)
    if (s.conf.has(property))
      fail(
          "{} names a file of this machine, for which a SparkApplication has no field; make a Secret or ConfigMap of "
          "it and "
          "mount that with spec.driver.secrets or spec.driver.configMaps",
          property);
  for (const auto& [property, value] : s.conf.all())
    if (property.starts_with("spark.kubernetes.authenticate.") && property.ends_with("oauthToken") &&
        !property.starts_with("spark.kubernetes.authenticate.submission."))
      fail("{} is a credential, which a SparkApplication must not hold; use a service account", property);
  if (const auto keytab = s.conf.raw("spark.kerberos.keytab"); keytab && spark::needs_upload(*keytab))
    fail("spark.kerberos.keytab names a file of this machine; mount it from a Secret, and name it with local:");
}

// What the submitter's environment says, as properties: an operator has another one.
void take_environment(spark::Conf& conf) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 3> kVariables = {{
      {"PYSPARK_DRIVER_PYTHON", "spark.pyspark.driver.python"},
      {"PYSPARK_PYTHON", "spark.pyspark.python"},
      {"SPARK_LOCAL_DIRS", "spark.local.dir"},
  }};
  const bool python = conf.has("spark.pyspark.python");  // it counts for the driver too, before the environment
  for (const auto& [variable, property] : kVariables)
    if (const auto value = conf.env(variable); value && (property == "spark.local.dir" || !python))
      if (property == "spark.local.dir" || !conf.has(property)) conf.set(property, *value);
}

json::value pod_template(const spark::Submission& s, std::string_view role, std::string_view container_name,
                         std::vector<std::string>& warnings) {
  const auto name = s.conf.text(fmt::format("spark.kubernetes.{}.podTemplateContainerName", role));
  spark::SparkPod pod = spark::load_pod_template(
      spark::file_of(s, fmt::format("spark.kubernetes.{}.podTemplateFile", role)), name, warnings);
  if (const auto own = json::str(pod.container, "name"); !own.empty() && own != container_name)
    warnings.push_back(fmt::format("the container {} of the {}'s template is called {} in a SparkApplication", own,
                                   role, container_name));
  json::set(pod.container, "name", container_name);
  json::make_array(pod.pod, "spec.containers").push_back(std::move(pod.container));
  json::remove(pod.pod, "apiVersion");
  json::remove(pod.pod, "kind");
  return pod.pod;
}

void put(json::value& spec, const Field& field, const std::string& value, spark::Properties& rest) {
  if (field.type == Field::Type::Text) {
    json::set(spec, field.field, value);
  } else if (field.type == Field::Type::List) {
    for (const auto& item : split(value, ','))
      if (const auto word = trim(item); !word.empty()) json::make_array(spec, field.field).push_back(json::value(word));
  } else if (const auto number = to_int(value); number && *number > 0) {
    json::set(spec, field.field, *number);
  } else {
    rest.emplace(field.property, value);  // the operator will say what is wrong with it
  }
}

// A label's form, with a letter at the beginning: what may be a Service's name.
std::string object_name(std::string_view app_name) {
  std::string name = spark::app_name_label(app_name);
  if (name.empty() || name[0] < 'a' || name[0] > 'z') name = "spark-" + name;
  name = name.substr(0, 63);
  while (name.ends_with('-')) name.pop_back();
  return name;
}

}  // namespace

kube::Object as_application(const spark::Submission& submission, std::vector<std::string>& warnings) {
  const spark::Submission ruled = spark::with_submit_rules(submission, warnings);
  refuse_files(submission);
  spark::Conf conf = submission.conf;
  take_environment(conf);
  if (submission.conf_dir && !submission.conf_dir->empty())
    warnings.push_back(
        "the files of SPARK_CONF_DIR are left out; make a ConfigMap of them and name it in "
        "spec.sparkConfigMap");
  if (submission.hadoop_conf_dir)
    warnings.push_back(
        "the files of HADOOP_CONF_DIR are left out; make a ConfigMap of them and name it in "
        "spec.hadoopConfigMap");

  json::value spec = json::object();
  constexpr std::string_view kTypes[] = {"Scala", "Python", "R"};
  json::set(spec, "type", kTypes[static_cast<int>(submission.language)]);
  json::set(spec, "mode", "cluster");
  json::set(spec, "sparkVersion", submission.rules.version);
  if (!submission.main_class.empty()) json::set(spec, "mainClass", submission.main_class);
  json::set(spec, "mainApplicationFile",
            submission.resource.empty() ? spark::kNoResource : std::string_view(submission.resource));
  for (const auto& arg : submission.args) json::make_array(spec, "arguments").push_back(json::value(arg));
  if (submission.proxy_user) json::set(spec, "proxyUser", *submission.proxy_user);
  json::set(spec, "restartPolicy.type", "Never");

  spark::Properties rest;
  for (const auto& [property, value] : conf.all()) {
    const auto field =
        std::find_if(std::begin(kFields), std::end(kFields),
                     [&, name = std::string_view(property)](const Field& f) { return f.property == name; });
    const auto own = std::find(std::begin(kOwnProperties), std::end(kOwnProperties), std::string_view(property));
    if (field != std::end(kFields))
      put(spec, *field, conf.text(property, value), rest);
    else if (own == std::end(kOwnProperties) && !property.starts_with("spark.kubernetes.authenticate.submission."))
      rest.emplace(property, value);
  }
  for (const auto& [property, value] : rest) json::make_object(spec, "sparkConf")[property] = value;
  json::make_object(spec, "driver");
  json::make_object(spec, "executor");
  if (conf.has("spark.kubernetes.driver.podTemplateFile"))
    json::set(spec, "driver.template", pod_template(submission, "driver", kDriverContainer, warnings));
  if (conf.has("spark.kubernetes.executor.podTemplateFile"))
    json::set(spec, "executor.template", pod_template(submission, "executor", kExecutorContainer, warnings));

  return json::object{{"apiVersion", "sparkoperator.k8s.io/v1beta2"},
                      {"kind", "SparkApplication"},
                      {"metadata", json::object{{"name", object_name(ruled.app_name())}, {"namespace", ruled.ns()}}},
                      {"spec", std::move(spec)}};
}

}  // namespace spoke::submit
