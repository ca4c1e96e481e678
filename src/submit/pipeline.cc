#include "submit/pipeline.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/error.h"
#include "base/strings.h"
#include "base/utf8.h"
#include "data/yaml.h"
#include "spark/uris.h"

namespace spoke::submit {
namespace {

constexpr std::array<std::string_view, 2> kSpecNames = {"spark-pipeline.yaml", "spark-pipeline.yml"};
constexpr std::string_view kFolder = "/opt/spark/pipeline";
constexpr std::string_view kVolume = "spark-pipeline";
constexpr std::string_view kRoot = "project";  // of the volume: below it are files, not a ConfigMap's links to files
constexpr std::string_view kApiMode = "spark.api.mode";
constexpr std::string_view kMaster = "k8s://https://kubernetes.default.svc";  // the driver's own cluster
constexpr size_t kMaxSize = 1000000;                                          // a ConfigMap holds 1 MiB, names and all

bool has_wildcard(std::string_view text) { return text.find_first_of("*?[") != std::string_view::npos; }

class Reader {
 public:
  explicit Reader(const Path& spec) : root_(spec.parent_path()), shown_(spec.string()) {
    out_.spec = spec.filename().string();
  }

  Pipeline read() {
    add(out_.spec);
    json::value spec;
    try {
      spec = yaml::parse(out_.files.at(out_.spec));
    } catch (const Error& e) {
      fail("{}: {}", shown_, e.what());
    }
    out_.name = text(spec, "name");
    out_.storage = text(spec, "storage");
    if (const auto* libraries = json::find(spec, "libraries"); libraries != nullptr && !libraries->is_null()) {
      if (!libraries->is_array()) fail("{}: libraries is no list", shown_);
      for (const auto& library : libraries->get_array()) {
        const auto include = json::str(library, "glob.include");
        if (include.empty()) fail("{}: an entry of libraries has no glob.include", shown_);
        add_matches(std::string(include));
      }
    }
    if (out_.files.size() < 2)
      fail("{}: its libraries name no file that is there, and so the pipeline has nothing to run", shown_);
    return std::move(out_);
  }

 private:
  std::string text(const json::value& spec, std::string_view field) const {
    const auto* value = json::find(spec, field);
    if (value == nullptr || !value->is_string() || value->get_string().empty())
      fail("{}: {} is missing, or no text", shown_, field);
    return std::string(value->get_string());
  }

  void add_matches(const std::string& include) {
    std::string_view folder = include;
    const bool all = folder.ends_with("/**");
    if (all) folder.remove_suffix(3);
    if (has_wildcard(folder))
      fail("{}: libraries may name a file, or a folder as \"folder/**\", and \"{}\" is neither", shown_, include);
    const Path relative = Path(folder).lexically_normal();
    if (relative.is_absolute() || relative.string().starts_with(".."))
      fail("{}: \"{}\" lies outside of the project's folder", shown_, include);
    std::error_code error;
    if (!all) {
      if (std::filesystem::is_regular_file(root_ / relative, error)) add(relative.string());
      return;
    }
    if (!std::filesystem::is_directory(root_ / relative, error)) return;
    check_inside(relative.string());
    for (std::filesystem::recursive_directory_iterator entry(root_ / relative, error), end; !error && entry != end;
         entry.increment(error)) {
      const Path path = entry->path().lexically_normal().lexically_relative(root_);
      const bool cache = std::ranges::any_of(path, [](const Path& part) { return part == "__pycache__"; });
      std::error_code none;
      if (!cache && entry->is_regular_file(none)) add(path.string());
    }
    if (error) fail("{}: {} cannot be read: {}", shown_, include, error.message());
  }

  // A link must not lead elsewhere: what is there would be shown to whoever may read the ConfigMap.
  void check_inside(const std::string& path) const {
    const Path root = std::filesystem::canonical(root_), target = std::filesystem::canonical(root_ / path);
    const Path inside = target.lexically_relative(root);
    if (inside.empty() || *inside.begin() == "..")
      fail("{}: \"{}\" is a link that leads out of the project's folder", shown_, path);
  }

  void add(const std::string& path) {
    if (out_.files.contains(path)) return;
    check_inside(path);
    std::error_code none;
    const auto size = std::filesystem::file_size(root_ / path, none);
    total_ += none ? 0 : size;
    if (total_ > kMaxSize)
      fail("{}: the project is larger than a ConfigMap can be (1 MiB) with {}; take what is no code out of it", shown_,
           path);
    std::string content = read_file(root_ / path);
    if (!is_utf8(content)) fail("{} is no text in UTF-8", (root_ / path).string());
    out_.files[path] = std::move(content);
  }

  Path root_;
  std::string shown_;
  Pipeline out_;
  size_t total_ = 0;
};

// Keys of a ConfigMap are no paths.
std::string key_of(size_t index) { return fmt::format("file-{}", index); }

std::string config_map_name(const spark::DriverObjects& driver) {
  std::string name(kube::name(driver.config_map));
  constexpr std::string_view kEnd = "-conf-map";
  if (name.ends_with(kEnd)) name.resize(name.size() - kEnd.size());
  return name + "-pipeline";
}

}  // namespace

Path find_pipeline_spec(const Path& folder) {
  for (Path at = folder;; at = at.parent_path()) {
    std::vector<Path> found;
    std::error_code none;
    for (const auto name : kSpecNames)
      if (std::filesystem::is_regular_file(at / name, none)) found.push_back(at / name);
    if (found.size() > 1)
      fail("{} has both {} and {}; say which with --spec", at.string(), kSpecNames[0], kSpecNames[1]);
    if (found.size() == 1) return found.front();
    if (at == at.parent_path())
      fail("there is no {} in {} or above it; name one with --spec, or make a project with `spoke pipelines init`",
           kSpecNames[1], folder.string());
  }
}

Pipeline read_pipeline(const Path& spec) {
  std::error_code none;
  if (!std::filesystem::is_regular_file(spec, none)) fail("{} is no file", spec.string());
  return Reader(spec).read();
}

std::vector<std::string> pipeline_arguments(const Pipeline& pipeline, std::string_view command) {
  return {std::string(command), "--spec", fmt::format("{}/{}", kFolder, pipeline.spec)};
}

void configure_pipeline(spark::Conf& conf, const spark::Rules& rules, const Pipeline& pipeline) {
  if (!rules.pipelines) fail("Spark {} has no declarative pipelines; 4.1 is the first that has", rules.version);
  if (const auto mode = conf.raw(kApiMode, "connect"); lower(mode) != "connect")
    fail("{} is {}, and declarative pipelines need connect", kApiMode, mode);
  // As a property it would have the launcher leave the server's own jars out; pyspark looks at its environment alone,
  // and would take "local" for the master of the server that it starts.
  conf.erase(kApiMode);
  conf.set("spark.kubernetes.driverEnv.SPARK_API_MODE", "connect");
  conf.set("spark.kubernetes.driverEnv.MASTER", std::string(kMaster));
  conf.set_if_missing("spark.app.name", pipeline.name);
}

void add_pipeline(spark::DriverObjects& driver, const Pipeline& pipeline) {
  json::object data;
  json::array items;
  for (const auto& [path, content] : pipeline.files) {
    const std::string key = key_of(items.size());
    items.push_back(json::object{{"key", key}, {"path", fmt::format("{}/{}", kRoot, path)}});
    data[key] = content;
  }
  const std::string name = config_map_name(driver);
  driver.resources.push_back(json::object{{"apiVersion", "v1"},
                                          {"kind", "ConfigMap"},
                                          {"metadata", json::object{{"name", name}}},
                                          {"immutable", true},
                                          {"data", std::move(data)}});
  json::make_array(driver.pod, "spec.volumes")
      .push_back(json::object{{"name", kVolume}, {"configMap", json::object{{"name", name}, {"items", items}}}});
  json::make_array(json::make_array(driver.pod, "spec.containers").back(), "volumeMounts")
      .push_back(json::object{{"name", kVolume}, {"mountPath", kFolder}, {"subPath", kRoot}, {"readOnly", true}});
}

std::string storage_warning(const spark::DriverObjects& driver, const Pipeline& pipeline) {
  if (!spark::needs_upload(pipeline.storage)) return "";  // neither file: nor a path
  const std::string path = spark::local_path(pipeline.storage);
  for (const auto& mount : json::list(json::list(driver.pod, "spec.containers").back(), "volumeMounts")) {
    const auto at = json::str(mount, "mountPath");
    if (path == at || path.starts_with(std::string(at) + "/")) return "";
  }
  return fmt::format(
      "the pipeline's storage {} is a folder of the driver's own container, which ends with it and which executors do "
      "not see; name a shared place (s3a://…), or mount a volume there "
      "(spark.kubernetes.{{driver,executor}}.volumes.*)",
      pipeline.storage);
}

std::vector<Path> start_pipeline(const Path& parent, const std::string& name) {
  if (name.empty() || name.find('/') != std::string::npos || name == "." || name == "..")
    fail("\"{}\" cannot be a project's name: a folder is made of it", name);
  const Path root = parent / name;
  std::error_code none;
  if (std::filesystem::exists(root, none)) fail("{} is there already; choose another name", root.string());
  make_dirs(root / "transformations");
  std::vector<Path> written;
  const auto write = [&](const Path& path, const std::string& content) {
    write_file(root / path, content);
    written.push_back(root / path);
  };
  write(kSpecNames[1], "name: " + yaml::dump(json::value(name)) +
                           "# Where checkpoints are kept: a place that driver and executors share.\n"
                           "storage: " +
                           yaml::dump(json::value("s3a://BUCKET/" + name)) +
                           "libraries:\n  - glob:\n      include: transformations/**\n");
  write("transformations/numbers.py",
        "from pyspark import pipelines as dp\n"
        "from pyspark.sql import DataFrame, SparkSession\n\n"
        "spark = SparkSession.active()\n\n\n"
        "@dp.materialized_view\n"
        "def numbers() -> DataFrame:\n"
        "    return spark.range(100)\n");
  write("transformations/even_numbers.sql",
        "CREATE MATERIALIZED VIEW even_numbers AS\nSELECT id FROM numbers WHERE id % 2 = 0\n");
  return written;
}

}  // namespace spoke::submit
