#include "image/machine_layer.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>

#include "base/error.h"
#include "base/sha256.h"
#include "base/strings.h"
#include "image/spark_image.h"
#include "image/staging.h"

namespace spoke::image {
namespace {

// Part of the layer's identity: a new way of putting it together must not find an old layer.
constexpr std::string_view recipe = "machine-layer 1";

// Files and folders of /etc that programs in /usr look for. Debian keeps Java's configuration, Python's site
// customising and the certificates' index there, and links to them from /usr.
constexpr std::string_view etc_names[] = {
    "alternatives", "bash.bashrc", "debian_version",  "gai.conf",   "host.conf", "ld.so.cache", "ld.so.conf",
    "ld.so.conf.d", "localtime",   "mime.types",      "os-release", "profile",   "protocols",   "rpc",
    "services",     "ssl/certs",   "ssl/openssl.cnf", "terminfo",   "timezone"};
constexpr std::string_view etc_prefixes[] = {"java-", "python3"};

constexpr std::string_view passwd =
    "root:x:0:0:root:/root:/bin/bash\n"
    "spark:x:185:185:Apache Spark:/home/spark:/bin/bash\n"
    "nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n";
constexpr std::string_view group = "root:x:0:\nspark:x:185:\nnogroup:x:65534:\n";
constexpr std::string_view nsswitch =
    "passwd: files\ngroup: files\nhosts: files dns\nservices: files\nprotocols: files\n";

struct Source {
  Path path;  // on the machine
  Path name;  // in the layer, "etc/ssl/certs"
  struct stat stat;
};

// The manual pages' alternatives are half of all, and there is nobody to read them.
bool is_wanted(const Source& source) {
  const mode_t mode = source.stat.st_mode;
  if (S_ISLNK(mode)) return source.path.extension() != ".gz";
  return (S_ISREG(mode) || S_ISDIR(mode)) && (mode & S_IROTH) != 0;
}

void collect(const Path& path, const Path& name, std::vector<Source>& out) {
  Source source{path, name, {}};
  if (::lstat(path.c_str(), &source.stat) != 0 || !is_wanted(source)) return;
  out.push_back(source);
  if (!S_ISDIR(source.stat.st_mode)) return;
  for (const Path& entry : folder_entries(path)) collect(entry, name / entry.filename(), out);
}

std::vector<Source> collect_etc(const Machine& machine) {
  std::vector<Source> out;
  const Path etc = machine.at("/etc");
  for (const std::string_view name : etc_names) collect(etc / name, Path("etc") / name, out);
  for (const Path& entry : folder_entries(etc)) {
    const std::string name = entry.filename().string();
    if (std::ranges::any_of(etc_prefixes, [&](std::string_view prefix) { return name.starts_with(prefix); }))
      collect(entry, Path("etc") / name, out);
  }
  return out;
}

// /bin, /lib and so on are links into /usr on merged systems; elsewhere they are folders, which are bound.
std::vector<Source> root_links(const Machine& machine) {
  std::vector<Source> out;
  for (const char* name : {"bin", "lib", "lib32", "lib64", "libx32", "sbin"})
    collect(machine.at("/") / name, name, out);
  std::erase_if(out, [](const Source& source) { return !S_ISLNK(source.stat.st_mode); });
  return out;
}

std::string key_of(const std::vector<Source>& sources) {
  Sha256 sum;
  std::vector<std::string_view> parts{recipe, passwd, group, nsswitch};
  for (const auto& [_, script] : spark_scripts()) parts.push_back(script);
  for (const std::string_view part : parts) {
    sum.add(part);
    sum.add({"\0", 1});
  }
  for (const Source& source : sources) {
    const struct stat& s = source.stat;
    sum.add(fmt::format("{}\n{} {} {} {}.{}\n", source.name.string(), s.st_mode, s.st_ino, s.st_size, s.st_mtim.tv_sec,
                        s.st_mtim.tv_nsec));
  }
  return sum.digest().substr(std::string("sha256:").size(), 32);
}

void put(const Path& path, std::string_view content, mode_t mode = 0644) {
  std::ofstream file(path, std::ios::binary);
  file << content << std::flush;
  if (!file) fail_errno("write " + path.string());
  if (::chmod(path.c_str(), mode) != 0) fail_errno("chmod " + path.string());
}

// make_dirs leaves the mode to the process's umask, which a container's root must not depend on.
void put_folder(const Path& path, mode_t mode = 0755) {
  make_dirs(path);
  if (::chmod(path.c_str(), mode) != 0) fail_errno("chmod " + path.string());
}

void copy(const Source& source, const Path& layer) {
  const Path to = layer / source.name;
  if (S_ISDIR(source.stat.st_mode)) return put_folder(to);
  make_dirs(to.parent_path());
  if (S_ISLNK(source.stat.st_mode)) {
    const Path target = std::filesystem::read_symlink(source.path);
    if (::symlink(target.c_str(), to.c_str()) != 0) fail_errno("symlink " + to.string());
  } else {
    std::filesystem::copy_file(source.path, to);
    if (::chmod(to.c_str(), (source.stat.st_mode & 0111) != 0 ? 0755 : 0644) != 0) fail_errno("chmod " + to.string());
  }
}

void fill(const std::vector<Source>& sources, const Path& layer) {
  put_folder(layer);
  for (const char* folder :
       {"etc", "etc/ssl", "usr", "proc", "sys", "dev", "run", "mnt", "opt", "opt/java", "opt/java/openjdk", "opt/spark",
        "opt/spark/conf", "var", "var/lib", "var/log", "var/cache", "home"})
    put_folder(layer / folder);
  for (const char* folder : {"bin", "sbin", "jars", "examples", "data", "python", "python/lib", "python/pyspark"})
    put_folder(layer / "opt/spark" / folder);
  put_folder(layer / "root", 0700);
  // Everyone's, with the sticky bit: pods run as whatever user their securityContext says, not as 185 alone.
  for (const char* folder : {"tmp", "var/tmp", "home/spark", "opt/spark/work-dir"}) put_folder(layer / folder, 01777);

  for (const Source& source : sources) copy(source, layer);
  put(layer / "etc/passwd", passwd);
  put(layer / "etc/group", group);
  put(layer / "etc/nsswitch.conf", nsswitch);
  for (const char* bound : {"hosts", "hostname", "resolv.conf"}) put(layer / "etc" / bound, "");
  for (const auto& [place, script] : spark_scripts()) put(layer / Path(place).relative_path(), script, 0755);
  std::filesystem::create_symlink("/proc/self/mounts", layer / "etc/mtab");
  std::filesystem::create_symlink("/run", layer / "var/run");
}

}  // namespace

Path machine_layer(const Machine& machine, const Path& store) {
  std::vector<Source> sources = collect_etc(machine);
  for (Source& link : root_links(machine)) sources.push_back(std::move(link));
  const std::string key = key_of(sources);
  // Each boot makes its own: then no layer needs to survive a power failure, which spares waiting for the disk, and
  // those of earlier boots, whose containers are gone, can go too.
  const Path boots = store / "machine";
  const std::string boot(trim(try_read_file(machine.at("/proc/sys/kernel/random/boot_id")).value_or("unknown")));
  const Path place = boots / boot / key;
  if (std::filesystem::is_directory(place)) return place;
  try {
    const Staging staging(store);
    fill(sources, staging.path() / key);
    staging.publish(key, place);
    for (const Path& earlier : folder_entries(boots))
      if (earlier.filename() != boot) std::filesystem::remove_all(earlier);
  } catch (const std::filesystem::filesystem_error& e) {
    fail("{}", e.what());
  }
  return place;
}

}  // namespace spoke::image
