#include "image/local_spark.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "base/sha256.h"
#include "base/strings.h"
#include "image/image_config.h"
#include "image/java_home.h"
#include "image/machine_layer.h"
#include "image/spark_home.h"
#include "image/spark_image.h"

namespace spoke::image {
namespace {

constexpr const char* java_path = "/opt/java/openjdk";

// "3.5.8 in /opt/spark, 4.1.4 in ..."
template <class Home>
std::string places(const std::vector<Home>& homes) {
  std::string out;
  for (const Home& home : homes) out += (out.empty() ? "" : ", ") + home.version + " in " + home.dir.string();
  return out;
}

std::string missing_spark(const std::string& name, const SparkTag& tag, const std::vector<SparkHome>& homes) {
  return fmt::format(
      "{}: no Spark{}{} on this machine{}; install it with `pip install pyspark{}` or set SPARK_HOME", name,
      tag.version.empty() ? "" : " " + tag.version, tag.scala.empty() ? "" : " for Scala " + tag.scala,
      homes.empty() ? "" : " (there is " + places(homes) + ")", tag.version.empty() ? "" : "==" + tag.version);
}

std::string missing_java(const std::string& name, const SparkHome& spark, const std::vector<int>& versions,
                         const std::vector<JavaHome>& homes) {
  return fmt::format(
      "{}: Spark {} needs Java {}, and this machine has {}; install it with "
      "`apt-get install openjdk-{}-jre-headless` or set JAVA_HOME",
      name, spark.version, fmt::join(versions, " or "), homes.empty() ? "none" : places(homes), versions.front());
}

bool lies_in(const Path& path, const Path& folder) {
  const auto [end, ignored] = std::mismatch(folder.begin(), folder.end(), path.begin(), path.end());
  return end == folder.end();
}

void bind_system(const Machine& machine, Image& image) {
  image.binds.push_back({machine.at("/usr"), "/usr"});
  for (const char* name : {"/bin", "/lib", "/lib32", "/lib64", "/libx32", "/sbin"}) {
    const auto kind = std::filesystem::symlink_status(machine.at(name)).type();
    if (kind == std::filesystem::file_type::directory) image.binds.push_back({machine.at(name), name});
  }
}

// Answers JAVA_HOME in the container.
std::string bind_java(const Machine& machine, const JavaHome& java, Image& image) {
  const Path root = std::filesystem::canonical(machine.root);
  if (lies_in(java.dir, root / "usr")) return "/" + java.dir.lexically_relative(root).string();
  image.binds.push_back({java.dir, java_path});
  return java_path;
}

// What the image is made of, in the place of a registry's configuration.
std::string id_of(const Image& image, const SparkHome& spark, const JavaHome& java) {
  json::array binds;
  for (const Bind& bind : image.binds) binds.emplace_back(bind.source.string() + ":" + bind.target.string());
  return sha256_digest(json::dump(json::object{{"config", to_json(image.config)},
                                               {"layer", image.layers.front().filename().string()},
                                               {"spark", spark.version},
                                               {"java", java.version},
                                               {"binds", std::move(binds)}}));
}

}  // namespace

Image resolve_local_spark(const Machine& machine, const Path& store, const std::string& tag,
                          const std::vector<Path>& spark_homes) {
  std::string name = "local/spark:" + tag;
  const auto parsed = parse_spark_tag(tag);
  if (!parsed)
    throw ImageError(name + ": there is no such tag; one reads 4.1.4, 4.1.4-scala2.13-java17-python3-ubuntu or latest");

  const std::vector<SparkHome> homes = find_spark_homes(machine, spark_homes);
  const auto spark = choose_spark(homes, *parsed);
  if (!spark) throw ImageError(missing_spark(name, *parsed, homes));
  const std::vector<JavaHome> javas = find_java_homes(machine);
  const std::vector<int> versions = parsed->java != 0 ? std::vector{parsed->java} : java_versions_for(spark->version);
  const auto java = choose_java(machine, javas, versions);
  if (!java) throw ImageError(missing_java(name, *spark, versions, javas));

  Image image;
  image.name = "local/spark:" + (parsed->version.empty() ? spark->version : tag);
  try {
    image.layers = {machine_layer(machine, store)};
  } catch (const Error& e) {
    throw ImageError(fmt::format("{}: its root could not be put together: {}", name, e.what()));
  }
  bind_system(machine, image);
  const std::string java_home = bind_java(machine, *java, image);
  // Each part by itself, so that conf and work-dir stay the container's own.
  for (auto& [source, target] : spark_parts(*spark)) image.binds.push_back({source, target});
  image.config = spark_config(*spark, java_home);
  image.id = id_of(image, *spark, *java);
  return image;
}

}  // namespace spoke::image
