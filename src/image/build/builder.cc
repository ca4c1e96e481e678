#include "image/build/builder.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "base/error.h"
#include "base/sha256.h"
#include "base/strings.h"
#include "image/build/class_archive.h"
#include "image/build/debian.h"
#include "image/build/digests.h"
#include "image/build/listing.h"
#include "image/build/maven.h"
#include "image/build/plan.h"
#include "image/build/python.h"
#include "image/build/spark_source.h"
#include "image/manifest.h"
#include "image/spark_image.h"
#include "image/staging.h"

namespace spoke::image {
namespace {

std::string word_of(Packing packing) {
  switch (packing) {
    case Packing::None: return "none";
    case Packing::Gzip: return "gzip";
    case Packing::Zstd: break;
  }
  return "zstd";
}

// Of this project's examples, which its set-up puts beside PyPI's, of which none is compiled: below `examples`.
bool is_compiled_example(const Path& path) { return *path.begin() == "jars"; }

class Build {
 public:
  Build(const Recipe& recipe, const Path& folder, const BuildCache& cache, const BuildOptions& options)
      : recipe_(recipe),
        folder_(folder),
        cache_(cache),
        options_(options),
        say_(options.fitting.say),
        maven_(cache.dir(), options.fitting.renew, options.fitting.say),
        digests_(cache.dir() / "digests"),
        staging_(cache.dir()) {}

  ImageBlobs run() {
    for (const std::string& platform : recipe_.platforms)
      if (platform != "linux/" + machine_architecture())
        fail("platforms: {} cannot be built on this machine, which is linux/{}", platform, machine_architecture());
    examined_ = examine_fitting(recipe_, folder_, cache_, maven_, options_.fitting);
    plan_ = plan_image(recipe_, examined_);
    contents_.architecture = plan_.architecture;
    contents_.config = plan_.config;
    contents_.labels = plan_.labels;
    add_base();
    add_spark();
    add_class_archive();
    add_python();
    add_maven();
    add_jars();
    add_files();
    digests_.save();
    staging_.sync();
    ImageBlobs out = finish_image(contents_, cache_);
    out.names = names_of(recipe_, options_.tags);
    return out;
  }

 private:
  Path scratch(const std::string& name) {
    const Path path = staging_.path() / fmt::format("{}-{}", ++parts_, name);
    make_dirs(path);
    return path;
  }

  // The layer of that key, made where there is none yet.
  void add_layer(const std::string& what, const std::string& key, bool renew,
                 const std::function<LayerBlob(const Path& file)>& make) {
    const std::string whole = sha256_hex(fmt::format("{} {}", word_of(options_.packing), key));
    std::optional<LayerBlob> layer = renew ? std::nullopt : cache_.find(whole);
    const bool known = layer.has_value();
    if (!known) {
      say_(fmt::format("making {}", what));
      const Path file = staging_.path() / fmt::format("layer-{}", ++parts_);
      layer = make(file);
      cache_.add(whole, *layer, file);
    }
    layer->created_by = "spoke image build: " + what;
    say_(fmt::format("{} {} ({:.1f} MB{})", layer->blob.digest.substr(7, 12), what,
                     static_cast<double>(layer->blob.size) / 1e6, known ? ", as before" : ""));
    contents_.layers.push_back(*std::move(layer));
  }

  void add_tree(const std::string& what, const Tree& tree) {
    if (tree.empty()) return;
    const std::string print = fingerprint(tree, digests_);
    add_layer(what, fmt::format("tree 1 {} {}", layer_time(), print), false, [&](const Path& file) {
      LayerBlob layer = write_layer(tree, options_.packing, file);
      // What was read then may be something else than what its key tells.
      if (fingerprint(tree, digests_) != print) fail("a file of {} was changed while it was read; build again", what);
      return layer;
    });
    for (const auto& [path, node] : tree.nodes())
      if (node.kind == TreeNode::Kind::Folder || node.kind == TreeNode::Kind::Link) lower_.insert_or_assign(path, node);
  }

  void add_base() {
    if (examined_.base) {
      contents_.layers = examined_.base->contents.layers;
      lower_ = examined_.base->listing.paths;
      return;
    }
    if (recipe_.base == "scratch") return;
    const DebianBase base = debian_base(recipe_, contents_.architecture);
    const std::string what = fmt::format("debian:{} with {}", base.suite, join(base.packages, ", "));
    add_layer(what, base.key(), options_.fitting.renew,
              [&](const Path& file) { return make_debian(base, options_.packing, scratch("debian"), file); });
    lower_ = list_layer(cache_, contents_.layers.back().blob.digest).paths;
  }

  void add_spark() {
    if (!recipe_.spark) return;
    const SparkHome& spark = *examined_.spark;
    Tree tree(&lower_);
    const bool foreign = recipe_.spark->from == "pypi";
    const auto wanted = [&](const Path& path) {
      return is_part_of_spark(path) && !(foreign && is_compiled_example(path));
    };
    for (const auto& [source, target] : spark_parts(spark)) tree.add(target, source, {}, wanted);
    for (const auto& [place, script] : spark_scripts()) tree.add_text(place, std::string(script), 0755);
    tree.add_folder(Path(spark_path) / "conf");
    // Everyone's: pods run as whatever user their securityContext says.
    tree.add_folder(Path(spark_path) / "work-dir", 01777);
    add_tree(fmt::format("Spark {} for Scala {}", spark.version, spark.scala), tree);
  }

  // What Spark's own jars hold, so that it is the same whatever else comes into the image.
  void add_class_archive() {
    if (!plan_.no_archive.empty()) say_("no archive of Spark's classes: " + plan_.no_archive);
    if (plan_.archived_jars.empty()) return;
    ClassArchive archive{.layers = {}, .java_home = plan_.java_home, .jars = plan_.archived_jars};
    std::string below;
    for (const LayerBlob& layer : contents_.layers) {
      archive.layers.push_back(cache_.blob(layer.blob.digest));
      below += " " + layer.diff_id;
    }
    const std::string key = fmt::format("classes {} {}{}", layer_time(), archive.key(), below);
    add_layer("an archive of Spark's classes", key, false, [&](const Path& file) {
      Tree tree(&lower_);
      archive.make(scratch("classes"), say_, tree);
      return write_layer(tree, options_.packing, file);
    });
  }

  PythonPlace python() const {
    const PythonPlace found = find_python(lower_, contents_.config.env);
    if (found.version.empty()) fail("python: the base {} has no python3 that leads to a version", recipe_.base);
    return found;
  }

  void add_python() {
    if (recipe_.python_requirements.empty()) return;
    Requirements wanted = requirements_of(recipe_.python_requirements, folder_);
    const PythonPlace place = python();
    wanted.python = place.version;
    wanted.architecture = contents_.architecture;
    const std::string what = "Python's " + join(recipe_.python_requirements, ", ");
    add_layer(what, wanted.key(), options_.fitting.renew || !wanted.is_whole(), [&](const Path& file) {
      const Path target = scratch("python");
      install_requirements(wanted, target);
      Tree tree(&lower_);
      tree.add(place.packages, target, {}, [](const Path& path) { return *path.begin() != "bin"; });
      add_scripts(tree, target / "bin", place.program);
      return write_layer(tree, options_.packing, file);
    });
  }

  // Their first line names the Python that ran pip.
  static void add_scripts(Tree& tree, const Path& folder, const std::string& python) {
    std::error_code none;
    for (const auto& entry : std::filesystem::directory_iterator(folder, none)) {
      std::string text = read_file(entry.path());
      if (const auto end = text.find('\n');
          text.starts_with("#!") && text.substr(0, end).find("python") != std::string::npos)
        text = "#!" + python + text.substr(end);
      tree.add_text(Path("/usr/local/bin") / entry.path().filename(), std::move(text), 0755);
    }
  }

  void add_maven() {
    if (examined_.maven.empty() && examined_.apart.empty()) return;
    std::vector<std::string> names;
    for (const MavenArtifact& artifact : examined_.maven) names.push_back(artifact.str());
    for (const auto& [folder, artifacts] : examined_.apart)
      for (const MavenArtifact& artifact : artifacts) names.push_back(fmt::format("{} in {}", artifact.str(), folder));
    const PlacedJars placed = place_artifacts(recipe_, examined_, plan_.spark_home, maven_);
    Tree tree(&lower_);
    for (const PlacedJar& jar : placed.jars) tree.add(jar.place, jar.source);
    if (!placed.left_out.empty()) say_(fmt::format("left out, for Spark ships it: {}", join(placed.left_out, ", ")));
    add_tree("Maven's " + join(names, ", "), tree);
  }

  void add_jars() {
    Tree tree(&lower_);
    for (const auto& [place, jar] : place_jars(recipe_, folder_, plan_.spark_home)) tree.add(place, jar);
    add_tree("jars " + join(recipe_.jars, ", "), tree);
  }

  void add_files() {
    Tree tree(&lower_);
    std::vector<std::string> names;
    for (const RecipeFile& file : recipe_.files) {
      const Path to = file.place();
      tree.add(to, folder_ / file.from, {.user = file.user, .group = file.group, .mode = file.mode.value_or(0)});
      names.push_back(to.string());
    }
    add_tree("files " + join(names, ", "), tree);
  }

  const Recipe& recipe_;
  Path folder_;
  const BuildCache& cache_;
  const BuildOptions& options_;
  const std::function<void(std::string_view)>& say_;
  MavenCache maven_;
  FileDigests digests_;
  Staging staging_;
  Examined examined_;
  BuildPlan plan_;
  LowerPaths lower_;  // of the layers so far
  ImageContents contents_;
  int parts_ = 0;
};

}  // namespace

ImageBlobs build_image(const Recipe& recipe, const Path& folder, const BuildCache& cache, const BuildOptions& options) {
  return Build(recipe, folder, cache, options).run();
}

}  // namespace spoke::image
