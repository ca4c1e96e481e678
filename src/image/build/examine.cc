#include "image/build/examine.h"

#include <algorithm>
#include <map>

#include "image/build/spark_source.h"
#include "image/manifest.h"
#include "image/staging.h"

namespace spoke::image {
namespace {

bool is_asked_for(const Recipe& recipe, const MavenArtifact& artifact) {
  return std::ranges::any_of(recipe.maven, [&](const MavenArtifact& one) {
    return one.to.empty() && one.group == artifact.group && one.name == artifact.name;
  });
}

void add_spark(ImageFacts& facts, const SparkHome& spark) {
  facts.spark = spark.version;
  facts.scala = spark.scala;
  for (const Path& jar : folder_entries(spark.dir / "jars")) {
    if (jar.extension() != ".jar") continue;
    facts.jars.push_back(read_jar_name(jar.filename().string()));
    facts.jars.back().from = JarFact::From::Spark;
  }
}

void add_artifacts(ImageFacts& facts, const Recipe& recipe, const std::vector<ResolvedArtifact>& artifacts) {
  for (const auto& [artifact, _] : artifacts) {
    if (is_left_out(facts, recipe, artifact)) continue;
    facts.jars.push_back({.group = artifact.group,
                          .name = artifact.name,
                          .version = artifact.version,
                          .from = JarFact::From::Maven,
                          .asked_for = is_asked_for(recipe, artifact)});
  }
}

using Say = std::function<void(std::string_view)>;

std::vector<MavenArtifact> to_be_had(const Recipe& recipe, const MavenCache& maven, const Say& say) {
  std::vector<MavenArtifact> out;
  for (const MavenArtifact& artifact : recipe.maven) {
    try {
      if (artifact.optional) maven.resolve({artifact}, recipe.repositories);
      out.push_back(artifact);
    } catch (const Error& e) {
      say(fmt::format("{} is left out, for it could not be had: {}", artifact.str(), e.what()));
    }
  }
  return out;
}

// Of what comes without its closure, the closure. A file with a classifier is another one than its POM tells of: mostly
// it has all of it inside.
void add_needs(ImageFacts& facts, const std::vector<MavenArtifact>& artifacts, const Recipe& recipe,
               const MavenCache& maven, const Say& say) {
  for (MavenArtifact artifact : artifacts) {
    if (artifact.closure || !artifact.classifier.empty()) continue;
    artifact.closure = true;
    try {
      for (const auto& [need, _] : maven.collect({artifact}, recipe.repositories))
        if (need.group != artifact.group || need.name != artifact.name)
          facts.needs.push_back({artifact.str(), need.group, need.name, need.version});
    } catch (const Error& e) {
      say(fmt::format("what {} needs cannot be told: {}", artifact.str(), e.what()));
    }
  }
}

}  // namespace

std::string python_of(const std::string& suite) {
  static const std::map<std::string, std::string> versions{
      {"bullseye", "3.9"}, {"bookworm", "3.11"}, {"trixie", "3.13"}};
  const auto found = versions.find(suite);
  return found == versions.end() ? "" : found->second;
}

bool is_left_out(const ImageFacts& facts, const Recipe& recipe, const MavenArtifact& artifact) {
  return !is_asked_for(recipe, artifact) && std::ranges::any_of(facts.jars, [&](const JarFact& jar) {
    return jar.from == JarFact::From::Spark && jar.name == artifact.name;
  });
}

Examined examine(const Recipe& recipe, const Path& folder, const BuildCache& cache, const Registries& registries,
                 bool renew, const std::function<void(std::string_view)>& say) {
  Examined out;
  out.facts.python = python_of(recipe.debian_suite());
  out.facts.java = recipe.java;
  out.base = get_base(recipe, folder, machine_architecture(), cache, registries, say);
  if (out.base) {
    add_facts(*out.base, true, out.facts);
    if (recipe.spark && !out.facts.spark.empty())
      fail("spark: the base {} has Spark {} already; leave one of them out", recipe.base, out.facts.spark);
    if (recipe.java != 0 && out.facts.java != 0 && recipe.java != out.facts.java)
      fail("java: the recipe says {}, and the base {} has Java {}", recipe.java, recipe.base, out.facts.java);
    if (!recipe.scala.empty() && !out.facts.scala.empty() && recipe.scala != out.facts.scala)
      fail("scala: the recipe says {}, and the Spark {} of {} is built for {}", recipe.scala, out.facts.spark,
           recipe.base, out.facts.scala);
  }
  if (recipe.spark) {
    out.spark = get_spark(*recipe.spark, folder, cache.dir(), say);
    if (!recipe.scala.empty() && recipe.scala != out.spark->scala)
      fail("scala: the recipe says {}, and Spark {} of {} is built for {}", recipe.scala, out.spark->version,
           out.spark->dir.string(), out.spark->scala);
    add_spark(out.facts, *out.spark);
  }
  const MavenCache maven(cache.dir(), renew, say);
  for (MavenArtifact& artifact : to_be_had(recipe, maven, say)) {
    std::vector<MavenArtifact>& to = artifact.to.empty() ? out.maven : out.apart[artifact.to];
    to.push_back(std::move(artifact));
  }
  for (const auto& [_, artifacts] : out.apart) maven.collect(artifacts, recipe.repositories);  // whether there are such
  add_artifacts(out.facts, recipe, maven.collect(out.maven, recipe.repositories));
  for (const std::string& jar : recipe.jars) {
    out.facts.jars.push_back(read_jar_name(Path(jar).filename().string()));
    out.facts.jars.back().asked_for = true;
  }
  add_needs(out.facts, out.maven, recipe, maven, say);
  out.findings = check(out.facts);
  return out;
}

}  // namespace spoke::image
