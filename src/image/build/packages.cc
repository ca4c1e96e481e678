#include "image/build/packages.h"

#include <archive.h>
#include <archive_entry.h>
#include <fmt/format.h>

#include <map>
#include <memory>

#include "base/sha256.h"
#include "base/strings.h"
#include "image/check/facts.h"
#include "net/http.h"

namespace spoke::image {
namespace {

constexpr size_t kMostProperties = 65536;  // of a pom.properties, which has some hundred bytes

// "Key: value" lines, whose values may go on in lines that begin with a blank.
std::map<std::string, std::string> read_fields(std::string_view text) {
  std::map<std::string, std::string> out;
  for (const std::string& line : split(text, '\n')) {
    const auto colon = line.find(':');
    if (line.empty() || line.front() == ' ' || line.front() == '\t' || colon == std::string::npos) continue;
    out[line.substr(0, colon)] = trim(std::string_view(line).substr(colon + 1));
  }
  return out;
}

struct Coordinates {
  std::string group, name, version;
};

Coordinates read_properties(std::string_view text) {
  Coordinates out;
  for (const std::string& whole : split(text, '\n')) {
    const std::string_view line = trim(whole);
    const auto equals = line.find('=');
    if (line.starts_with('#') || equals == std::string_view::npos) continue;
    const std::string_view key = trim(line.substr(0, equals)), value = trim(line.substr(equals + 1));
    if (key == "groupId") out.group = value;
    if (key == "artifactId") out.name = value;
    if (key == "version") out.version = value;
  }
  return out;
}

std::string read_some(archive* zip) {
  std::string out(kMostProperties, '\0');
  const la_ssize_t got = ::archive_read_data(zip, out.data(), out.size());
  out.resize(got > 0 ? static_cast<size_t>(got) : 0);
  return out;
}

// What its META-INF/maven/*/*/pom.properties say: a jar that others were put into has theirs, too.
std::vector<Coordinates> poms_in(std::string_view bytes) {
  std::vector<Coordinates> out;
  const std::unique_ptr<archive, decltype(&::archive_read_free)> zip(::archive_read_new(), &::archive_read_free);
  ::archive_read_support_format_zip_seekable(zip.get());
  if (::archive_read_open_memory(zip.get(), bytes.data(), bytes.size()) != ARCHIVE_OK) return out;
  archive_entry* entry = nullptr;
  while (::archive_read_next_header(zip.get(), &entry) == ARCHIVE_OK) {
    const char* path = ::archive_entry_pathname(entry);
    const std::string_view name = path == nullptr ? "" : path;
    if (!name.starts_with("META-INF/maven/") || !name.ends_with("/pom.properties")) continue;
    Coordinates one = read_properties(read_some(zip.get()));
    if (!one.name.empty() && !one.version.empty()) out.push_back(std::move(one));
  }
  return out;
}

}  // namespace

std::string Package::url() const {
  switch (kind) {
    case Kind::Debian:
      return fmt::format("pkg:deb/{}/{}@{}{}", group.empty() ? "debian" : net::percent_encode(group),
                         net::percent_encode(name), net::percent_encode(version),
                         architecture.empty() ? "" : "?arch=" + architecture);
    case Kind::Python: return fmt::format("pkg:pypi/{}@{}", name, net::percent_encode(version));
    case Kind::Maven: break;
  }
  // A jar whose group nobody knows is still the file of that name.
  if (group.empty()) return fmt::format("pkg:generic/{}@{}", net::percent_encode(name), net::percent_encode(version));
  return fmt::format("pkg:maven/{}/{}@{}", net::percent_encode(group), net::percent_encode(name),
                     net::percent_encode(version));
}

std::vector<Package> read_dpkg_status(std::string_view text) {
  std::vector<Package> out;
  while (!text.empty()) {
    const auto end = text.find("\n\n");
    const auto fields = read_fields(text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 2);
    const auto get = [&](const char* key) {
      const auto found = fields.find(key);
      return found == fields.end() ? std::string() : found->second;
    };
    const std::string status = get("Status");
    if (get("Package").empty() || (!status.empty() && !status.ends_with(" installed"))) continue;
    out.push_back({.kind = Package::Kind::Debian,
                   .group = "",
                   .name = get("Package"),
                   .version = get("Version"),
                   .architecture = get("Architecture"),
                   .sha256 = ""});
  }
  return out;
}

std::optional<Package> read_jar(std::string_view file, std::string_view bytes) {
  const JarFact named = read_jar_name(file);
  Package out{.kind = Package::Kind::Maven,
              .group = "",
              .name = named.name,
              .version = named.version,
              .architecture = "",
              .sha256 = sha256_hex(bytes)};
  const std::vector<Coordinates> poms = poms_in(bytes);
  for (const Coordinates& pom : poms) {
    // Its own is of its name. A jar without a version in its name is called as somebody liked: one alone is its own.
    const bool own = file.starts_with(pom.name + "-") || file.starts_with(pom.name + "_") ||
                     (poms.size() == 1 && named.version.empty());
    if (!own) continue;
    if (!out.group.empty() && pom.name.size() <= out.name.size()) continue;  // the longest name is the closest
    out.group = pom.group;
    out.name = pom.name;
    out.version = pom.version;
  }
  if (out.name.empty()) return std::nullopt;
  return out;
}

}  // namespace spoke::image
