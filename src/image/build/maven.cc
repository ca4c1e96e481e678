#include "image/build/maven.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"
#include "base/process.h"
#include "base/sha256.h"
#include "base/strings.h"
#include "image/staging.h"

namespace spoke::image {
namespace {

// Pinned: what another version of the plugin writes may read differently.
constexpr std::string_view kPlugin = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1";
// Since 3.0 `copy` reads the POM of what it copies, and its parents', and fails where a registry lacks one.
constexpr std::string_view kCopyPlugin = "org.apache.maven.plugins:maven-dependency-plugin:2.10";

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '&')
      out += "&amp;";
    else if (c == '<')
      out += "&lt;";
    else if (c == '>')
      out += "&gt;";
    else
      out += c;
  }
  return out;
}

std::string coordinates(const MavenArtifact& artifact) {
  std::string out = fmt::format("<groupId>{}</groupId><artifactId>{}</artifactId><version>{}</version>", artifact.group,
                                artifact.name, artifact.version);
  if (!artifact.classifier.empty()) out += fmt::format("<classifier>{}</classifier>", artifact.classifier);
  return out;
}

std::string dependency(const MavenArtifact& artifact) {
  std::string out = "<dependency>" + coordinates(artifact);
  const std::vector<std::string>& exclusions = artifact.exclusions;
  if (!exclusions.empty()) out += "<exclusions>";
  for (const std::string& exclusion : exclusions) {
    const std::vector<std::string> parts = split(exclusion, ':');
    out += fmt::format("<exclusion><groupId>{}</groupId><artifactId>{}</artifactId></exclusion>", parts.at(0),
                       parts.at(1));
  }
  if (!exclusions.empty()) out += "</exclusions>";
  return out + "</dependency>\n";
}

// What mvn says of a failure, without its help; it tells on standard output.
std::string reason_in(std::string_view output) {
  for (const std::string& line : split(output, '\n')) {
    constexpr std::string_view mark = "[ERROR] ";
    const auto at = line.find(mark);
    if (at == std::string::npos) continue;
    std::string text = line.substr(at + mark.size());
    // "Failed to execute goal ... on project image: Could not resolve dependencies for project ...: "
    for (const std::string_view lead : {"Could not find artifact", "Could not transfer artifact", "Failed to collect",
                                        "The following artifacts could not be resolved"})
      if (const auto where = text.find(lead); where != std::string::npos) text = text.substr(where);
    if (const auto help = text.find(" -> [Help"); help != std::string::npos) text.resize(help);
    return text;
  }
  return "mvn said nothing of why";
}

}  // namespace

namespace {

std::string project_head(const std::vector<std::string>& repositories) {
  std::string out =
      "<project><modelVersion>4.0.0</modelVersion><groupId>spoke</groupId><artifactId>image</artifactId>"
      "<version>1</version><packaging>pom</packaging>\n<repositories>\n";
  size_t number = 0;
  for (const std::string& url : repositories)
    out += fmt::format("<repository><id>recipe-{}</id><url>{}</url></repository>\n", ++number, escaped(url));
  return out + "</repositories>\n";
}

}  // namespace

std::string copying_project(const std::vector<CopiedArtifact>& artifacts,
                            const std::vector<std::string>& repositories) {
  const std::vector<std::string> plugin = split(kCopyPlugin, ':');
  std::string items;
  for (const auto& [artifact, folder, name] : artifacts)
    items += fmt::format("<artifactItem>{}<outputDirectory>{}</outputDirectory>{}</artifactItem>\n",
                         coordinates(artifact), escaped(folder.string()),
                         name.empty() ? "" : fmt::format("<destFileName>{}</destFileName>", escaped(name)));
  return project_head(repositories) +
         fmt::format(
             "<build><plugins><plugin><groupId>{}</groupId><artifactId>{}</artifactId><version>{}</version>\n"
             "<configuration><artifactItems>\n{}</artifactItems></configuration>"
             "</plugin></plugins></build></project>\n",
             plugin.at(0), plugin.at(1), plugin.at(2), items);
}

std::string copying_goal() { return std::string(kCopyPlugin) + ":copy"; }

std::string project_of(const std::vector<MavenArtifact>& artifacts, const std::vector<std::string>& repositories) {
  std::string out = project_head(repositories) + "<dependencies>\n";
  for (const MavenArtifact& artifact : artifacts) out += dependency(artifact);
  return out + "</dependencies></project>\n";
}

std::vector<ResolvedArtifact> parse_list(std::string_view text) {
  std::vector<ResolvedArtifact> out;
  for (const std::string& whole : split(text, '\n')) {
    std::string_view line = trim(whole);
    if (line.empty() || line == "none" || line.starts_with("The following files have been resolved")) continue;
    // Where a jar is a module of Java's, its name comes last: " -- module org.slf4j (auto)".
    if (const auto module = line.find(" -- module"); module != std::string_view::npos)
      line = trim(line.substr(0, module));
    if (const auto optional = line.find(" (optional)"); optional != std::string_view::npos)
      line = trim(line.substr(0, optional));
    std::string_view file;
    if (const auto slash = line.find(":/"); slash != std::string_view::npos) {
      file = line.substr(slash + 1);
      line = line.substr(0, slash);
    }
    const std::vector<std::string> parts = split(line, ':');  // GROUP:NAME:TYPE[:CLASSIFIER]:VERSION:SCOPE
    if (parts.size() != 5 && parts.size() != 6) fail("mvn wrote \"{}\", which is no artifact", line);
    if (parts[2] != "jar") continue;
    out.push_back({{.group = parts[0],
                    .name = parts[1],
                    .version = parts[parts.size() - 2],
                    .classifier = parts.size() == 6 ? parts[3] : ""},
                   Path(file)});
  }
  return out;
}

namespace {

// Runs a goal of the plugin, on a project in a file.
void run_maven(std::string_view plugin, const std::string& goal, const Path& pom,
               const std::vector<std::string>& options, const std::string& what) {
  if (find_program("mvn").empty()) fail("mvn is not installed; install the package maven");
  std::vector<std::string> argv{"mvn",    "--batch-mode", "--no-transfer-progress",          "--strict-checksums",
                                "--file", pom.string(),   fmt::format("{}:{}", plugin, goal)};
  argv.insert(argv.end(), options.begin(), options.end());
  const Finished done = run(argv);
  if (done.exit_code != 0) fail("mvn could not get {}: {}", what, reason_in(done.output));
}

struct Parted {
  std::vector<MavenArtifact> whole, alone;  // with their closures, and without
};

Parted part(const std::vector<MavenArtifact>& artifacts) {
  Parted out;
  for (const MavenArtifact& artifact : artifacts) (artifact.closure ? out.whole : out.alone).push_back(artifact);
  return out;
}

// What is named goes before what others need of it.
void add_alone(MavenCache::Artifacts& all, const MavenArtifact& artifact, Path file) {
  std::erase_if(all, [&](const ResolvedArtifact& one) {
    return one.artifact.group == artifact.group && one.artifact.name == artifact.name &&
           one.artifact.classifier == artifact.classifier;
  });
  all.push_back({artifact, std::move(file)});
}

}  // namespace

MavenCache::Artifacts MavenCache::collect(const std::vector<MavenArtifact>& artifacts,
                                          const std::vector<std::string>& repositories) const {
  const Parted parted = part(artifacts);
  Artifacts out = ask("collect", parted.whole, repositories);
  for (const MavenArtifact& artifact : parted.alone) add_alone(out, artifact, "");
  return out;
}

MavenCache::Artifacts MavenCache::resolve(const std::vector<MavenArtifact>& artifacts,
                                          const std::vector<std::string>& repositories) const {
  const Parted parted = part(artifacts);
  Artifacts out = ask("list", parted.whole, repositories);
  for (const MavenArtifact& artifact : parted.alone) add_alone(out, artifact, copy(artifact, repositories));
  return out;
}

// Its file, which is kept here: Maven's own repository may have it without what tells that it is whole.
Path MavenCache::copy(const MavenArtifact& artifact, const std::vector<std::string>& repositories) const {
  const Path folder = dir_ / "maven-files" / sha256_hex(fmt::format("{} {}", artifact.str(), join(repositories, " ")));
  const auto only_file = [](const Path& in) -> Path {
    std::error_code none;
    for (const auto& entry : std::filesystem::directory_iterator(in, none))
      if (entry.is_regular_file()) return entry.path();
    return {};
  };
  if (const Path file = only_file(folder); !renew_ && !file.empty()) return file;
  say_(fmt::format("getting from Maven {}, alone", artifact.str()));
  const Staging scratch(dir_);
  const Path pom = scratch.path() / "pom.xml", to = scratch.path() / "files";
  write_file(pom, copying_project({{artifact, to, ""}}, repositories));
  run_maven(kCopyPlugin, "copy", pom, {}, artifact.str());
  if (only_file(to).empty()) fail("mvn said that it got {}, and there is no file", artifact.str());
  make_dirs(folder.parent_path());
  std::error_code none;
  std::filesystem::remove_all(folder, none);
  scratch.publish("files", folder);
  return only_file(folder);
}

MavenCache::Artifacts MavenCache::ask(const std::string& goal, const std::vector<MavenArtifact>& artifacts,
                                      const std::vector<std::string>& repositories) const {
  if (artifacts.empty()) return {};
  const std::string project = project_of(artifacts, repositories);
  const Path known = dir_ / "maven" / sha256_hex(fmt::format("{} {}\n{}", kPlugin, goal, project));
  if (const auto text = renew_ ? std::nullopt : try_read_file(known)) {
    Artifacts out = parse_list(*text);
    if (goal == "collect" || std::ranges::all_of(out, [](const ResolvedArtifact& one) {
          return std::filesystem::is_regular_file(one.file);
        }))
      return out;
  }

  std::vector<std::string> names;
  for (const MavenArtifact& artifact : artifacts) names.push_back(artifact.str());
  say_(fmt::format("{} {}", goal == "collect" ? "asking Maven about" : "getting from Maven", join(names, ", ")));
  const Staging scratch(dir_);
  const Path pom = scratch.path() / "pom.xml", list = scratch.path() / "list";
  write_file(pom, project);
  run_maven(kPlugin, goal, pom,
            {"-DincludeScope=runtime", "-DoutputAbsoluteArtifactFilename=true", "-DoutputFile=" + list.string()},
            join(names, ", "));
  const std::string text = read_file(list);
  Artifacts out = parse_list(text);
  make_dirs(known.parent_path());
  write_file(known, text);
  return out;
}

}  // namespace spoke::image
