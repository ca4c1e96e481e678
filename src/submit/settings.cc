#include "submit/settings.h"

#include <fmt/format.h>

#include <array>
#include <utility>

#include "base/strings.h"
#include "image/spark_home.h"
#include "spark/conf_dir.h"
#include "spark/properties_text.h"

namespace spoke::submit {
namespace {

constexpr std::string_view kNewestKnown = "4.3.0";

std::optional<std::string> value_of(const spark::Properties& properties, std::string_view name) {
  const auto it = properties.find(name);
  return it == properties.end() ? std::nullopt : std::optional(it->second);
}

class Reader {
 public:
  Reader(const Arguments& arguments, const Surroundings& around) : arguments_(arguments), around_(around) {}

  Settings read() {
    gather();
    spark::Properties properties = fall_back_to_environment();
    settings_.master = first(arguments_.master, value_of(properties, "spark.master"), around_.variable("MASTER"));
    choose_mode(properties);
    if (settings_.master) properties["spark.master"] = *settings_.master;
    drop_foreign(properties);
    settings_.conf = spark::Conf(std::move(properties), environment());
    check_java_options();
    check_packages();
    choose_version();
    refuse_newer_options();
    return std::move(settings_);
  }

 private:
  using Value = std::optional<std::string>;
  static Value first(Value a, Value b, Value c = {}) { return a ? a : b ? b : c; }

  // --conf, then the files, the more special ones first.
  void gather() {
    properties_ = arguments_.conf;
    for (auto file = arguments_.extra_properties_files.rbegin(); file != arguments_.extra_properties_files.rend();
         ++file)
      add_file(around_.path_of(*file), true);
    if (arguments_.properties_file) add_file(around_.path_of(*arguments_.properties_file), true);
    if (arguments_.properties_file && !arguments_.load_spark_defaults) return;
    if (const auto dir = around_.conf_dir()) add_file(*dir / "spark-defaults.conf", false);
  }

  void add_file(const Path& file, bool needed) {
    std::error_code ignored;
    if (!needed && !std::filesystem::is_regular_file(file, ignored)) return;
    if (!std::filesystem::is_regular_file(file, ignored))
      throw BadArguments(fmt::format("Invalid properties file '{}'.", file.string()));
    try {
      for (auto& [name, value] : spark::load_spark_properties(spark::decode_utf8(read_file(file))))
        properties_.emplace(name, value);
    } catch (const Error& e) {
      throw BadArguments(fmt::format("{} (in {})", e.what(), file.string()));
    }
    settings_.files.push_back(file.string());
  }

  spark::Properties fall_back_to_environment() {
    constexpr std::array<std::pair<std::string_view, std::string_view>, 3> kVariables = {{
        {"spark.driver.memory", "SPARK_DRIVER_MEMORY"},
        {"spark.executor.memory", "SPARK_EXECUTOR_MEMORY"},
        {"spark.executor.cores", "SPARK_EXECUTOR_CORES"},
    }};
    // These may still be written for YARN (SparkConf.configsWithAlternatives).
    constexpr std::array<std::pair<std::string_view, std::string_view>, 2> kOldNames = {{
        {"spark.kerberos.keytab", "spark.yarn.keytab"},
        {"spark.kerberos.principal", "spark.yarn.principal"},
    }};
    spark::Properties out = properties_;
    for (const auto& [property, value] : arguments_.named) out[property] = value;
    for (const auto& [property, old] : kOldNames)
      if (const auto value = value_of(out, old)) out.emplace(property, *value);
    for (const auto& [property, variable] : kVariables)
      if (const auto value = around_.variable(variable)) out.emplace(property, *value);
    out.merge(properties_of_jvm());
    if (arguments_.ns) out["spark.kubernetes.namespace"] = *arguments_.ns;
    if (arguments_.context) out["spark.kubernetes.context"] = *arguments_.context;
    return out;
  }

  // -Dspark.x=y for spark-submit's own JVM: the last to count.
  spark::Properties properties_of_jvm() const {
    spark::Properties out;
    for (const auto& word : split(replace_all(around_.variable("SPARK_SUBMIT_OPTS").value_or(""), "\t", " "), ' '))
      if (const auto at = word.find('='); word.starts_with("-Dspark.") && at != std::string::npos)
        out[word.substr(2, at - 2)] = word.substr(at + 1);
    return out;
  }

  void choose_mode(const spark::Properties& properties) {
    const Value mode =
        first(arguments_.deploy_mode, value_of(properties, "spark.submit.deployMode"), around_.variable("DEPLOY_MODE"));
    const Value remote =
        first(arguments_.remote, value_of(properties, "spark.remote"), around_.variable("SPARK_REMOTE"));
    if (remote && (settings_.master || mode))
      throw BadArguments("Remote cannot be specified with master and/or deploy mode.");
    remote_ = remote.has_value();
    if (mode && *mode != "client" && *mode != "cluster")
      throw BadArguments(fmt::format("Deploy mode must be either client or cluster, not \"{}\"", *mode));
    // spark-submit's default is the client; one that names no master means the cluster of the kubeconfig.
    settings_.cluster_mode = mode ? *mode == "cluster" : !settings_.master && !remote_;
  }

  void drop_foreign(spark::Properties& properties) {
    std::erase_if(properties, [&](const auto& entry) {
      const bool foreign = !entry.first.starts_with("spark.");
      if (foreign) settings_.warnings.push_back("Ignoring non-Spark config property: " + entry.first);
      return foreign;
    });
  }

  // The launcher's, for both modes.
  void check_java_options() {
    for (const auto property : {"spark.driver.defaultJavaOptions", "spark.driver.extraJavaOptions"})
      if (const auto options = settings_.conf.raw(property); options && options->find("Xmx") != std::string::npos)
        throw BadArguments(
            fmt::format("Not allowed to specify max heap(Xmx) memory settings through java options (was {}). Use the "
                        "corresponding --driver-memory or spark.driver.memory configuration instead.",
                        *options));
  }

  // With the properties of Java's that a reference may name.
  spark::Properties environment() const {
    spark::Properties env = around_.env;
    env["system:user.name"] = around_.user;
    env["system:user.dir"] = around_.folder;
    env["system:user.home"] = around_.variable("HOME").value_or("?");
    env["system:file.separator"] = "/";
    env["system:path.separator"] = ":";
    env["system:java.io.tmpdir"] = "/tmp";
    env["system:os.name"] = "Linux";
    return env;
  }

  // MavenUtils.extractMavenCoordinates.
  void check_packages() const {
    for (const auto& coordinate : split(settings_.conf.raw("spark.jars.packages", ""), ',')) {
      if (coordinate.empty()) continue;
      if (split(replace_all(coordinate, "/", ":"), ':').size() != 3)
        fail(
            "requirement failed: Provided Maven Coordinates must be in the form 'groupId:artifactId:version'. The "
            "coordinate provided is: {}",
            coordinate);
    }
  }

  void refuse_newer_options() const {
    const spark::Rules rules = spark::rules_for(settings_.spark_version);
    if (arguments_.load_spark_defaults && !rules.load_spark_defaults)
      throw BadArguments("Unrecognized option: --load-spark-defaults");
    if (!arguments_.extra_properties_files.empty() && !rules.extra_properties_files)
      throw BadArguments("Unrecognized option: --extra-properties-file");
  }

  void choose_version() {
    if (arguments_.spark_version) return choose(*arguments_.spark_version, "--spark-version");
    if (const auto home = around_.spark_home())
      if (const auto found = image::inspect_spark_home(*home))
        return choose(found->version, "SPARK_HOME, " + home->string());
    for (const auto property : {"spark.kubernetes.driver.container.image", "spark.kubernetes.container.image"})
      if (const auto image = settings_.conf.raw(property))
        if (const auto version = version_in_tag(*image)) return choose(*version, "the tag of " + *image);
    if (around_.spark_version) return choose(*around_.spark_version, "told");
    choose(std::string(kNewestKnown), "the newest that spoke knows");
  }

  void choose(std::string version, std::string source) {
    settings_.spark_version = std::move(version);
    settings_.version_source = std::move(source);
  }

  // "4.1.4" of "apache/spark:4.1.4-scala2.13-java17-ubuntu" and of "registry:5000/spark:v4.1.4@sha256:…".
  static Value version_in_tag(std::string_view image) {
    image = image.substr(0, image.find('@'));
    const auto colon = image.rfind(':');
    if (colon == std::string_view::npos || image.find('/', colon) != std::string_view::npos) return std::nullopt;
    std::string_view tag = image.substr(colon + 1);
    for (const std::string_view before : {"spark-", "v"})
      if (tag.starts_with(before)) tag.remove_prefix(before.size());
    std::string version(tag.substr(0, tag.find_first_not_of("0123456789.")));
    while (version.ends_with('.')) version.pop_back();
    if (version.find('.') != 1) return std::nullopt;  // a date, a number of one's own
    try {
      spark::rules_for(version);
    } catch (const Error&) {
      return std::nullopt;
    }
    return version;
  }

  const Arguments& arguments_;
  const Surroundings& around_;
  spark::Properties properties_;
  bool remote_ = false;
  Settings settings_;
};

}  // namespace

Settings read_settings(const Arguments& arguments, const Surroundings& around) {
  return Reader(arguments, around).read();
}

bool needs_spark(const Arguments& arguments, const Settings& settings) {
  if (arguments.resource == "run-example") return true;
  if (settings.master && !settings.master->starts_with("k8s://")) {
    for (const std::string_view known : {"yarn", "spark", "local", "mesos"})
      if (settings.master->starts_with(known)) return true;
    throw BadArguments(
        fmt::format("Master must either be yarn or start with spark, k8s, or local; it is \"{}\"", *settings.master));
  }
  if (settings.master) return false;
  return !settings.cluster_mode;  // a remote, or a client of the local machine
}

}  // namespace spoke::submit
