#include "image/java_home.h"

#include <algorithm>

#include "base/strings.h"
#include "image/spark_home.h"

namespace spoke::image {
namespace {

// The value of NAME="value" in a `release` file.
std::string release_value(const std::string& text, const std::string& name) {
  for (const std::string& line : split(text, '\n')) {
    if (!line.starts_with(name + "=")) continue;
    return replace_all(std::string(trim(std::string_view(line).substr(name.size() + 1))), "\"", "");
  }
  return "";
}

int major_of(const std::string& version) {
  std::vector<std::string> parts = split(replace_all(replace_all(version, "_", "."), "+", "."), '.');
  const bool old = parts.size() > 1 && parts[0] == "1";  // "1.8.0_392": before Java 9
  return static_cast<int>(to_int(parts[old ? 1 : 0]).value_or(0));
}

}  // namespace

std::optional<JavaHome> inspect_java_home(const Path& dir) {
  std::error_code none;
  const Path home = std::filesystem::canonical(dir, none);
  if (none || !std::filesystem::exists(home / "bin/java", none)) return std::nullopt;
  const std::string version = release_value(try_read_file(home / "release").value_or(""), "JAVA_VERSION");
  const int major = major_of(version);
  if (major == 0) return std::nullopt;
  return JavaHome{home, version, major};
}

std::vector<JavaHome> find_java_homes(const Machine& machine) {
  std::vector<Path> candidates;
  if (const std::string set = machine.env("JAVA_HOME"); !set.empty()) candidates.push_back(machine.at(set));
  for (Path& home : folder_entries(machine.at("/usr/lib/jvm"))) candidates.push_back(std::move(home));
  std::error_code none;
  if (const Path java = std::filesystem::canonical(machine.find_program("java"), none); !none)
    candidates.push_back(java.parent_path().parent_path());

  std::vector<JavaHome> homes;
  for (const Path& candidate : candidates) {
    auto home = inspect_java_home(candidate);
    if (home && std::ranges::find(homes, home->dir, &JavaHome::dir) == homes.end()) homes.push_back(std::move(*home));
  }
  return homes;
}

std::vector<int> java_versions_for(std::string_view spark_version) {
  if (!version_less(spark_version, "4.2.0-preview1")) return {17, 21, 25};
  if (!version_less(spark_version, "4.0.0-preview1")) return {17, 21};
  if (!version_less(spark_version, "3.3.0")) return {17, 11, 8};
  return {11, 8};
}

std::optional<JavaHome> choose_java(const Machine& machine, const std::vector<JavaHome>& homes,
                                    const std::vector<int>& versions) {
  const auto fits = [&](const JavaHome& home) { return std::ranges::find(versions, home.major) != versions.end(); };
  if (const std::string set = machine.env("JAVA_HOME"); !set.empty())
    if (auto home = inspect_java_home(machine.at(set)); home && fits(*home)) return home;
  for (const int version : versions)
    if (const auto home = std::ranges::find(homes, version, &JavaHome::major); home != homes.end()) return *home;
  return std::nullopt;
}

}  // namespace spoke::image
