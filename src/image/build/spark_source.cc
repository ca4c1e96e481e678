#include "image/build/spark_source.h"

#include <archive_entry.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <array>

#include "base/error.h"
#include "base/process.h"
#include "base/sha256.h"
#include "base/strings.h"
#include "image/archive_reader.h"
#include "image/build/digests.h"
#include "image/layer_writer.h"
#include "image/machine.h"
#include "image/staging.h"

namespace spoke::image {
namespace {

Path folder_of_sparks() {
  const auto environment = Machine::read_environment;
  if (const std::string set = environment("SPOKE_SPARK"); !set.empty()) return set;
  if (const std::string set = environment("XDG_DATA_HOME"); !set.empty()) return Path(set) / "spoke-spark";
  return Path(environment("HOME")) / ".local/share/spoke-spark";
}

SparkHome inspected(const Path& dir, const std::string& version) {
  const auto home = inspect_spark_home(dir);
  if (!home) fail("spark.from: {} is no Spark: it has no jars/spark-core_*.jar", dir.string());
  if (home->version != version)
    fail("spark.version: the recipe says {}, and {} is Spark {}", version, dir.string(), home->version);
  return *home;
}

// Unpacks what `place` finds a place for; "" is left out.
void unpack(const Path& archive, const Path& to, const std::function<std::string(const std::string&)>& place) {
  make_dirs(to);
  ArchiveReader reader(ArchiveReader::Format::Tar, archive);
  LayerWriter writer(to);
  while (archive_entry* entry = reader.next()) {
    const std::string path = place(join(layer_path(entry_path(entry)), "/"));
    if (path.empty()) continue;
    archive_entry_set_pathname(entry, path.c_str());
    if (const std::string link = entry_hardlink(entry); !link.empty())
      archive_entry_set_hardlink(entry, place(join(layer_path(link), "/")).c_str());
    archive_entry_set_uid(entry, ::geteuid());
    archive_entry_set_gid(entry, ::getegid());
    writer.add(entry, reader);
  }
  writer.finish();
}

std::string below_first(const std::string& path) {
  const auto slash = path.find('/');
  return slash == std::string::npos ? "" : path.substr(slash + 1);
}

// From the layout of pyspark's source archive to that of Spark's own.
std::string place_of_pyspark(const std::string& whole) {
  const std::string path = below_first(whole);
  if (path.ends_with(".cmd")) return "";
  for (const auto& [from, to] : pyspark_places())
    if (path.starts_with(from)) return std::string(to) + path.substr(from.size());
  return "";
}

Path download(const std::string& version, const Path& to) {
  const std::string python = find_program("/usr/bin/python3").empty() ? "python3" : "/usr/bin/python3";
  make_dirs(to);
  const Finished done = run({python, "-m", "pip", "download", "--disable-pip-version-check", "--no-cache-dir",
                             "--no-deps", "--no-binary", "pyspark", "--dest", to.string(), "pyspark==" + version});
  const Path archive = to / fmt::format("pyspark-{}.tar.gz", version);
  if (done.exit_code != 0 || !std::filesystem::is_regular_file(archive))
    fail("pip could not download pyspark {}: {}", version, trim(done.errors));
  return archive;
}

SparkHome from_pypi(const std::string& version, const std::function<void(std::string_view)>& say) {
  const Path sparks = folder_of_sparks(), place = sparks / version;
  if (std::filesystem::is_directory(place / "jars")) return inspected(place, version);
  say(fmt::format("downloading pyspark {} (about 450 MB)", version));
  const Staging staging(sparks);
  unpack(download(version, staging.path() / "download"), staging.path() / "home", place_of_pyspark);
  inspected(staging.path() / "home", version);
  staging.sync();
  staging.publish("home", place);
  return inspected(place, version);
}

// Spark's own archive has one folder, spark-4.1.4-bin-hadoop3.
SparkHome from_archive(const Path& archive, const std::string& version, const Path& cache) {
  FileDigests digests(cache / "digests");
  const Path place = cache / "spark" / digests.of(archive).substr(std::string_view("sha256:").size());
  digests.save();
  if (!std::filesystem::is_directory(place)) {
    const Staging staging(cache);
    unpack(archive, staging.path() / "home", below_first);
    inspected(staging.path() / "home", version);
    staging.sync();
    staging.publish("home", place);
  }
  return inspected(place, version);
}

}  // namespace

std::span<const std::pair<std::string_view, std::string_view>> pyspark_places() {
  static constexpr auto places =
      std::to_array<std::pair<std::string_view, std::string_view>>({{"deps/examples/", "examples/src/main/python/"},
                                                                    {"deps/bin/", "bin/"},
                                                                    {"deps/sbin/", "sbin/"},
                                                                    {"deps/jars/", "jars/"},
                                                                    {"deps/data/", "data/"},
                                                                    {"lib/", "python/lib/"},
                                                                    {"pyspark/", "python/pyspark/"}});
  return places;
}

bool is_part_of_spark(const Path& path) { return path.filename() != "__pycache__" && path.extension() != ".pyc"; }

SparkHome get_spark(const SparkSource& source, const Path& folder, const Path& cache,
                    const std::function<void(std::string_view)>& say) {
  if (source.from == "pypi") return from_pypi(source.version, say);
  const Path path = folder / source.from;  // an absolute one stands for itself
  if (std::filesystem::is_directory(path)) return inspected(path, source.version);
  if (std::filesystem::is_regular_file(path)) return from_archive(path, source.version, cache);
  fail("spark.from: there is neither a folder nor an archive {}", path.string());
}

}  // namespace spoke::image
