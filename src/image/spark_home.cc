#include "image/spark_home.h"

#include <algorithm>
#include <array>
#include <climits>

#include "base/strings.h"

namespace spoke::image {
namespace {

// PREFIX/lib/python3*/{site,dist}-packages/pyspark
void add_packages(std::vector<Path>& out, const Path& prefix) {
  for (const Path& python : folder_entries(prefix / "lib")) {
    if (!python.filename().string().starts_with("python3")) continue;
    for (const char* packages : {"site-packages", "dist-packages"}) out.push_back(python / packages / "pyspark");
  }
}

// A virtual environment's python3 is a link, whose own place tells the packages; another's is where the link leads.
// pyenv's is a script in ROOT/shims, which runs one of ROOT/versions.
void add_packages_of_python(std::vector<Path>& out, const Path& python) {
  if (python.empty()) return;
  const Path folder = python.parent_path();
  if (folder.filename() == "shims") {
    for (const Path& version : folder_entries(folder.parent_path() / "versions")) add_packages(out, version);
  }
  add_packages(out, folder.parent_path());
  std::error_code none;
  if (const Path real = std::filesystem::canonical(python, none); !none)
    add_packages(out, real.parent_path().parent_path());
}

// The home folder of a user, from /etc/passwd; "" where it is not there.
std::string home_of(const Machine& machine, const std::string& user) {
  for (const std::string& line : split(try_read_file(machine.at("/etc/passwd")).value_or(""), '\n')) {
    const std::vector<std::string> fields = split(line, ':');
    if (fields.size() >= 6 && fields[0] == user) return fields[5];
  }
  return "";
}

std::vector<Path> users_homes(const Machine& machine) {
  std::vector<Path> homes;
  if (const std::string home = machine.env("HOME"); !home.empty()) homes.push_back(machine.at(home));
  if (const std::string user = machine.env("SUDO_USER"); !user.empty())
    if (const std::string home = home_of(machine, user); !home.empty()) homes.push_back(machine.at(home));
  return homes;
}

std::vector<Path> candidates(const Machine& machine, const std::vector<Path>& extra) {
  std::vector<Path> out;
  if (const std::string set = machine.env("SPARK_HOME"); !set.empty()) out.push_back(machine.at(set));

  std::vector<Path> folders = extra;
  out.insert(out.end(), extra.begin(), extra.end());
  const std::vector<Path> homes = users_homes(machine);
  if (const std::string set = machine.env("SPOKE_SPARK"); !set.empty()) folders.push_back(machine.at(set));
  if (const std::string set = machine.env("XDG_DATA_HOME"); !set.empty())
    folders.push_back(machine.at(set) / "spoke-spark");
  for (const Path& home : homes) folders.push_back(home / ".local/share/spoke-spark");
  for (const Path& folder : folders) {
    for (Path& home : folder_entries(folder))
      if (!home.filename().string().starts_with('.')) out.push_back(std::move(home));
  }

  if (const std::string set = machine.env("VIRTUAL_ENV"); !set.empty()) add_packages(out, machine.at(set));
  add_packages_of_python(out, machine.find_program("python3"));
  for (const Path& home : homes) add_packages(out, home / ".local");
  add_packages(out, machine.at("/usr/local"));
  add_packages(out, machine.at("/usr"));
  return out;
}

// "4.1.4" or "4.2.0-preview1"
bool is_version(std::string_view text) {
  const auto dash = text.find('-');
  const std::vector<std::string> numbers = split(text.substr(0, dash), '.');
  const bool fits = numbers.size() == 3 && std::ranges::all_of(numbers, [](const std::string& n) {
                      return !n.empty() && n.size() < 6 && n.find_first_not_of("0123456789") == std::string::npos;
                    });
  if (!fits || dash == std::string_view::npos) return fits;
  constexpr std::string_view preview = "-preview";
  const std::string_view suffix = text.substr(dash);
  return suffix.starts_with(preview) &&
         suffix.find_first_not_of("0123456789", preview.size()) == std::string_view::npos;
}

std::array<long long, 4> version_key(std::string_view version) {
  const auto dash = version.find('-');
  std::array<long long, 4> key{};
  const std::vector<std::string> numbers = split(version.substr(0, dash), '.');
  for (size_t i = 0; i < 3 && i < numbers.size(); ++i) key[i] = to_int(numbers[i]).value_or(0);
  constexpr std::string_view preview = "-preview";
  key[3] = LLONG_MAX;
  if (dash != std::string_view::npos && version.substr(dash).starts_with(preview))
    key[3] = to_int(version.substr(dash + preview.size())).value_or(1);
  return key;
}

}  // namespace

Path SparkHome::python_sources() const {
  const Path own = dir / "python/pyspark";
  return std::filesystem::exists(own / "__init__.py") ? own : dir;
}

std::optional<SparkHome> inspect_spark_home(const Path& dir) {
  constexpr std::string_view prefix = "spark-core_";
  constexpr std::string_view suffix = ".jar";
  std::error_code none;
  for (const auto& entry : std::filesystem::directory_iterator(dir / "jars", none)) {
    const std::string name = entry.path().filename().string();
    if (!name.starts_with(prefix) || !name.ends_with(suffix)) continue;
    const std::string middle = name.substr(prefix.size(), name.size() - prefix.size() - suffix.size());
    const auto dash = middle.find('-');
    if (dash == std::string::npos || !is_version(middle.substr(dash + 1))) continue;
    const Path home = std::filesystem::canonical(dir, none);
    if (none) return std::nullopt;
    return SparkHome{home, middle.substr(dash + 1), middle.substr(0, dash)};
  }
  return std::nullopt;
}

std::vector<SparkHome> find_spark_homes(const Machine& machine, const std::vector<Path>& extra) {
  std::vector<SparkHome> homes;
  for (const Path& candidate : candidates(machine, extra)) {
    auto home = inspect_spark_home(candidate);
    if (home && std::ranges::find(homes, home->dir, &SparkHome::dir) == homes.end()) homes.push_back(std::move(*home));
  }
  return homes;
}

bool version_less(std::string_view a, std::string_view b) { return version_key(a) < version_key(b); }

std::optional<SparkTag> parse_spark_tag(std::string_view tag) {
  SparkTag out;
  std::vector<std::string> parts = split(tag, '-');
  if (parts.size() > 1 && parts[1].starts_with("preview")) {
    parts[0] += "-" + parts[1];
    parts.erase(parts.begin() + 1);
  }
  if (is_version(parts[0])) {
    out.version = parts[0];
    parts.erase(parts.begin());
  }
  for (const std::string& part : parts) {
    if (part.starts_with("scala2.")) {
      out.scala = part.substr(5);
    } else if (const auto java = to_int(part.starts_with("java") ? part.substr(4) : ""); java) {
      out.java = static_cast<int>(*java);
    } else if (part != "latest" && part != "python3" && part != "ubuntu" && part != "scala") {
      return std::nullopt;
    }
  }
  return out;
}

std::optional<SparkHome> choose_spark(const std::vector<SparkHome>& homes, const SparkTag& tag) {
  std::optional<SparkHome> chosen;
  for (const SparkHome& home : homes) {
    if (!tag.scala.empty() && home.scala != tag.scala) continue;
    if (tag.version.empty() ? chosen && !version_less(chosen->version, home.version) : home.version != tag.version)
      continue;
    chosen = home;
    if (!tag.version.empty()) break;
  }
  return chosen;
}

}  // namespace spoke::image
