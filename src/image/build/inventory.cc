#include "image/build/inventory.h"

#include <fmt/format.h>

#include <cctype>
#include <map>
#include <set>

#include "base/strings.h"
#include "base/time.h"
#include "data/json.h"
#include "net/http.h"

namespace spoke::image {
namespace {

std::string full_name(const Package& package) {
  return package.group.empty() || package.kind == Package::Kind::Debian ? package.name
                                                                        : package.group + ":" + package.name;
}

// Versions of each, several where it is there more than once.
std::map<std::pair<Package::Kind, std::string>, std::string> by_name(const std::vector<Package>& packages) {
  std::map<std::pair<Package::Kind, std::string>, std::set<std::string>> versions;
  for (const Package& package : packages) versions[{package.kind, full_name(package)}].insert(package.version);
  std::map<std::pair<Package::Kind, std::string>, std::string> out;
  for (const auto& [name, all] : versions) out[name] = join({all.begin(), all.end()}, ", ");
  return out;
}

void compare(const std::string& what, const std::string& from, const std::string& to, std::vector<SettingChange>& out) {
  if (from != to) out.push_back({what, from, to});
}

std::map<std::string, std::string> variables(const ImageConfig& config) {
  std::map<std::string, std::string> out;
  for (const std::string& entry : config.env) {
    const auto equals = entry.find('=');
    out[entry.substr(0, equals)] = equals == std::string::npos ? "" : entry.substr(equals + 1);
  }
  return out;
}

void compare(const std::string& what, const std::map<std::string, std::string>& from,
             const std::map<std::string, std::string>& to, std::vector<SettingChange>& out) {
  const auto get = [](const auto& all, const std::string& name) {
    const auto found = all.find(name);
    return found == all.end() ? std::string() : found->second;
  };
  std::set<std::string> names;
  for (const auto& [name, _] : from) names.insert(name);
  for (const auto& [name, _] : to) names.insert(name);
  for (const std::string& name : names) compare(what + " " + name, get(from, name), get(to, name), out);
}

// Letters, digits, "." and "-" alone may be in an id.
std::string spdx_id(std::string_view text) {
  std::string out = "SPDXRef-";
  for (const char c : text) out += std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '.' ? c : '-';
  return out;
}

json::object spdx_package(const std::string& id, const std::string& name, const std::string& version,
                          const std::string& purpose) {
  json::object out{{"SPDXID", id},
                   {"name", name},
                   {"downloadLocation", "NOASSERTION"},
                   {"filesAnalyzed", false},
                   {"licenseConcluded", "NOASSERTION"},
                   {"licenseDeclared", "NOASSERTION"},
                   {"copyrightText", "NOASSERTION"},
                   {"primaryPackagePurpose", purpose}};
  if (!version.empty()) out["versionInfo"] = version;
  return out;
}

}  // namespace

std::string word_of(Package::Kind kind) {
  switch (kind) {
    case Package::Kind::Debian: return "debian";
    case Package::Kind::Python: return "python";
    case Package::Kind::Maven: break;
  }
  return "maven";
}

std::vector<Package> inventory(const BaseImage& image) {
  std::set<Package> debian, python, maven;
  for (const auto& [file, packages] : image.listing.packages)
    for (Package package : packages) {
      const bool of_debian = package.kind == Package::Kind::Debian;
      if (of_debian) package.group = image.listing.distribution;
      (of_debian ? debian : maven).insert(std::move(package));
    }
  ImageFacts facts;
  add_facts(image, false, facts);
  for (const auto& [name, version] : facts.python_packages)
    python.insert({.kind = Package::Kind::Python,
                   .group = "",
                   .name = name,
                   .version = version,
                   .architecture = "",
                   .sha256 = ""});
  std::vector<Package> out(debian.begin(), debian.end());
  out.insert(out.end(), python.begin(), python.end());
  out.insert(out.end(), maven.begin(), maven.end());
  return out;
}

std::vector<PackageChange> changes(const std::vector<Package>& from, const std::vector<Package>& to) {
  const auto before = by_name(from), after = by_name(to);
  std::vector<PackageChange> out;
  for (const auto& [name, version] : before) {
    const auto other = after.find(name);
    if (other == after.end())
      out.push_back({name.first, name.second, version, ""});
    else if (other->second != version)
      out.push_back({name.first, name.second, version, other->second});
  }
  for (const auto& [name, version] : after)
    if (!before.contains(name)) out.push_back({name.first, name.second, "", version});
  return out;
}

std::vector<SettingChange> changes(const ImageContents& from, const ImageContents& to) {
  std::vector<SettingChange> out;
  compare("architecture", from.architecture, to.architecture, out);
  compare("user", from.config.user, to.config.user, out);
  compare("working directory", from.config.working_dir, to.config.working_dir, out);
  compare("entry point", join(from.config.entrypoint, " "), join(to.config.entrypoint, " "), out);
  compare("command", join(from.config.cmd, " "), join(to.config.cmd, " "), out);
  compare("env", variables(from.config), variables(to.config), out);
  compare("label", from.labels, to.labels, out);
  return out;
}

std::string spdx_document(const BaseImage& image, const std::string& name, const std::string& digest) {
  const std::string hash = digest.substr(digest.find(':') + 1);
  const std::string root = spdx_id("image");
  json::object described = spdx_package(root, name, digest, "CONTAINER");
  described["checksums"] = json::array{json::object{{"algorithm", "SHA256"}, {"checksumValue", hash}}};
  json::array packages{described};
  json::array relationships{json::object{
      {"spdxElementId", "SPDXRef-DOCUMENT"}, {"relationshipType", "DESCRIBES"}, {"relatedSpdxElement", root}}};
  std::set<std::string> ids;
  for (const Package& package : inventory(image)) {
    std::string id = spdx_id(word_of(package.kind) + "-" + full_name(package) + "-" + package.version);
    for (int again = 2; !ids.insert(id).second; ++again)
      id = spdx_id(fmt::format("{}-{}-{}-{}", word_of(package.kind), full_name(package), package.version, again));
    json::object one = spdx_package(id, full_name(package), package.version, "LIBRARY");
    json::object reference{
        {"referenceCategory", "PACKAGE-MANAGER"}, {"referenceType", "purl"}, {"referenceLocator", package.url()}};
    json::array references;
    references.push_back(std::move(reference));
    one["externalRefs"] = std::move(references);
    if (!package.sha256.empty()) {
      json::array checksums;
      checksums.push_back(json::object{{"algorithm", "SHA256"}, {"checksumValue", package.sha256}});
      one["checksums"] = std::move(checksums);
    }
    packages.push_back(std::move(one));
    relationships.push_back(
        json::object{{"spdxElementId", root}, {"relationshipType", "CONTAINS"}, {"relatedSpdxElement", id}});
  }
  const json::object document{
      {"spdxVersion", "SPDX-2.3"},
      {"dataLicense", "CC0-1.0"},
      {"SPDXID", "SPDXRef-DOCUMENT"},
      {"name", name},
      {"documentNamespace", "https://spdx.org/spdxdocs/" + net::percent_encode(name) + "-" + hash},
      {"creationInfo", json::object{{"created", rfc3339(parse_rfc3339(image.created).value_or(Time()))},
                                    {"creators", json::array{"Tool: spoke-" SPOKE_VERSION}}}},
      {"packages", std::move(packages)},
      {"relationships", std::move(relationships)}};
  return json::dump_pretty(document) + "\n";
}

}  // namespace spoke::image
