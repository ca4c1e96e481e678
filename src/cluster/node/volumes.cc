#include "cluster/node/volumes.h"

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "base/strings.h"
#include "cluster/node/atomic_files.h"
#include "cluster/node/host_path.h"
#include "cluster/node/subpath.h"
#include "kube/quantity.h"

namespace spoke::cluster {
namespace {

const json::value* find_volume(const kube::Object& pod, std::string_view name) {
  for (const auto& volume : json::list(pod, "spec.volumes")) {
    if (json::str(volume, "name") == name) return &volume;
  }
  return nullptr;
}

Path volume_path(const PodDir& dir, const json::value& volume) {
  if (const auto* host = json::find(volume, "hostPath")) return Path(std::string(json::str(*host, "path")));
  return (is_secret_volume(volume) ? dir.memory() : dir.volumes()) / std::string(json::str(volume, "name"));
}

// A claim's volume is a link to where it is.
Path source_of(const PodDir& dir, const json::value& volume) {
  const Path path = volume_path(dir, volume);
  return json::find(volume, "persistentVolumeClaim") != nullptr ? std::filesystem::read_symlink(path) : path;
}

void link_to(const Path& folder, const Path& link) {
  std::error_code none;
  if (std::filesystem::read_symlink(link, none) == folder) return;
  make_dirs(link.parent_path());
  std::filesystem::remove(link);
  std::filesystem::create_symlink(folder, link);
}

std::optional<unsigned> id_of(const json::value* v) {
  return v != nullptr && v->is_number() ? std::optional(v->to_number<unsigned>()) : std::nullopt;
}

std::optional<unsigned> fs_group(const kube::Object& pod) {
  return id_of(json::find(pod, "spec.securityContext.fsGroup"));
}

// The user that all containers run as, where there is one: it owns the tokens.
std::optional<unsigned> common_user(const kube::Object& pod) {
  std::optional<unsigned> user;
  for (const char* list : {"spec.initContainers", "spec.containers"}) {
    for (const auto& container : json::list(pod, list)) {
      const auto own = id_of(security(pod, container, "runAsUser"));
      if (!own || (user && user != own)) return std::nullopt;
      user = own;
    }
  }
  return user;
}

bool holds_token(const json::value& volume) {
  return std::ranges::any_of(json::list(volume, "projected.sources"),
                             [](const auto& source) { return json::find(source, "serviceAccountToken") != nullptr; });
}

bool is_mounted(const Path& path) {
  struct stat own{};
  struct stat parent{};
  return ::stat(path.c_str(), &own) == 0 && ::stat(path.parent_path().c_str(), &parent) == 0 &&
         own.st_dev != parent.st_dev;
}

void mount_memory(const Path& path, const std::string& options) {
  if (is_mounted(path)) return;
  make_dirs(path);
  if (::mount("tmpfs", path.c_str(), "tmpfs", MS_NOSUID | MS_NODEV, options.c_str()) != 0)
    fail_errno("mount tmpfs on " + path.string());
}

// What the files take on the disk; they come and go while we count.
std::int64_t bytes_below(const Path& dir) {
  std::int64_t blocks = 0;
  std::error_code error;
  for (auto at = std::filesystem::recursive_directory_iterator(dir, error);
       at != std::filesystem::recursive_directory_iterator(); at.increment(error)) {
    struct stat about{};
    if (!error && ::lstat(at->path().c_str(), &about) == 0) blocks += about.st_blocks;
  }
  return blocks * 512;
}

void make_empty_dir(const VolumeSetup& s, const json::value& source, const Path& path) {
  if (json::str(source, "medium") == "Memory") {
    std::string options = "mode=0777";
    if (const auto limit = kube::Quantity::parse(json::str(source, "sizeLimit")); limit && limit->value() > 0)
      options += fmt::format(",size={}", limit->value());
    mount_memory(path, options);
  }
  make_dirs(path);
  const auto group = fs_group(s.pod);
  if (group && ::chown(path.c_str(), static_cast<uid_t>(-1), *group) != 0) fail_errno("chown " + path.string());
  if (::chmod(path.c_str(), group ? 02777 : 0777) != 0) fail_errno("chmod " + path.string());
}

void set_up(const VolumeSetup& s, const json::value& volume) {
  const Path path = volume_path(s.dir, volume);
  if (is_file_volume(volume)) {
    if (is_secret_volume(volume)) mount_memory(s.dir.memory(), "mode=0755");
    VolumeFiles files = volume_files(s.pod, volume, s.sources, s.tokens, s.place);
    FileOwner owner{std::nullopt, fs_group(s.pod)};
    if (holds_token(volume)) {
      owner.uid = common_user(s.pod);
      for (auto& [name, file] : files) file.mode = owner.uid || owner.gid ? 0600 : file.mode;
    }
    write_atomically(path, files, owner, now());
  } else if (const auto* empty = json::find(volume, "emptyDir")) {
    make_empty_dir(s, *empty, path);
  } else if (const auto* host = json::find(volume, "hostPath")) {
    check_host_path(path, json::str(*host, "type"));
  } else if (const auto* claim = json::find(volume, "persistentVolumeClaim")) {
    const auto claimed = s.claimed.find(json::str(*claim, "claimName"));
    if (claimed == s.claimed.end())
      throw MountError(fmt::format("persistentvolumeclaim \"{}\" not found", json::str(*claim, "claimName")));
    link_to(claimed->second, path);
  } else {
    const auto& members = volume.as_object();
    const auto kind = std::ranges::find_if(members, [](const auto& m) { return m.key() != "name"; });
    throw MountError(fmt::format("volumes of type {} are not supported by this node",
                                 kind == members.end() ? "none" : std::string(kind->key())));
  }
}

}  // namespace

std::string path_of_volume(const kube::Object& persistent_volume) {
  for (const char* type : {"hostPath", "local"}) {
    const json::value* source = json::find(persistent_volume, std::string("spec.") + type);
    if (source == nullptr) continue;
    std::string path(json::str(*source, "path"));
    check_host_path(path, json::str(*source, "type"));
    return path;
  }
  throw MountError(
      fmt::format("persistent volume \"{}\" is of a type that this node has not: make it a hostPath or local volume",
                  kube::name(persistent_volume)));
}

void set_up_volumes(const VolumeSetup& setup) {
  for (const auto& volume : json::list(setup.pod, "spec.volumes")) {
    try {
      set_up(setup, volume);
    } catch (const std::exception& e) {
      throw MountError(
          fmt::format("MountVolume.SetUp failed for volume \"{}\" : {}", json::str(volume, "name"), e.what()));
    }
  }
}

std::string outgrown_volume(const kube::Object& pod, const PodDir& dir) {
  for (const auto& volume : json::list(pod, "spec.volumes")) {
    const auto limit = kube::Quantity::parse(json::str(volume, "emptyDir.sizeLimit"));
    if (!limit || limit->value() <= 0 || json::str(volume, "emptyDir.medium") == "Memory") continue;
    if (bytes_below(volume_path(dir, volume)) > limit->value())
      return fmt::format("Usage of EmptyDir volume \"{}\" exceeds the limit \"{}\". ", json::str(volume, "name"),
                         json::str(volume, "emptyDir.sizeLimit"));
  }
  return "";
}

std::vector<ContainerMount> container_mounts(const kube::Object& pod, const PodDir& dir, const ContainerFiles& files,
                                             const json::value& container, const Env& env) {
  std::vector<ContainerMount> out;
  size_t index = 0;
  for (const auto& mount : json::list(container, "volumeMounts")) {
    const auto name = json::str(mount, "name");
    const auto* volume = find_volume(pod, name);
    if (volume == nullptr)
      throw ConfigError(
          fmt::format("volume \"{}\" of container \"{}\" is not in the pod", name, json::str(container, "name")));
    ContainerMount m;
    m.source = source_of(dir, *volume);
    m.target = "/" + Path(std::string(json::str(mount, "mountPath"))).relative_path().string();
    m.read_only = json::flag(mount, "readOnly") || json::flag(*volume, "persistentVolumeClaim.readOnly") ||
                  is_file_volume(*volume);
    const auto propagation = json::str(mount, "mountPropagation");
    if (propagation == "HostToContainer") m.propagation = "rslave";
    if (propagation == "Bidirectional") m.propagation = "rshared";
    try {
      std::string sub(json::str(mount, "subPath"));
      if (const auto expression = json::str(mount, "subPathExpr"); !expression.empty()) {
        sub = expand(expression, [&](std::string_view variable) -> std::optional<std::string> {
          const auto at = env.find(variable);
          if (at == env.end()) fail("there is no variable {}", variable);
          return at->second;
        });
      }
      if (!sub.empty()) m.source = hold_subpath(m.source, sub, files.subpaths() / std::to_string(index));
    } catch (const Error& e) {
      throw ConfigError(fmt::format("failed to prepare subPath for volumeMount \"{}\" of container \"{}\": {}", name,
                                    json::str(container, "name"), e.what()));
    }
    out.push_back(std::move(m));
    ++index;
  }
  const auto add_unless_mounted = [&](const Path& source, const std::string& target) {
    if (std::ranges::none_of(out, [&](const auto& m) { return m.target == target; })) out.push_back({source, target});
  };
  for (const char* name : {"hosts", "hostname", "resolv.conf"})
    add_unless_mounted(dir.etc() / name, "/etc/" + std::string(name));
  add_unless_mounted(files.termination_log(),
                     std::string(json::str(container, "terminationMessagePath", "/dev/termination-log")));
  return out;
}

}  // namespace spoke::cluster
