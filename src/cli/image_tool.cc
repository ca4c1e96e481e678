// `spoke image docker-image-tool`: the options of bin/docker-image-tool.sh (Spark: Running on Kubernetes, Docker
// Images).
#include <CLI/CLI.hpp>
#include <cctype>
#include <cstdlib>
#include <memory>
#include <tuple>
#include <utility>

#include "cli/image_commands.h"
#include "cli/image_places.h"
#include "cli/options.h"
#include "cli/registry_flags.h"
#include "cli/terminal.h"
#include "image/build/builder.h"
#include "image/build/layout.h"
#include "image/build/transport.h"
#include "image/manifest.h"
#include "image/names.h"
#include "image/spark_home.h"

namespace spoke::cli {
namespace {

struct Options {
  std::string command, repository, tag, user;
  std::string jvm_file, python_file, r_file;
  std::vector<std::string> arguments;
  bool anew = false, cross = false, minikube = false;
  std::string cache, data;
  RegistryFlags registries;
  bool quiet = false;
};

image::SparkHome spark_home() {
  const char* dir = std::getenv("SPARK_HOME");
  if (dir == nullptr || *dir == '\0')
    fail("SPARK_HOME is not set; set it to the folder of a Spark distribution, which the image is made of");
  const auto home = image::inspect_spark_home(dir);
  if (!home) fail("SPARK_HOME: {} is no Spark: it has no jars/spark-core_*.jar", dir);
  return *home;
}

// Spark's own Dockerfiles say what is built here anyway; others are somebody's.
void refuse_other(const std::string& option, const std::string& file, const Path& own) {
  std::error_code none;
  // PyPI's Spark has none of them.
  if (file.empty() || std::filesystem::equivalent(file, own, none) ||
      std::filesystem::absolute(file).lexically_normal() == own)
    return;
  fail(
      "{}: {} is not Spark's own Dockerfile; `spoke image build {}` builds it where it runs nothing, and a recipe "
      "(`spoke image init`) has fields for what others run",
      option, file, file);
}

// "17" of "17-jre", as eclipse-temurin's tags have it, and the Debian that has that Java.
std::pair<int, std::string> java_of(const std::string& tag) {
  const auto is = [&](std::string_view version) {
    return tag.starts_with(version) &&
           (tag.size() == version.size() || std::isdigit(static_cast<unsigned char>(tag[version.size()])) == 0);
  };
  if (is("17")) return {17, "debian:bookworm"};
  if (is("21")) return {21, "debian:trixie"};
  throw UsageError("-b: java_image_tag=" + tag + ": Debian has Java 17 and 21; 17-jre or 21-jre");
}

image::Recipe recipe_of(const Options& options, const image::SparkHome& home) {
  image::Recipe out{.name = "spark", .base = "debian:bookworm", .java = 17};
  out.spark = image::SparkSource{.version = home.version, .from = home.dir.string()};
  for (const std::string& argument : options.arguments) {
    constexpr std::string_view java = "java_image_tag=";
    if (!argument.starts_with(java))
      throw UsageError("-b: \"" + argument +
                       "\" is no argument of Spark's Dockerfile that says what is built here; "
                       "java_image_tag is");
    std::tie(out.java, out.base) = java_of(argument.substr(java.size()));
  }
  if (!options.user.empty()) out.user = options.user;
  return out;
}

std::vector<std::string> names_of(const Options& options) {
  std::vector<std::string> out;
  std::string lead = options.repository;
  if (!lead.empty() && !lead.ends_with('/')) lead += '/';
  const std::string tag = options.tag.empty() ? "latest" : options.tag;
  out.push_back(fmt::format("{}spark:{}", lead, tag));
  // One image has both.
  if (!options.python_file.empty() || options.command == "push") out.push_back(fmt::format("{}spark-py:{}", lead, tag));
  return out;
}

// Where `build` leaves what `push` sends: a layout whose blobs are the cache's.
Path layout_in(const image::BuildCache& cache) {
  const Path out = cache.dir() / "docker-image-tool";
  if (!std::filesystem::exists(out / "oci-layout")) {
    make_dirs(out);
    std::error_code there;
    std::filesystem::create_directory_symlink("../blobs", out / "blobs", there);
    write_file(out / "oci-layout", R"({"imageLayoutVersion":"1.0.0"})");
  }
  return out;
}

int build(const Options& options, const image::BuildCache& cache) {
  const image::SparkHome home = spark_home();
  const Path dockerfiles = home.dir / "kubernetes/dockerfiles/spark";
  refuse_other("-f", options.jvm_file, dockerfiles / "Dockerfile");
  refuse_other("-p", options.python_file, dockerfiles / "bindings/python/Dockerfile");
  const image::Registries registries = options.registries.registries();
  const auto say = [&](std::string_view line) {
    if (!options.quiet) print_error(fmt::format("spark: {}\n", line));
  };
  try {
    const image::ImageBlobs built = image::build_image(
        recipe_of(options, home), "", cache,
        {.fitting = {.registries = registries, .renew = options.anew, .say = say}, .tags = names_of(options)});
    image::write_layout(layout_in(cache), {built}, "", cache.dir());
    send_images({built}, place_in("store:", "--output"), cache, {registries, options.data, options.quiet});
  } catch (const image::Misfits& e) {
    print_error(findings_text(home.dir.string(), e.findings));
    return kMisfits;
  }
  return 0;
}

// What was built, whatever this command line would build.
int push(const Options& options, const image::BuildCache& cache) {
  const image::Registries registries = options.registries.registries();
  const image::Transport transport(cache, registries, [](std::int64_t, std::int64_t) {});
  std::vector<image::ImageBlobs> images;
  std::string missing;
  for (const std::string& short_name : names_of(options)) {
    const std::string name = image::parse_reference(short_name).str();
    try {
      image::ImageSet found =
          transport.read({.kind = image::Place::Kind::Layout, .path = layout_in(cache), .tag = name, .name = ""},
                         image::machine_architecture());
      for (image::ImageBlobs& image : found.images) {
        image.names = {name};
        images.push_back(std::move(image));
      }
    } catch (const Error&) {
      missing += (missing.empty() ? "" : ", ") + name;
    }
  }
  if (images.empty()) fail("there is no {} that was built here; build it first, with the same -r and -t", missing);
  send_images(images, place_in("docker://", "--output"), cache, {registries, options.data, options.quiet});
  return 0;
}

int run(const Options& options) {
  if (options.command != "build" && options.command != "push")
    throw UsageError("docker-image-tool: \"" + options.command + "\" must be build or push");
  const bool pushes = options.command == "push" || options.cross;
  if (pushes && options.repository.empty()) throw UsageError("docker-image-tool: -r names the repository to push to");
  if (options.minikube)
    fail(
        "-m: there is no Docker daemon to build in; write an archive with `spoke image build RECIPE --output "
        "oci-archive:FILE`, and load it with `minikube image load FILE`");
  if (!options.r_file.empty())
    fail(
        "-R: R is not built here; name r-base-core under packages in a recipe (`spoke image init`), and Spark's R "
        "under files");
  const image::BuildCache cache = cache_in(options.cache);
  if (options.command == "build")
    if (const int status = build(options, cache); status != 0) return status;
  return pushes ? push(options, cache) : 0;
}

}  // namespace

Action set_up_image_docker_image_tool(CLI::App& app) {
  const auto options = std::make_shared<Options>();
  app.add_option("command", options->command,
                 "build: of SPARK_HOME's distribution, for the embedded cluster; push: to the repository")
      ->required()
      ->type_name("build|push");
  app.add_option("-r", options->repository, "the repository, registry.example.org/team")->type_name("REPO");
  app.add_option("-t", options->tag, "the tag, latest if not given")->type_name("TAG");
  app.add_option("-p", options->python_file, "PySpark's Dockerfile: the image gets the name spark-py, too")
      ->type_name(takes::kFile);
  app.add_option("-f", options->jvm_file, "Spark's Dockerfile; no other")->type_name(takes::kFile);
  app.add_option("-R", options->r_file, "not built here: SparkR's Dockerfile")->type_name(takes::kFile);
  app.add_option("-u", options->user, "the user's number, 185 if not given")->type_name("UID");
  app.add_option("-b", options->arguments, "java_image_tag=17-jre: Java's version")
      ->type_name("NAME=VALUE")
      ->allow_extra_args(false);
  app.add_flag("-n", options->anew, "make anew what comes from Debian");
  app.add_flag("-X", options->cross, "build and push, for this machine's platform");
  app.add_flag("-m", options->minikube, "not built here: in minikube's Docker");
  app.add_option("--cache", options->cache, "where layers are kept from one time to the next")->type_name("DIR");
  options->registries.add_to(app);
  app.add_flag("-q,--quiet", options->quiet, "no progress");
  app.add_option("--data", options->data, "where the cluster keeps its data, if not in $XDG_DATA_HOME/spoke")
      ->type_name("DIR");
  return [options] { return run(*options); };
}

}  // namespace spoke::cli
