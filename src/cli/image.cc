#include <CLI/CLI.hpp>
#include <memory>

#include "cli/command.h"
#include "cli/image_commands.h"
#include "cli/options.h"
#include "cli/terminal.h"
#include "cluster/paths.h"
#include "image/image_store.h"

namespace spoke::cli {
namespace {

struct Options {
  std::string archive;
  std::string as;
  std::string data;
};

image::ImageStore images(const Options& options) {
  const cluster::Paths paths = options.data.empty() ? cluster::Paths::standard() : cluster::Paths(options.data);
  return image::ImageStore(paths.images(), {}, {});
}

int load(const Options& options) {
  for (const auto& name : images(options).load(options.archive, options.as)) print("Loaded " + name + "\n");
  return 0;
}

int list(const Options& options) {
  for (const auto& name : images(options).list()) print(name + "\n");
  return 0;
}

Action set_up(CLI::App& app) {
  const auto options = std::make_shared<Options>();
  app.add_option("--data", options->data, "where the cluster keeps its data, if not in $XDG_DATA_HOME/spoke")
      ->type_name("DIR");
  CLI::App* loading = app.add_subcommand("load", "take in an image from an OCI layout or `docker save`'s output");
  loading->add_option("archive", options->archive, "the archive, or a layout's folder")
      ->required()
      ->type_name(takes::kFile);
  loading->add_option("--as", options->as, "the name to know it by")->type_name("NAME");
  CLI::App* listing = app.add_subcommand("list", "list the embedded cluster's images");
  CLI::App* building = app.add_subcommand("build", "build images from recipes, without Docker");
  const Action build = set_up_image_build(*building);
  CLI::App* checking =
      app.add_subcommand("check", "say whether the parts of an image fit together, of a recipe or as it is");
  const Action check = set_up_image_check(*checking);
  CLI::App* pulling = app.add_subcommand("pull", "take in images from registries");
  const Action pull = set_up_image_pull(*pulling);
  CLI::App* pushing = app.add_subcommand("push", "send images to registries");
  const Action push = set_up_image_push(*pushing);
  CLI::App* copying = app.add_subcommand("copy", "copy images between layouts, archives, registries and the cluster");
  const Action copy = set_up_image_copy(*copying);
  CLI::App* inspecting = app.add_subcommand("inspect", "say what an image is, and what is in it");
  const Action inspect = set_up_image_inspect(*inspecting);
  CLI::App* comparing = app.add_subcommand("diff", "say which packages, jars and settings changed between two images");
  const Action diff = set_up_image_diff(*comparing);
  CLI::App* billing = app.add_subcommand("sbom", "write an image's bill of materials, SPDX 2.3 in JSON");
  const Action sbom = set_up_image_sbom(*billing);
  CLI::App* beginning = app.add_subcommand("init", "write a recipe to begin with");
  const Action init = set_up_image_init(*beginning);
  app.require_subcommand(1);
  return [=] {
    if (*building) return build();
    if (*checking) return check();
    if (*beginning) return init();
    if (*pulling) return pull();
    if (*pushing) return push();
    if (*copying) return copy();
    if (*inspecting) return inspect();
    if (*comparing) return diff();
    if (*billing) return sbom();
    if (*loading) return load(*options);
    return *listing ? list(*options) : kUsage;
  };
}

}  // namespace

extern const Command image_command{
    .name = "image",
    .group = "The embedded cluster",
    .summary = "build images without Docker, of parts that fit; push, pull and copy them",
    .details =
        "A recipe says what an image holds: Debian's packages, Spark, Maven's artifacts, Python's packages, files. "
        "images/recipe.schema.yaml describes it. The same recipe makes the same image, to the byte, wherever it is "
        "built from "
        "the same packages.\n\nRegistries are logged in to with `docker login`, `podman login` or a credential helper: "
        "the files that these write are read.\n\nBefore anything but metadata is fetched, `build` checks what `check` "
        "does: versions of "
        "Scala, "
        "Hadoop, Spark, Java and Python, artifacts that are there twice, and what they need and is not there.",
    .examples =
        "spoke image init spark-aws                                 # writes the recipe spark-aws.yaml\n"
        "spoke image build spark-aws.yaml                           # for the embedded cluster\n"
        "spoke image check spark-aws.yaml                           # whether its parts fit\n"
        "spoke image check docker://example.org/spark:3.5.3         # whoever built it\n"
        "spoke image diff example.org/spark:3.5.3 oci:layout:3.5.8  # what would change\n"
        "spoke image build *.yaml --output oci:layout --set \"*.tags=registry.example.org/spark:1.0\"\n"
        "spoke image push oci:layout                                # by the names that the images have\n"
        "spoke image copy docker://docker.io/library/spark:4.1.1 oci:spark:4.1.1\n"
        "spoke image pull ghcr.io/example/spark:4.1.4               # for pods; they pull by themselves, too\n"
        "spoke image load spark.oci.tar --as example.org/spark:4.1.4\n"
        "spoke image list",
    .exit_codes = "3   the parts of an image do not fit (check), or two images differ (diff --exit-code)",
    .set_up = set_up,
};

}  // namespace spoke::cli
