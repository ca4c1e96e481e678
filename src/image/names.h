// Names of images, as Docker reads them (distribution/reference): a short name stands for one of docker.io.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace spoke::image {

// "spark" -> docker.io/library/spark:latest; "apache/spark:4.1.4" -> docker.io/apache/spark:4.1.4;
// "ghcr.io/a/b@sha256:..." -> no tag, that digest. "local/..." names this machine: it is never docker.io/local/....
struct Reference {
  std::string repository;  // with its domain: "docker.io/library/spark"
  std::string tag;         // "latest" where neither tag nor digest is given; may be "" where there is a digest
  std::string digest;      // "sha256:..." or ""

  std::string str() const;
  bool operator==(const Reference&) const = default;
};

Reference parse_reference(std::string_view text);  // throws InvalidImageName

// Whether text is "sha256:" and 64 lower-case hexadecimal digits, the one algorithm that is in use.
bool is_digest(std::string_view text);

// The reference that `aliases` (repository -> repository, short names understood) puts in place of this one, tag kept.
// Nothing where none does, and where a digest names one certain image.
std::optional<Reference> apply_alias(const Reference& reference, const std::map<std::string, std::string>& aliases);

}  // namespace spoke::image
