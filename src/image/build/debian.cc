#include "image/build/debian.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <ctime>

#include "base/error.h"
#include "base/process.h"
#include "base/sha256.h"
#include "base/strings.h"

namespace spoke::embedded {
extern const std::string_view debian_truststore_py;
}  // namespace spoke::embedded

namespace spoke::image {
namespace {

// Part of a base's identity: another way of making it makes another base.
constexpr std::string_view kWay = "debian 2";

constexpr const char* kAddUser =
    "--customize-hook=chroot \"$1\" env SOURCE_DATE_EPOCH=0 useradd --system --uid 185 --gid spark --create-home "
    "--shell /bin/bash spark";

// What an installation leaves behind that no container needs, or that differs from one time to the next.
bool is_wanted(std::string_view path) {
  constexpr auto below = std::to_array<std::string_view>(
      {"dev/", "var/cache/apt/", "var/cache/debconf/", "var/lib/apt/lists/", "var/log/", "run/", "tmp/"});
  constexpr auto files = std::to_array<std::string_view>(
      {"etc/machine-id", "var/cache/ldconfig/aux-cache", "var/lib/dbus/machine-id", "etc/resolv.conf", "etc/hostname"});
  return std::ranges::none_of(below, [&](std::string_view folder) { return path.starts_with(folder); }) &&
         std::ranges::find(files, path) == files.end();
}

std::string last_lines(std::string_view text, size_t count) {
  std::vector<std::string> lines = split(trim(text), '\n');
  if (lines.size() > count) lines.erase(lines.begin(), lines.end() - static_cast<std::ptrdiff_t>(count));
  return join(lines, "\n");
}

}  // namespace

std::string DebianBase::key() const {
  return sha256_hex(fmt::format("{}\n{}\n{}\n{}", kWay, suite, architecture, join(packages, " ")));
}

DebianBase debian_base(const Recipe& recipe, const std::string& architecture) {
  DebianBase base{recipe.debian_suite(), architecture, {"ca-certificates", "procps", "python3", "tini"}};
  base.packages.push_back(fmt::format("openjdk-{}-jre-headless", recipe.java));
  base.packages.insert(base.packages.end(), recipe.packages.begin(), recipe.packages.end());
  std::ranges::sort(base.packages);
  const auto twice = std::ranges::unique(base.packages);
  base.packages.erase(twice.begin(), twice.end());
  return base;
}

LayerBlob make_debian(const DebianBase& base, Packing packing, const Path& scratch, const Path& file) {
  if (find_program("mmdebstrap").empty())
    fail("mmdebstrap is not installed, which makes debian:{}; install the package mmdebstrap", base.suite);
  const std::time_t begun = std::time(nullptr);
  const Path tar = scratch / "debian.tar", trust_store = scratch / "truststore.py";
  write_file(trust_store, embedded::debian_truststore_py);
  const Finished done = run(
      {"mmdebstrap", "--variant=minbase", "--architectures=" + base.architecture,
       "--include=" + join(base.packages, ","), "--dpkgopt=path-exclude=/usr/share/doc/*",
       "--dpkgopt=path-exclude=/usr/share/man/*/*", "--dpkgopt=path-exclude=/usr/share/locale/*",
       // The dates of an account's passwords are of the day, but for this.
       "--customize-hook=chroot \"$1\" env SOURCE_DATE_EPOCH=0 groupadd --system --gid 185 spark", kAddUser,
       "--customize-hook=chroot \"$1\" python3 - <" + shell_quoted(trust_store.string()), base.suite, tar.string()});
  if (done.exit_code != 0)
    fail("mmdebstrap could not make debian:{} with {}: {}", base.suite, join(base.packages, ", "),
         last_lines(done.errors, 3));
  LayerBlob layer = write_layer(tar, is_wanted, begun, packing, file);
  std::filesystem::remove(tar);
  return layer;
}

}  // namespace spoke::image
