#include "submit/options.h"

namespace spoke::submit {
namespace {

constexpr std::string_view kApplication = "Application";
constexpr std::string_view kDependencies = "Dependencies";
constexpr std::string_view kResources = "Driver and executors";
constexpr std::string_view kConfiguration = "Configuration";
constexpr std::string_view kIdentity = "Identity";
constexpr std::string_view kSubmitted = "What was submitted";
constexpr std::string_view kOwn = "Beyond spark-submit";
constexpr std::string_view kCluster = "Cluster";

constexpr Option kOptions[] = {
    {Id::Master, "--master", "", "URL", "", kApplication,
     "k8s://https://host:port; else the server of the kubeconfig's context, in cluster mode"},
    {Id::DeployMode, "--deploy-mode", "", "client|cluster", "", kApplication,
     "where the driver runs: in a pod (cluster), or here, by the spark-submit of SPARK_HOME (client, which is "
     "spark-submit's default)"},
    {Id::Class, "--class", "", "NAME", "", kApplication, "the main class of a Java or Scala application"},
    {Id::Property, "--name", "", "NAME", "spark.app.name", kApplication, "a name for the application"},

    {Id::Property, "--jars", "", "JARS", "spark.jars", kDependencies, "jars for driver and executors, commas between"},
    {Id::Property, "--packages", "", "COORDINATES", "spark.jars.packages", kDependencies,
     "Maven coordinates (group:artifact:version), commas between; the driver resolves them"},
    {Id::Property, "--exclude-packages", "", "COORDINATES", "spark.jars.excludes", kDependencies,
     "group:artifact to leave out while --packages is resolved"},
    {Id::Property, "--repositories", "", "URLS", "spark.jars.repositories", kDependencies,
     "further repositories for --packages"},
    {Id::Property, "--py-files", "", "FILES", "spark.submit.pyFiles", kDependencies,
     ".zip, .egg and .py files for PYTHONPATH"},
    {Id::Property, "--files", "", "FILES", "spark.files", kDependencies,
     "files for the working directory of each executor"},
    {Id::Property, "--archives", "", "FILES", "spark.archives", kDependencies,
     "archives that are unpacked in the working directory; FILE#NAME names the folder"},

    {Id::AsConf, "--driver-memory", "", "MEMORY", "spark.driver.memory", kResources, "1024M, 2G; 1024M unless told"},
    {Id::Property, "--driver-cores", "", "N", "spark.driver.cores", kResources, "1 unless told"},
    {Id::AsConf, "--driver-java-options", "", "OPTIONS", "spark.driver.extraJavaOptions", kResources,
     "further options for the driver's JVM"},
    {Id::AsConf, "--driver-library-path", "", "PATHS", "spark.driver.extraLibraryPath", kResources,
     "further paths of native libraries"},
    {Id::AsConf, "--driver-class-path", "", "PATHS", "spark.driver.extraClassPath", kResources,
     "what stands first in the driver's class path"},
    {Id::AsConf, "--driver-default-class-path", "", "PATHS", "spark.driver.defaultExtraClassPath", kResources,
     "what stands last in the driver's class path"},
    {Id::Property, "--executor-memory", "", "MEMORY", "spark.executor.memory", kResources, "1G unless told"},
    {Id::Property, "--executor-cores", "", "N", "spark.executor.cores", kResources, "1 unless told"},
    {Id::Property, "--num-executors", "", "N", "spark.executor.instances", kResources,
     "2 unless told; with dynamic allocation, at least as many"},

    {Id::Conf, "--conf", "-c", "PROPERTY=VALUE", "", kConfiguration, "any property of Spark; may be given many times"},
    {Id::PropertiesFile, "--properties-file", "", "FILE", "", kConfiguration,
     "properties in place of spark-defaults.conf"},
    {Id::ExtraPropertiesFile, "--extra-properties-file", "", "FILE", "", kConfiguration,
     "properties that stand before those of --properties-file; may be given many times, the last counts"},
    {Id::LoadSparkDefaults, "--load-spark-defaults", "", "", "", kConfiguration,
     "spark-defaults.conf as well as --properties-file"},
    {Id::Verbose, "--verbose", "-v", "", "", kConfiguration, "say what was read from where"},

    {Id::ProxyUser, "--proxy-user", "", "NAME", "", kIdentity, "the user to impersonate"},
    {Id::Property, "--principal", "", "NAME", "spark.kerberos.principal", kIdentity, "Kerberos principal"},
    {Id::Property, "--keytab", "", "FILE", "spark.kerberos.keytab", kIdentity, "its keytab"},

    {Id::Kill, "--kill", "", "ID", "", kSubmitted, "delete drivers: [NAMESPACE:]POD, where POD may end in *"},
    {Id::Status, "--status", "", "ID", "", kSubmitted, "print the state of drivers"},

    {Id::DryRun, "--dry-run", "", "client|server", "", kOwn,
     "print the objects as YAML and create none; =server has the API server check them first", true},
    {Id::AsApplication, "--as-application", "", "", "", kOwn, "print the same application as a SparkApplication"},
    {Id::Follow, "--follow", "", "", "", kOwn, "write the driver's log to standard output"},
    {Id::ExitCode, "--exit-code", "", "driver|spark", "", kOwn,
     "driver (the default): the driver's own exit code; spark: 0 once it was submitted, as spark-submit"},
    {Id::SparkVersion, "--spark-version", "", "VERSION", "", kOwn,
     "whose rules count; else those of SPARK_HOME, of the image's tag, or the newest known"},
    {Id::Jvm, "--jvm", "", "", "", kOwn, "run the spark-submit of SPARK_HOME with these very arguments"},

    {Id::Namespace, "--namespace", "-n", "NAMESPACE", "", kCluster, "the same as spark.kubernetes.namespace"},
    {Id::Context, "--context", "", "CONTEXT", "", kCluster, "the same as spark.kubernetes.context"},
    {Id::Kubeconfig, "--kubeconfig", "", "FILE", "", kCluster,
     "the kubeconfig; else the files of KUBECONFIG, else ~/.kube/config"},

    {Id::Remote, "--remote", "", "URL", "", "", "a Spark Connect server; not together with --master"},
    {Id::Ignored, "--supervise", "", "", "", "", "of standalone clusters"},
    {Id::Ignored, "--queue", "", "NAME", "", "", "of YARN"},
    {Id::TotalExecutorCores, "--total-executor-cores", "", "N", "", "", "of standalone clusters"},
    {Id::Version, "--version", "", "", "", "", "the version"},
    {Id::Help, "--help", "-h", "", "", "", "this help"},
    {Id::UsageError, "--usage-error", "", "", "", "", "this help, as an error"},
};

}  // namespace

std::span<const Option> options() { return kOptions; }

const Option* find_option(std::string_view name) {
  for (const auto& option : kOptions)
    if (name == option.name || (!option.alias.empty() && name == option.alias)) return &option;
  return nullptr;
}

bool is_own(const Option& option) { return option.id >= Id::SparkVersion; }

}  // namespace spoke::submit
