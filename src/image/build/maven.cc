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

std::string dependency(const MavenArtifact& artifact) {
  std::string out = fmt::format("<dependency><groupId>{}</groupId><artifactId>{}</artifactId><version>{}</version>",
                                artifact.group, artifact.name, artifact.version);
  if (!artifact.classifier.empty()) out += fmt::format("<classifier>{}</classifier>", artifact.classifier);
  std::vector<std::string> exclusions = artifact.exclusions;
  if (!artifact.closure) exclusions = {"*:*"};
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

std::string project_of(const std::vector<MavenArtifact>& artifacts, const std::vector<std::string>& repositories) {
  std::string out =
      "<project><modelVersion>4.0.0</modelVersion><groupId>spoke</groupId><artifactId>image</artifactId>"
      "<version>1</version><packaging>pom</packaging>\n<repositories>\n";
  size_t number = 0;
  for (const std::string& url : repositories)
    out += fmt::format("<repository><id>recipe-{}</id><url>{}</url></repository>\n", ++number, escaped(url));
  out += "</repositories>\n<dependencies>\n";
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
  if (find_program("mvn").empty()) fail("mvn is not installed; install the package maven");
  const Staging scratch(dir_);
  const Path pom = scratch.path() / "pom.xml", list = scratch.path() / "list";
  write_file(pom, project);
  const Finished done = run({"mvn", "--batch-mode", "--no-transfer-progress", "--strict-checksums", "--file",
                             pom.string(), fmt::format("{}:{}", kPlugin, goal), "-DincludeScope=runtime",
                             "-DoutputAbsoluteArtifactFilename=true", "-DoutputFile=" + list.string()});
  if (done.exit_code != 0) fail("mvn could not get {}: {}", join(names, ", "), reason_in(done.output));
  const std::string text = read_file(list);
  Artifacts out = parse_list(text);
  make_dirs(known.parent_path());
  write_file(known, text);
  return out;
}

}  // namespace spoke::image
