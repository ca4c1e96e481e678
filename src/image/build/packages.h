// What files of an image tell of the packages that are in it: Debian's and Maven's.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace spoke::image {

struct Package {
  enum class Kind { Debian, Maven, Python };
  Kind kind = Kind::Maven;
  std::string group;  // Maven's; of Debian's kind the distribution, "ubuntu"
  std::string name, version;
  std::string architecture;  // Debian's, "amd64"
  std::string sha256;        // of the file, where it is one, without "sha256:"

  // "pkg:maven/org.apache.hadoop/hadoop-aws@3.4.2" (the package-url specification).
  std::string url() const;
  bool operator==(const Package&) const = default;
  auto operator<=>(const Package&) const = default;
};

// The installed ones of dpkg's status file, or of one of status.d's, as images without a package manager have them.
std::vector<Package> read_dpkg_status(std::string_view text);

// Of a jar, by the pom.properties in it, or its manifest, or its name. `bytes` are all of it; what is no jar is told by
// its name. Nothing where that says nothing either.
std::optional<Package> read_jar(std::string_view file, std::string_view bytes);

}  // namespace spoke::image
