// What is in an image, as a list: to be compared, and to be written as a bill of materials. Pure.
#pragma once

#include <string>
#include <vector>

#include "image/build/base.h"
#include "image/build/packages.h"

namespace spoke::image {

// Debian's, Python's and Maven's, in this order, each once.
std::vector<Package> inventory(const BaseImage& image);

struct PackageChange {
  Package::Kind kind = Package::Kind::Maven;
  std::string name;      // with Maven's group
  std::string from, to;  // versions; "" where it is not there
};

// From one image to another.
std::vector<PackageChange> changes(const std::vector<Package>& from, const std::vector<Package>& to);

struct SettingChange {
  std::string what;  // "env PATH", "user", "label org.example.a"
  std::string from, to;
};
std::vector<SettingChange> changes(const ImageContents& from, const ImageContents& to);

// SPDX 2.3 in JSON (spdx.github.io/spdx-spec/v2.3). The same for the same image: its time is the image's.
std::string spdx_document(const BaseImage& image, const std::string& name, const std::string& digest);

std::string word_of(Package::Kind kind);  // "debian", "python", "maven"

}  // namespace spoke::image
