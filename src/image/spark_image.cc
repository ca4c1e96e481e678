#include "image/spark_image.h"

#include "base/strings.h"
#include "image/machine_layer.h"

namespace spoke::embedded {
extern const std::string_view entrypoint_sh;
extern const std::string_view decom_sh;
}  // namespace spoke::embedded

namespace spoke::image {
namespace {

// pyspark.zip and the py4j archive of this Spark, as bin/pyspark sets it.
std::string python_path(const SparkHome& spark) {
  const std::string lib = std::string(spark_path) + "/python/lib/";
  std::vector<std::string> archives;
  for (const Path& entry : folder_entries(spark.python_archives())) {
    const std::string name = entry.filename().string();
    if (name == "pyspark.zip" || (name.starts_with("py4j-") && name.ends_with("-src.zip")))
      archives.push_back(lib + name);
  }
  return join(archives, ":");
}

}  // namespace

std::vector<std::pair<Path, Path>> spark_parts(const SparkHome& spark) {
  std::vector<std::pair<Path, Path>> out;
  const Path home = spark_path;
  for (const char* part : {"bin", "sbin", "jars", "examples", "data"})
    if (std::filesystem::is_directory(spark.dir / part)) out.emplace_back(spark.dir / part, home / part);
  if (std::filesystem::is_directory(spark.python_archives()))
    out.emplace_back(spark.python_archives(), home / "python/lib");
  out.emplace_back(spark.python_sources(), home / "python/pyspark");
  return out;
}

std::vector<std::pair<const char*, std::string_view>> spark_scripts() {
  return {{"/opt/entrypoint.sh", embedded::entrypoint_sh}, {"/opt/decom.sh", embedded::decom_sh}};
}

ImageConfig spark_config(const SparkHome& spark, const std::string& java_home) {
  return {.entrypoint = {"/opt/entrypoint.sh"},
          .cmd = {},
          .env = {"PATH=" + java_home + "/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
                  // Java up to 17 reads and writes text in the locale's charset.
                  "LANG=C.UTF-8", "JAVA_HOME=" + java_home, std::string("SPARK_HOME=") + spark_path,
                  "PYTHONPATH=" + python_path(spark)},
          .user = std::to_string(spark_uid),
          .working_dir = std::string(spark_path) + "/work-dir"};
}

}  // namespace spoke::image
