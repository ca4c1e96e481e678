#include "submit/job.h"

#include <fmt/format.h>

#include <array>
#include <utility>

#include "base/random.h"
#include "base/strings.h"
#include "base/utf8.h"
#include "spark/uris.h"
#include "submit/files.h"

namespace spoke::submit {
namespace {

constexpr std::array<std::string_view, 8> kFileProperties = {
    "spark.kubernetes.driver.podTemplateFile",
    "spark.kubernetes.executor.podTemplateFile",
    "spark.kubernetes.authenticate.driver.caCertFile",
    "spark.kubernetes.authenticate.driver.clientKeyFile",
    "spark.kubernetes.authenticate.driver.clientCertFile",
    "spark.kubernetes.kerberos.krb5.path",
    "spark.kerberos.keytab",
    "spark.kubernetes.scheduler.volcano.podGroupTemplateFile",
};
constexpr std::array<std::string_view, 4> kListProperties = {"spark.jars", "spark.files", "spark.archives",
                                                             "spark.submit.pyFiles"};

// The programs that are there for a person, or serve a port: cluster mode would give them nobody to talk to.
void refuse_shells(const spark::Submission& s) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 7> kShells = {{
      {"org.apache.spark.repl.Main", "Spark shells"},
      {"spark-shell", "Spark shells"},
      {"pyspark-shell", "Spark shells"},
      {"sparkr-shell", "Spark shells"},
      {"org.apache.spark.sql.hive.thriftserver.SparkSQLCLIDriver", "Spark SQL shell"},
      {"org.apache.spark.sql.hive.thriftserver.HiveThriftServer2", "Spark Thrift server"},
      {"org.apache.spark.sql.connect.service.SparkConnectServer", "Spark Connect server"},
  }};
  for (const auto& [name, what] : kShells) {
    if (s.resource != name && s.main_class != name) continue;
    if (s.rules.connect_server_on_yarn && what == "Spark Connect server")
      fail(
          "Launching Spark Connect server in cluster deploy mode is supported only for YARN; `spoke connect up` runs "
          "one "
          "on Kubernetes");
    fail("Cluster deploy mode is not applicable to {}.{}", what,
         what == "Spark Connect server" ? " `spoke connect up` runs one on Kubernetes" : "");
  }
}

void read_main_class(spark::Submission& s, const Surroundings& around) {
  if (s.language != spark::Language::Jvm || !s.main_class.empty()) return;
  // The name comes first: it is the main class only where that was given.
  s.conf.set_if_missing("spark.app.name", s.resource.substr(s.resource.rfind('/') + 1));
  if (s.resource == spark::kNoResource) return;
  if (!spark::needs_upload(s.resource))
    fail(
        "Failed to get main class in JAR with error 'spoke looks only into jars of this machine, and this one is {}'.  "
        "Please specify one with --class.",
        s.resource);
  std::error_code ignored;
  try {
    if (!std::filesystem::is_regular_file(around.path_of(s.resource), ignored))
      fail("File {} does not exist", spark::resolve_uri(s.resource, around.folder));
    s.main_class = main_class_of(around.path_of(s.resource)).value_or("");
  } catch (const Error& e) {
    fail("Failed to get main class in JAR with error '{}'.  Please specify one with --class.", e.what());
  }
}

// What only a submitter that starts a JVM would find out later.
void check_settings(const spark::Submission& s, const Arguments& arguments, const Surroundings& around) {
  if (s.conf.raw("spark.kubernetes.namespace") == "")
    fail("namespace not specified for an operation requiring one: spark.kubernetes.namespace is empty");
  const auto& cores = arguments.total_executor_cores;
  if (cores && to_int(*cores).value_or(-1) <= 0) fail("Total executor cores must be a positive number");
  const auto keytab = s.conf.raw("spark.kerberos.keytab");
  std::error_code ignored;
  if (keytab && spark::needs_upload(*keytab) && s.conf.has("spark.kerberos.principal") &&
      !std::filesystem::exists(around.path_of(*keytab), ignored))
    fail("requirement failed: Keytab file: {} does not exist", *keytab);
}

// Every file becomes text in a ConfigMap.
spark::Properties read_hadoop_conf(const Path& dir, const spark::Rules& rules) {
  spark::Properties files = read_folder(dir);
  if (!rules.hadoop_conf_is_utf8) return files;
  for (const auto& [name, content] : files)
    if (!is_utf8(content))
      fail("{} in HADOOP_CONF_DIR ({}) is no text in UTF-8 (MalformedInputException); take it out of there", name,
           dir.string());
  return files;
}

void read_files(spark::Submission& s, const Surroundings& around, const Fetch& fetch) {
  for (const auto property : kFileProperties) {
    const auto path = s.conf.text(property);
    if (!path || path->empty() || path->starts_with("local:")) continue;
    if (spark::needs_upload(*path)) {
      std::error_code ignored;
      if (const Path file = around.path_of(*path); std::filesystem::is_regular_file(file, ignored))
        s.files[*path] = read_file(file);
    } else {
      s.files[*path] = fetch(*path);
    }
  }
}

}  // namespace

std::span<const std::string_view> file_properties() { return kFileProperties; }
std::span<const std::string_view> list_properties() { return kListProperties; }

spark::Submission read_submission(const Arguments& arguments, const Settings& settings, const Surroundings& around,
                                  const Fetch& fetch) {
  spark::Submission s;
  s.rules = spark::rules_for(settings.spark_version);
  s.conf = settings.conf;
  s.conf.set("spark.master", *settings.master);
  s.main_class = arguments.main_class.value_or("");
  s.resource = arguments.resource.value_or("");
  if (s.resource.empty()) s.resource = spark::file_uri(around.folder);  // what an empty path is in Java
  s.args = arguments.args;
  s.language = spark::language_of(s.resource);
  s.proxy_user = arguments.proxy_user;
  s.user = around.user;
  s.folder = around.folder;
  s.ids = spark::Ids::draw(random_bytes(spark::Ids::kRandomBytes), now());

  refuse_shells(s);
  check_settings(s, arguments, around);
  read_main_class(s, around);
  for (const auto property : kListProperties)
    if (const auto list = s.conf.raw(property)) s.conf.set(property, resolve_globs(*list, around));
  read_files(s, around, fetch);
  if (const auto dir = around.conf_dir()) s.conf_dir = read_folder(*dir);
  if (const auto dir = around.variable("HADOOP_CONF_DIR"))
    s.hadoop_conf_dir = read_hadoop_conf(around.path_of(*dir), s.rules);
  return s;
}

}  // namespace spoke::submit
