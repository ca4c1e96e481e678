#include "image/build/check_classes.h"

#include <archive_entry.h>
#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <map>
#include <utility>

#include "base/error.h"
#include "image/archive_reader.h"
#include "image/build/jar_classes.h"
#include "image/check/identity.h"
#include "image/staging.h"

namespace spoke::image {
namespace {

constexpr std::int64_t kMostUnpacked = std::int64_t{4} << 30;  // of a Spark's jars in all, which are half a gigabyte

void write_pieces(ArchiveReader& reader, const Path& to, std::int64_t& left) {
  std::ofstream out(to, std::ios::binary | std::ios::trunc);
  while (const auto piece = reader.read()) {
    left -= std::ssize(piece->bytes);
    if (left < 0 || piece->offset > kMostUnpacked) fail("the jars of the base are larger than any Spark's");
    out.seekp(piece->offset);
    out.write(piece->bytes.data(), std::ssize(piece->bytes));
  }
  if (!out.flush()) fail_errno("write " + to.string());
}

// The jars of an image's Spark, as its topmost layers have them.
void unpack_jars(const BaseImage& image, const BuildCache& cache, const Path& to) {
  const std::string folder = (Path(image.spark_home()).relative_path() / "jars/").string();
  std::int64_t left = kMostUnpacked;
  for (const LayerBlob& layer : image.contents.layers) {
    ArchiveReader reader(ArchiveReader::Format::Tar, cache.blob(layer.blob.digest));
    while (archive_entry* entry = reader.next()) {
      const std::string path = Path(entry_path(entry)).lexically_normal().relative_path();
      if (!path.starts_with(folder) || !image.listing.files.contains(path)) continue;
      const std::string name = path.substr(folder.size());
      if (name.ends_with(".jar") && name.find('/') == std::string::npos) write_pieces(reader, to / name, left);
    }
  }
}

// The same, in a folder of the cache: whoever changes a job builds upon one base again and again.
Path unpacked_jars(const BaseImage& image, const BuildCache& cache) {
  const Path place = cache.dir() / "jars" / image.digest.substr(image.digest.find(':') + 1);
  if (std::filesystem::is_directory(place)) return place;
  const Staging staging(cache.dir());
  make_dirs(staging.path() / "jars");
  unpack_jars(image, cache, staging.path() / "jars");
  staging.sync();
  make_dirs(place.parent_path());
  staging.publish("jars", place);
  return place;
}

// The class path that an image would have, and where its jars are now.
class Gathered {
 public:
  explicit Gathered(Path known) : known_(std::move(known)) {}

  void add(const Path& file, const JarFact& fact) {
    try {
      path.jars.push_back(fact.from == JarFact::From::Spark ? list_classes(file, fact, known_)
                                                            : list_classes(file, fact));
      files.push_back(file);
    } catch (const Error& e) {
      unreadable.push_back({"jar", file.filename().string(),
                            fmt::format("{}: the JVM passes it over, and its classes are not found", e.what()),
                            "take a whole one, or leave it out"});
    }
  }

  ClassPath path;
  std::vector<Path> files;
  Findings unreadable;

 private:
  Path known_;  // what Spark's jars have
};

}  // namespace

Findings check_classes(const Examined& examined, const Recipe& recipe, const Path& folder, const BuildCache& cache,
                       const MavenCache& maven) {
  if (examined.maven.empty() && recipe.jars.empty() && recipe.identity.empty()) return {};
  Gathered all(cache.dir() / "classes");
  all.path.java = examined.facts.java;

  // In the order that Spark's images give them (cds/run): by their names.
  std::map<std::string, std::pair<Path, JarFact>> added;
  if (!examined.maven.empty()) {
    for (const auto& [artifact, file] : maven.resolve(examined.maven, recipe.repositories)) {
      all.path.wanted_versions[artifact.name] = artifact.version;
      if (is_left_out(examined.facts, recipe, artifact)) continue;
      const JarFact fact{
          .group = artifact.group, .name = artifact.name, .version = artifact.version, .from = JarFact::From::Maven};
      if (!added.try_emplace(file.filename(), file, fact).second)
        added.try_emplace(artifact.group + "-" + file.filename().string(), file, fact);
    }
  }
  for (const std::string& jar : recipe.jars)
    added[Path(jar).filename()] = {folder / jar, read_jar_name(Path(jar).filename().string())};

  std::vector<Path> shipped;
  if (examined.spark) {
    shipped = folder_entries(examined.spark->dir / "jars");
  } else if (examined.base && !examined.base->spark_home().empty()) {
    shipped = folder_entries(unpacked_jars(*examined.base, cache));
  }
  for (const Path& jar : shipped) {
    // What is added under the same name takes its place.
    if (jar.extension() != ".jar" || added.contains(jar.filename())) continue;
    JarFact fact = read_jar_name(jar.filename().string());
    fact.from = JarFact::From::Spark;
    all.add(jar, fact);
  }
  for (const auto& [_, one] : added) all.add(one.first, one.second);

  Findings out = std::move(all.unreadable);
  const auto read = [&](size_t jar, const auto& wanted, const auto& each) {
    try {
      read_classes(all.files[jar], wanted, each);
    } catch (const Error&) {  // damaged in the middle: the rest of it is as if it were not there
    }
  };
  for (Findings found : {check_linkage(all.path, read), check_identity(recipe.identity, all.path, read)})
    std::ranges::move(found, std::back_inserter(out));
  return out;
}

}  // namespace spoke::image
