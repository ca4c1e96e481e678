#include "image/build/plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>

#include "base/error.h"
#include "image/manifest.h"
#include "image/names.h"
#include "image/spark_image.h"

namespace spoke::image {
namespace {

constexpr const char* kPath = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

std::string java_home_of(const Recipe& recipe, const Examined& examined, const std::string& architecture) {
  if (examined.base) return examined.base->variable("JAVA_HOME");
  if (recipe.debian_suite().empty()) return "";
  return fmt::format("/usr/lib/jvm/java-{}-openjdk-{}", recipe.java, architecture);
}

// "NAME=value", in the place of another.
void set_variable(std::vector<std::string>& env, const std::string& entry) {
  const std::string lead = entry.substr(0, entry.find('=') + 1);
  std::erase_if(env, [&](const std::string& other) { return other.starts_with(lead); });
  env.push_back(entry);
}

void plan_archive(const Recipe& recipe, const Examined& examined, BuildPlan& plan) {
  if (!recipe.spark || !recipe.spark->cds) return;
  // Java runs to make it, and strangers' programs do not run here.
  if (recipe.debian_suite().empty()) {
    plan.no_archive = "the base is not Debian's";
    return;
  }
  std::vector<std::string> jars;
  for (const Path& jar : folder_entries(examined.spark->dir / "jars"))
    if (jar.extension() == ".jar") jars.push_back(jar.filename());
  for (const std::string& jar : recipe.jars)
    if (std::ranges::find(jars, Path(jar).filename().string()) != jars.end()) {
      plan.no_archive = jar + " takes the place of one of Spark's jars";
      return;
    }
  plan.archived_jars = std::move(jars);
}

}  // namespace

BuildPlan plan_image(const Recipe& recipe, const Examined& examined) {
  BuildPlan out{.architecture = machine_architecture()};
  out.java_home = java_home_of(recipe, examined, out.architecture);
  const std::string of_base = examined.base ? examined.base->spark_home() : "";
  out.spark_home = of_base.empty() ? spark_path : of_base;
  if (examined.base) {
    out.below = examined.base->contents.config;
    out.labels = examined.base->contents.labels;
  } else {
    out.below.env = {kPath};
  }
  out.config = out.below;
  if (recipe.spark) {
    out.config = spark_config(*examined.spark, out.java_home);
    if (examined.base) {
      const std::vector<std::string> above = std::exchange(out.config.env, out.below.env);
      for (const std::string& entry : above) set_variable(out.config.env, entry);
    }
  }
  for (const auto& [name, value] : recipe.env) set_variable(out.config.env, name + "=" + value);
  if (recipe.user) out.config.user = *recipe.user;
  if (recipe.workdir) out.config.working_dir = *recipe.workdir;
  if (recipe.entrypoint) out.config.entrypoint = *recipe.entrypoint;
  if (recipe.command) out.config.cmd = *recipe.command;
  for (const auto& [name, value] : recipe.labels) out.labels[name] = value;
  plan_archive(recipe, examined, out);
  return out;
}

PlacedJars place_artifacts(const Recipe& recipe, const Examined& examined, const Path& spark_home,
                           const MavenCache& maven) {
  PlacedJars out;
  std::set<Path> taken;
  const auto add = [&](const Path& folder, const MavenArtifact& artifact, const Path& file) {
    Path place = folder / file.filename();
    if (!taken.insert(place).second) place.replace_filename(artifact.group + "-" + file.filename().string());
    out.jars.push_back({place, file, artifact});
  };
  for (auto& [artifact, file] : maven.resolve(examined.maven, recipe.repositories)) {
    if (is_left_out(examined.facts, recipe, artifact)) {
      out.left_out.push_back(artifact.str());
      continue;
    }
    add(spark_home / "jars", artifact, file);
  }
  for (const auto& [folder, artifacts] : examined.apart)
    for (auto& [artifact, file] : maven.resolve(artifacts, recipe.repositories)) add(folder, artifact, file);
  return out;
}

std::map<Path, Path> place_jars(const Recipe& recipe, const Path& folder, const Path& spark_home) {
  std::map<Path, Path> out;
  for (const std::string& jar : recipe.jars)
    if (!out.try_emplace(spark_home / "jars" / Path(jar).filename(), folder / jar).second)
      fail("jars: {} is there twice; only one file can have that name in {}/jars", jar, spark_home.string());
  return out;
}

std::vector<std::string> names_of(const Recipe& recipe, const std::vector<std::string>& tags) {
  std::vector<std::string> wanted = tags.empty() ? recipe.tags : tags;
  if (wanted.empty()) wanted = {recipe.name + ":" + (recipe.spark ? recipe.spark->version : "latest")};
  std::vector<std::string> out;
  for (const std::string& tag : wanted) out.push_back(parse_reference(tag).str());
  return out;
}

}  // namespace spoke::image
