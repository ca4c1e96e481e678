#include "image/docker/context.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/process.h"
#include "base/strings.h"
#include "image/build/class_archive.h"
#include "image/build/debian.h"
#include "image/build/plan.h"
#include "image/build/python.h"
#include "image/build/spark_source.h"
#include "image/build/tree.h"
#include "image/docker/words.h"
#include "image/spark_image.h"

namespace spoke::image {
namespace {

// Below `to`, as a layer of it would have it.
void write_tree(const Tree& tree, const Path& to) {
  make_dirs(to);
  for (const auto& [path, node] : tree.nodes()) {
    const Path place = to / path;
    switch (node.kind) {
      case TreeNode::Kind::Folder: make_dirs(place); break;
      case TreeNode::Kind::File: std::filesystem::copy_file(node.source, place); break;
      case TreeNode::Kind::Text: write_file(place, node.text); break;
      case TreeNode::Kind::Link: std::filesystem::create_symlink(node.text, place); continue;
    }
    std::filesystem::permissions(place, static_cast<std::filesystem::perms>(node.mode));
  }
}

// Of a name that an image is pulled by.
std::string docker_name(const std::string& base) {
  constexpr std::string_view scheme = "docker://";
  if (base.starts_with(scheme)) return base.substr(scheme.size());
  for (const std::string_view local : {"oci:", "oci-archive:", "store:"})
    if (base.starts_with(local))
      fail("base: {} is of this machine, and Docker pulls its bases; push it to a registry, and name it there", base);
  return base;
}

class Context {
 public:
  Context(const Recipe& recipe, const Path& folder, const Examined& examined, const MavenCache& maven)
      : recipe_(recipe),
        folder_(folder),
        examined_(examined),
        plan_(plan_image(recipe, examined)),
        artifacts_(place_artifacts(recipe, examined, plan_.spark_home, maven).jars),
        is_debian_(!recipe.debian_suite().empty()) {}

  void write(const Path& to) {
    text_ = fmt::format(
        "# Written by `spoke image dockerfile`: what `spoke image build` makes of the recipe {}, for those who build "
        "with Docker.\n",
        recipe_.name);
    add_system();
    add_fetched();
    add_image();
    files_.add_text("/Dockerfile", text_);
    write_tree(files_, to);
  }

 private:
  using Words = std::vector<std::string>;

  bool is_from_pypi() const { return recipe_.spark && recipe_.spark->from == "pypi"; }

  void line(const std::string& text) { text_ += text + "\n"; }
  void run(const Words& commands) { line("RUN " + join(commands, " \\\n && ")); }

  void add_system() {
    const bool fetches = is_from_pypi() || !artifacts_.empty() || !recipe_.python_requirements.empty();
    if (!is_debian_ && !fetches) return;
    place_ = python_place();
    line(fmt::format("ARG DEBIAN=docker.io/library/debian:{}-slim",
                     is_debian_ ? recipe_.debian_suite() : suite_of(place_.version)));
    if (!is_debian_) return;
    line("\nFROM ${DEBIAN} AS system");
    run({"apt-get update",
         "apt-get install --yes --no-install-recommends " +
             join(debian_base(recipe_, plan_.architecture).packages, " "),
         "rm -rf /var/lib/apt/lists/*", "groupadd --system --gid 185 spark",
         "useradd --system --uid 185 --gid spark --create-home --shell /bin/bash spark"});
  }

  // What comes from registries, in a stage of its own: what fetches it does not stay.
  void add_fetched() {
    Words packages;
    if (!artifacts_.empty()) packages.emplace_back("maven");
    if (is_from_pypi() || !recipe_.python_requirements.empty()) packages.emplace_back("python3-pip");
    if (packages.empty()) return;
    line(fmt::format("\nFROM {} AS fetched", is_debian_ ? "system" : "${DEBIAN}"));
    run({"apt-get update", "apt-get install --yes --no-install-recommends " + join(packages, " "), "mkdir /fetched"});
    if (is_from_pypi()) fetch_spark();
    if (!artifacts_.empty()) fetch_artifacts();
    if (!recipe_.python_requirements.empty()) fetch_python();
  }

  void fetch_spark() {
    const std::string version = recipe_.spark->version;
    Words commands{
        fmt::format("pip3 download --no-cache-dir --no-deps --no-binary pyspark --dest /tmp pyspark=={}", version),
        "mkdir /tmp/pyspark",
        fmt::format("tar -xzf /tmp/pyspark-{}.tar.gz -C /tmp/pyspark --strip-components=1 --no-same-owner", version),
        "cd /fetched"};
    std::set<std::string> above;
    for (const auto& [_, to] : pyspark_places())
      above.insert(Path("spark/" + std::string(to)).parent_path().parent_path());
    commands.push_back("mkdir -p " + join({above.begin(), above.end()}, " "));
    for (const auto& [from, to] : pyspark_places())
      commands.push_back(fmt::format("mv /tmp/pyspark/{} spark/{}", from, to));
    commands.emplace_back("find spark -name '*.cmd' -delete");
    commands.emplace_back("chmod -R u=rwX,go=rX spark");
    commands.emplace_back("rm -rf /tmp/pyspark*");
    run(commands);
  }

  void fetch_artifacts() {
    for (const std::string& repository : recipe_.repositories)
      if (repository.starts_with("file:"))
        fail("repositories: {} is of this machine, and a Dockerfile's stages do not have it", repository);
    std::vector<CopiedArtifact> copied;
    for (const PlacedJar& jar : artifacts_) {
      const auto [folder, _] =
          fetched_.try_emplace(jar.place.parent_path(), fmt::format("/fetched/jars-{}", fetched_.size()));
      copied.push_back({jar.artifact, folder->second, jar.place.filename()});
    }
    files_.add_text("/pom.xml", copying_project(copied, recipe_.repositories));
    line("COPY pom.xml /tmp/pom.xml");
    run({fmt::format("mvn --batch-mode --no-transfer-progress --strict-checksums --file /tmp/pom.xml {}",
                     copying_goal())});
  }

  void fetch_python() {
    const Requirements wanted = requirements_of(recipe_.python_requirements, folder_);
    for (const Path& file : wanted.files) refuse_references(file);
    std::string command = "pip3 install --no-cache-dir " + join(pip_arguments(place_.version, "$(uname -m)"), " ") +
                          " --target /fetched/python";
    int number = 0;
    const auto add = [&](std::string text) {
      const std::string name = fmt::format("requirements-{}.txt", ++number);
      files_.add_text("/" + name, std::move(text));
      line(fmt::format("COPY {} /tmp/{}", name, name));
      command += " --requirement /tmp/" + name;
    };
    if (!wanted.lines.empty()) add(join(wanted.lines, "\n") + "\n");
    for (const Path& file : wanted.files) add(read_file(file));
    run({command, "mkdir -p /fetched/python/bin", "mv /fetched/python/bin /fetched/python-bin",
         fmt::format("find /fetched/python-bin -type f -exec sed -i '1s,^#!.*python.*,#!{},' {{}} +", place_.program)});
  }

  PythonPlace python_place() const {
    if (recipe_.python_requirements.empty()) return {};
    PythonPlace out = examined_.base ? find_python(examined_.base->listing.paths, plan_.config.env)
                                     : PythonPlace{.version = examined_.facts.python,
                                                   .packages = debian_packages_of(examined_.facts.python),
                                                   .program = "/usr/bin/python3"};
    if (out.version.empty()) fail("python: which Python {} has is not known", recipe_.base);
    return out;
  }

  // pip judges by the Python that it runs on what a package needs: a Debian with that one.
  static std::string suite_of(const std::string& python) {
    if (python.empty()) return "bookworm";
    for (const char* suite : {"bullseye", "bookworm", "trixie"})
      if (python_of(suite) == python) return suite;
    fail("python: the base has Python {}, and no Debian that a Dockerfile could fetch its packages in has that",
         python);
  }

  // Other files of requirements, folders and wheels of this machine are not in the context.
  static void refuse_references(const Path& file) {
    for (const std::string& text : split(read_file(file), '\n')) {
      const std::string_view line = trim(text);
      static constexpr auto leads = std::to_array<std::string_view>(
          {"-r", "--requirement", "-c", "--constraint", "-e", "--editable", "-f", "--find-links", ".", "/"});
      if (std::ranges::any_of(leads, [&](std::string_view lead) { return line.starts_with(lead); }) ||
          line.find("file:") != std::string_view::npos)
        fail("{}: \"{}\" refers to what a Dockerfile's context does not have; name the packages themselves",
             file.string(), line);
    }
  }

  void add_image() {
    line(fmt::format("\nFROM {}", is_debian_ ? "system" : docker_name(recipe_.base)));
    if (recipe_.spark && recipe_.base == "scratch")
      fail("base: scratch has no shell, with which a Dockerfile makes Spark's folders; take debian:bookworm");
    if (is_debian_) line("ARG TARGETARCH");
    if (!is_debian_ && !plan_.below.user.empty()) line("USER root");
    if (recipe_.spark) add_spark();
    if (!recipe_.python_requirements.empty()) {
      line(fmt::format("COPY --from=fetched /fetched/python/ {}/", place_.packages));
      line("COPY --from=fetched /fetched/python-bin/ /usr/local/bin/");
    }
    for (const auto& [place, folder] : fetched_)
      line("COPY --from=fetched " + docker_paths({folder + "/", place.string() + "/"}));
    const std::map<Path, Path> jars = place_jars(recipe_, folder_, plan_.spark_home);
    for (const auto& [place, jar] : jars) files_.add(Path("/jars") / place.filename(), jar);
    if (!jars.empty()) line("COPY " + docker_paths({"jars/", jars_folder()}));
    add_files();
    add_config();
  }

  std::string jars_folder() const { return (plan_.spark_home / "jars/").string(); }

  void add_spark() {
    if (!is_from_pypi())
      for (const auto& [source, target] : spark_parts(*examined_.spark))
        files_.add(Path("/spark") / target.lexically_relative(spark_path), source, {}, is_part_of_spark);
    line(fmt::format("COPY {} {}/", is_from_pypi() ? "--from=fetched /fetched/spark/" : "spark/", spark_path));
    for (const auto& [place, script] : spark_scripts()) files_.add_text(place, std::string(script), 0755);
    if (!plan_.archived_jars.empty())
      for (const auto& [place, script, mode] : archive_scripts(plan_.archived_jars))
        files_.add_text(place, script, mode);
    line("COPY opt/ /opt/");
    run({fmt::format("mkdir -p {}/conf {}/work-dir", spark_path, spark_path),
         fmt::format("chmod 1777 {}/work-dir", spark_path)});
    if (plan_.archived_jars.empty()) return;
    files_.add_text("/classes.txt", archived_classes());
    line("RUN --mount=type=bind,source=classes.txt,target=/mnt/classes.txt \\");
    const std::string java = with_architecture(plan_.java_home);
    line(fmt::format("    cat {}/lib/classlist /mnt/classes.txt >/tmp/classes \\", java));
    line(
        fmt::format(" && {}/bin/java -Xshare:dump -XX:+UseSerialGC -XX:SharedClassListFile=/tmp/classes "
                    "-XX:SharedArchiveFile={}/cds/classes.jsa -cp \"$(cat {}/cds/class-path)\" >/dev/null \\",
                    java, spark_path, spark_path));
    line(" && rm /tmp/classes");
  }

  void add_files() {
    int number = 0;
    for (const RecipeFile& file : recipe_.files) {
      std::string source = fmt::format("files/{}", ++number);
      files_.add("/" + source, folder_ / file.from, {.mode = file.mode.value_or(0)});
      if (std::filesystem::is_directory(folder_ / file.from)) source += "/";
      // Docker would give its owner the folders above, too.
      if ((file.user != 0 || file.group != 0) && recipe_.base != "scratch")
        run({"mkdir -p " + shell_quoted(one_line(Path(file.place()).parent_path()))});
      const std::string owner =
          file.user == 0 && file.group == 0 ? "" : fmt::format("--chown={}:{} ", file.user, file.group);
      line("COPY " + owner + docker_paths({source, file.place()}));
    }
  }

  void add_config() {
    const ImageConfig &here = plan_.config, &below = plan_.below;
    std::string variables;
    for (const std::string& entry : here.env) {
      if (std::ranges::find(below.env, entry) != below.env.end()) continue;
      const auto equals = entry.find('=');
      variables += fmt::format("{}{}={}", variables.empty() ? "ENV " : " \\\n    ", entry.substr(0, equals),
                               with_architecture(docker_quoted(entry.substr(equals + 1))));
    }
    if (!variables.empty()) line(variables);
    static const std::map<std::string, std::string> none;
    const std::map<std::string, std::string>& of_base = examined_.base ? examined_.base->contents.labels : none;
    for (const auto& [name, value] : plan_.labels)
      if (const auto there = of_base.find(name); there == of_base.end() || there->second != value)
        line(fmt::format("LABEL {}={}", docker_quoted(name), docker_quoted(value)));
    // Before USER: Docker makes the folder, for the user that is told so far.
    if (here.working_dir != below.working_dir) line("WORKDIR " + docker_quoted(here.working_dir));
    if (!here.user.empty() && (is_debian_ || !below.user.empty() || here.user != below.user))
      line("USER " + docker_quoted(here.user));
    const bool starts_otherwise = here.entrypoint != below.entrypoint;
    if (starts_otherwise) line("ENTRYPOINT " + docker_list(here.entrypoint));
    // An entry point takes the base's command away; Docker Hub's Debian has one.
    if (here.cmd != below.cmd || (starts_otherwise && !here.cmd.empty()) || (is_debian_ && !starts_otherwise))
      line("CMD " + docker_list(here.cmd));
  }

  // Java's folder has the platform in its name, which Docker knows when it builds.
  std::string with_architecture(std::string text) const {
    if (!is_debian_) return text;
    const std::string fixed = plan_.java_home;
    const std::string open = fixed.substr(0, fixed.size() - plan_.architecture.size()) + "${TARGETARCH}";
    for (auto at = text.find(fixed); at != std::string::npos; at = text.find(fixed, at + open.size()))
      text.replace(at, fixed.size(), open);
    return text;
  }

  const Recipe& recipe_;
  Path folder_;
  const Examined& examined_;
  BuildPlan plan_;
  std::vector<PlacedJar> artifacts_;
  bool is_debian_;
  PythonPlace place_;
  std::map<Path, std::string> fetched_;  // folders of the image with artifacts: where these are in the stage
  Tree files_;
  std::string text_;
};

}  // namespace

void write_docker_context(const Recipe& recipe, const Path& folder, const Examined& examined, const MavenCache& maven,
                          const Path& to) {
  Context(recipe, folder, examined, maven).write(to);
}

}  // namespace spoke::image
