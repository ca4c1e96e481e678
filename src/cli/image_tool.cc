// `spoke image docker-image-tool`: the options of bin/docker-image-tool.sh (Spark: Running on Kubernetes, Docker
// Images).
#include <CLI/CLI.hpp>
#include <charconv>
#include <cstdlib>
#include <memory>

#include "cli/image_commands.h"
#include "cli/image_places.h"
#include "cli/options.h"
#include "cli/registry_flags.h"
#include "cli/terminal.h"
#include "image/build/builder.h"
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
  if (file.empty() || std::filesystem::equivalent(file, own, none)) return;
  fail(
      "{}: {} is not Spark's own Dockerfile; `spoke image build {}` builds it where it runs nothing, and a recipe "
      "(`spoke image init`) has fields for what others run",
      option, file, file);
}

// "17" of "17-jre", as eclipse-temurin's tags have it.
int java_of(const std::string& tag) {
  int out = 0;
  std::from_chars(tag.data(), tag.data() + tag.size(), out);
  if (out == 0) throw UsageError("-b: java_image_tag=" + tag + " must begin with a version of Java, such as 17-jre");
  return out;
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
    out.java = java_of(argument.substr(java.size()));
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
  if (!options.python_file.empty()) out.push_back(fmt::format("{}spark-py:{}", lead, tag));
  return out;
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
  const image::SparkHome home = spark_home();
  const Path dockerfiles = home.dir / "kubernetes/dockerfiles/spark";
  refuse_other("-f", options.jvm_file, dockerfiles / "Dockerfile");
  refuse_other("-p", options.python_file, dockerfiles / "bindings/python/Dockerfile");
  const image::Registries registries = options.registries.registries();
  const image::BuildCache cache = cache_in(options.cache);
  const auto say = [&](std::string_view line) {
    if (!options.quiet) print_error(fmt::format("spark: {}\n", line));
  };
  try {
    // What is pushed is built again, of layers that are there: it is the same.
    const image::ImageBlobs built = image::build_image(
        recipe_of(options, home), "", cache,
        {.fitting = {.registries = registries, .renew = options.anew, .say = say}, .tags = names_of(options)});
    const Sending how{registries, options.data, options.quiet};
    send_images({built}, place_in(pushes ? "docker://" : "store:", "--output"), cache, how);
  } catch (const image::Misfits& e) {
    print_error(findings_text(home.dir.string(), e.findings));
    return kMisfits;
  }
  return 0;
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
