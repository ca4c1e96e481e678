#include <CLI/CLI.hpp>
#include <memory>
#include <utility>
#include <vector>

#include "cli/command.h"
#include "cli/image_commands.h"
#include "cli/image_places.h"
#include "cli/options.h"
#include "cli/terminal.h"

namespace spoke::cli {
namespace {

struct Options {
  std::string archive;
  std::string as;
  std::string data;
};

int load(const Options& options) {
  for (const auto& name : store_in(options.data).load(options.archive, options.as)) print("Loaded " + name + "\n");
  return 0;
}

int list(const Options& options) {
  for (const auto& name : store_in(options.data).list()) print(name + "\n");
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
  std::vector<std::pair<CLI::App*, Action>> commands{{loading, [options] { return load(*options); }},
                                                     {listing, [options] { return list(*options); }}};
  const auto add = [&](const char* name, const char* summary, Action (*set_up_it)(CLI::App&)) {
    CLI::App* command = app.add_subcommand(name, summary);
    commands.emplace_back(command, set_up_it(*command));
  };
  add("build", "build images from recipes, without Docker", set_up_image_build);
  add("check", "say whether the parts of an image fit together, of a recipe or as it is", set_up_image_check);
  add("pull", "take in images from registries", set_up_image_pull);
  add("push", "send images to registries", set_up_image_push);
  add("copy", "copy images between layouts, archives, registries and the cluster", set_up_image_copy);
  add("inspect", "say what an image is, and what is in it", set_up_image_inspect);
  add("diff", "say which packages, jars and settings changed between two images", set_up_image_diff);
  add("sbom", "write an image's bill of materials, SPDX 2.3 in JSON", set_up_image_sbom);
  add("dockerfile", "write what Docker would build of a recipe", set_up_image_dockerfile);
  add("bake", "write what `docker buildx bake` would build of recipes", set_up_image_bake);
  add("docker-image-tool", "build and push as the script of that name in Spark's distribution does",
      set_up_image_docker_image_tool);
  add("init", "write a recipe to begin with", set_up_image_init);
  app.require_subcommand(1);
  return [commands] {
    for (const auto& [command, run] : commands)
      if (*command) return run();
    return kUsage;
  };
}

}  // namespace

extern const Command image_command{
    .name = "image",
    .group = "The embedded cluster",
    .summary = "build images without Docker, of parts that fit; push, pull and copy them",
    .details =
        "A recipe says what an image holds: Debian's packages, Spark, Maven's artifacts, Python's packages, files. "
        "images/recipe.schema.yaml describes it. The same recipe makes the same image, to the byte, wherever it "
        "is built from the same packages. Dockerfiles that run nothing are built, too.\n\nRegistries are logged "
        "in to with `docker login`, `podman login` or a credential helper: the files that these write are "
        "read.\n\nBefore anything but metadata is fetched, `build` checks what `check` does: versions of Scala, "
        "Hadoop, Spark, Java and Python, artifacts that are there twice, and what they need and is not there. "
        "Then it looks whether the classes of what was fetched fit Spark's, as `check --classes` does.",
    .examples =
        "spoke image init spark-aws                                 # writes the recipe spark-aws.yaml\n"
        "spoke image build spark-aws.yaml                           # for the embedded cluster\n"
        "spoke image check spark-aws.yaml                           # whether its parts fit\n"
        "spoke image check docker://example.org/spark:3.5.3         # whoever built it\n"
        "spoke image diff example.org/spark:3.5.3 oci:layout:3.5.8  # what would change\n"
        "spoke image build *.yaml --output oci:layout --set \"*.tags=registry.example.org/spark:1.0\"\n"
        "spoke image build images/platform.yaml                     # a group of recipes\n"
        "spoke image dockerfile spark-aws.yaml --output docker      # for those with Docker\n"
        "spoke image push oci:layout                                # by the names that the images have\n"
        "spoke image copy docker://docker.io/library/spark:4.1.1 oci:spark:4.1.1\n"
        "spoke image pull ghcr.io/example/spark:4.1.4               # for pods; they pull by themselves, too\n"
        "spoke image load spark.oci.tar --as example.org/spark:4.1.4\n"
        "spoke image list",
    .exit_codes = "3   the parts of an image do not fit (check, build), or two images differ (diff --exit-code)",
    .set_up = set_up,
};

}  // namespace spoke::cli
