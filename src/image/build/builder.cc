#include "image/build/builder.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "base/error.h"
#include "base/sha256.h"
#include "base/strings.h"
#include "image/build/check_classes.h"
#include "image/build/class_archive.h"
#include "image/build/debian.h"
#include "image/build/digests.h"
#include "image/build/examine.h"
#include "image/build/listing.h"
#include "image/build/maven.h"
#include "image/build/python.h"
#include "image/manifest.h"
#include "image/names.h"
#include "image/spark_image.h"
#include "image/staging.h"

namespace spoke::image {
namespace {

constexpr const char* kPath = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

std::string word_of(Packing packing) {
  switch (packing) {
    case Packing::None: return "none";
    case Packing::Gzip: return "gzip";
    case Packing::Zstd: break;
  }
  return "zstd";
}

// Compiled Python is of the moment it was compiled at.
bool is_no_leftover(const Path& path) { return path.filename() != "__pycache__" && path.extension() != ".pyc"; }

// Of this project's examples, which its set-up puts beside PyPI's: below `examples`.
bool is_compiled_example(const Path& path) { return path.string().starts_with("jars/spark-examples"); }

class Build {
 public:
  Build(const Recipe& recipe, const Path& folder, const BuildCache& cache, const BuildOptions& options)
      : recipe_(recipe),
        folder_(folder),
        cache_(cache),
        options_(options),
        digests_(cache.dir() / "digests"),
        staging_(cache.dir()) {}

  ImageBlobs run() {
    contents_.architecture = architecture();
    examined_ = examine(recipe_, folder_, cache_, options_.registries, options_.renew, options_.say);
    refuse_misfits(examined_.findings);
    const MavenCache maven(cache_.dir(), options_.renew, options_.say);
    refuse_misfits(check_classes(examined_, recipe_, folder_, cache_, maven));
    add_base();
    for (const auto& [name, value] : recipe_.labels) contents_.labels[name] = value;
    add_spark();
    add_class_archive();
    add_python();
    add_maven();
    add_jars();
    add_files();
    add_config();
    digests_.save();
    staging_.sync();
    ImageBlobs out = finish_image(contents_, cache_);
    out.names = names();
    return out;
  }

 private:
  std::string architecture() const {
    const std::string own = machine_architecture();
    for (const std::string& platform : recipe_.platforms)
      if (platform != "linux/" + own)
        fail("platforms: {} cannot be built on this machine, which is linux/{}", platform, own);
    return own;
  }

  std::vector<std::string> names() const {
    std::vector<std::string> tags = options_.tags.empty() ? recipe_.tags : options_.tags;
    if (tags.empty()) tags = {recipe_.name + ":" + (recipe_.spark ? recipe_.spark->version : "latest")};
    std::vector<std::string> out;
    for (const std::string& tag : tags) out.push_back(parse_reference(tag).str());
    return out;
  }

  // Where the jars go.
  Path spark_home() const {
    const std::string of_base = examined_.base ? examined_.base->spark_home() : "";
    return of_base.empty() ? spark_path : of_base;
  }

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
      options_.say(fmt::format("making {}", what));
      const Path file = staging_.path() / fmt::format("layer-{}", ++parts_);
      layer = make(file);
      cache_.add(whole, *layer, file);
    }
    layer->created_by = "spoke image build: " + what;
    options_.say(fmt::format("{} {} ({:.1f} MB{})", layer->blob.digest.substr(7, 12), what,
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
      contents_ = examined_.base->contents;
      lower_ = examined_.base->listing.paths;
      java_home_ = examined_.base->variable("JAVA_HOME");
      return;
    }
    contents_.config.env = {kPath};
    if (recipe_.base == "scratch") return;
    const DebianBase base = debian_base(recipe_, contents_.architecture);
    const std::string what = fmt::format("debian:{} with {}", base.suite, join(base.packages, ", "));
    add_layer(what, base.key(), options_.renew,
              [&](const Path& file) { return make_debian(base, options_.packing, scratch("debian"), file); });
    lower_ = list_layer(cache_, contents_.layers.back().blob.digest).paths;
    java_home_ = fmt::format("/usr/lib/jvm/java-{}-openjdk-{}", recipe_.java, contents_.architecture);
  }

  void add_spark() {
    if (!recipe_.spark) return;
    const SparkHome& spark = *examined_.spark;
    Tree tree(&lower_);
    const bool foreign = recipe_.spark->from == "pypi";
    const auto wanted = [&](const Path& path) {
      return is_no_leftover(path) && !(foreign && is_compiled_example(path));
    };
    for (const auto& [source, target] : spark_parts(spark)) tree.add(target, source, {}, wanted);
    for (const auto& [place, script] : spark_scripts()) tree.add_text(place, std::string(script), 0755);
    tree.add_folder(Path(spark_path) / "conf");
    // Everyone's: pods run as whatever user their securityContext says.
    tree.add_folder(Path(spark_path) / "work-dir", 01777);
    add_tree(fmt::format("Spark {} for Scala {}", spark.version, spark.scala), tree);
    const std::vector<std::string> below = std::exchange(contents_.config, spark_config(spark, java_home_)).env;
    if (!examined_.base) return;
    std::vector<std::string> above = std::exchange(contents_.config.env, below);
    for (const std::string& entry : above) set_variable(entry);
  }

  // What Spark's own jars hold, so that it is the same whatever else comes into the image.
  void add_class_archive() {
    if (!recipe_.spark || !recipe_.spark->cds) return;
    // Java runs to make it, and strangers' programs do not run here.
    if (recipe_.debian_suite().empty()) {
      options_.say("no archive of Spark's classes: the base is not Debian's");
      return;
    }
    ClassArchive archive{.layers = {}, .java_home = java_home_, .jars = {}};
    std::string below;
    for (const LayerBlob& layer : contents_.layers) {
      archive.layers.push_back(cache_.blob(layer.blob.digest));
      below += " " + layer.diff_id;
    }
    for (const Path& jar : folder_entries(examined_.spark->dir / "jars"))
      if (jar.extension() == ".jar") archive.jars.push_back(jar.filename());
    for (const std::string& jar : recipe_.jars)
      if (std::ranges::find(archive.jars, Path(jar).filename().string()) != archive.jars.end()) {
        options_.say(fmt::format("no archive of Spark's classes: {} takes the place of one of Spark's jars", jar));
        return;
      }
    const std::string key = fmt::format("classes {} {}{}", layer_time(), archive.key(), below);
    add_layer("an archive of Spark's classes", key, false, [&](const Path& file) {
      Tree tree(&lower_);
      archive.make(scratch("classes"), options_.say, tree);
      return write_layer(tree, options_.packing, file);
    });
  }

  // "NAME=value", in the place of another.
  void set_variable(const std::string& entry) {
    const std::string lead = entry.substr(0, entry.find('=') + 1);
    std::erase_if(contents_.config.env, [&](const std::string& other) { return other.starts_with(lead); });
    contents_.config.env.push_back(entry);
  }

  void refuse_misfits(const Findings& findings) const {
    if (findings.empty()) return;
    if (!options_.force) throw Misfits(findings);
    std::string lines;
    for (const Finding& finding : findings)
      lines += fmt::format("\n  {}: {} {}; {}", finding.rule, finding.subject, finding.problem, finding.remedy);
    options_.say("built although its parts do not fit:" + lines);
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
    add_layer(what, wanted.key(), options_.renew || !wanted.is_whole(), [&](const Path& file) {
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
    if (examined_.maven.empty()) return;
    std::vector<std::string> names;
    for (const MavenArtifact& artifact : examined_.maven) names.push_back(artifact.str());
    Tree tree(&lower_);
    std::vector<std::string> left_out;
    const MavenCache maven(cache_.dir(), options_.renew, options_.say);
    for (const auto& [artifact, file] : maven.resolve(examined_.maven, recipe_.repositories)) {
      if (is_left_out(examined_.facts, recipe_, artifact)) {
        left_out.push_back(artifact.str());
        continue;
      }
      Path place = spark_home() / "jars" / file.filename();
      if (tree.has(place)) place = place.parent_path() / (artifact.group + "-" + file.filename().string());
      tree.add(place, file);
    }
    if (!left_out.empty()) options_.say(fmt::format("left out, for Spark ships it: {}", join(left_out, ", ")));
    add_tree("Maven's " + join(names, ", "), tree);
  }

  void add_jars() {
    Tree tree(&lower_);
    for (const std::string& jar : recipe_.jars) {
      const Path place = spark_home() / "jars" / Path(jar).filename();
      if (tree.has(place))
        fail("jars: {} is there twice; only one file can have that name in {}/jars", jar, spark_home().string());
      tree.add(place, folder_ / jar);
    }
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

  void add_config() {
    ImageConfig& config = contents_.config;
    for (const auto& [name, value] : recipe_.env) {
      set_variable(name + "=" + value);
    }
    if (recipe_.user) config.user = *recipe_.user;
    if (recipe_.workdir) config.working_dir = *recipe_.workdir;
    if (recipe_.entrypoint) config.entrypoint = *recipe_.entrypoint;
    if (recipe_.command) config.cmd = *recipe_.command;
  }

  const Recipe& recipe_;
  Path folder_;
  const BuildCache& cache_;
  const BuildOptions& options_;
  FileDigests digests_;
  Staging staging_;
  Examined examined_;
  LowerPaths lower_;  // of the layers so far
  ImageContents contents_;
  std::string java_home_;
  int parts_ = 0;
};

}  // namespace

std::vector<std::string> configuration_in(const Recipe& recipe) {
  constexpr auto names =
      std::to_array<std::string_view>({"spark-defaults.conf", "spark-env.sh", "log4j2.properties", "log4j.properties",
                                       "metrics.properties", "fairscheduler.xml"});
  std::vector<std::string> out;
  for (size_t i = 0; i < recipe.files.size(); ++i) {
    const Path to = Path(recipe.files[i].place()).lexically_normal();
    const std::string name = to.filename().string();
    if (std::ranges::find(names, name) != names.end() || name.ends_with("-site.xml") ||
        to.string().starts_with(std::string(spark_path) + "/conf"))
      out.push_back(fmt::format("files[{}]: {} is configuration, and an image holds code alone", i, to.string()));
  }
  return out;
}

ImageBlobs build_image(const Recipe& recipe, const Path& folder, const BuildCache& cache, const BuildOptions& options) {
  const std::vector<std::string> configuration = configuration_in(recipe);
  if (!configuration.empty() && !options.force)
    fail(
        "{}; mount it from a ConfigMap (spec.sparkConfigMap, or SPARK_CONF_DIR of `spoke submit`), or build with "
        "--force",
        join(configuration, "; "));
  return Build(recipe, folder, cache, options).run();
}

}  // namespace spoke::image
