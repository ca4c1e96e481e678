// PersistentVolumes: binds claims to them, makes a folder for a claim that no volume suits, and takes back what claims
// leave behind. Unlike a cluster in production, every storage class is taken to be there: manifests name those of the
// cloud, and on one machine each of them is a folder.
#include <algorithm>
#include <system_error>

#include "base/files.h"
#include "base/log.h"
#include "cluster/api/object_changes.h"
#include "cluster/api/tell.h"
#include "cluster/control/controllers.h"
#include "cluster/control/volume_match.h"
#include "cluster/control/watch_kinds.h"
#include "net/async.h"
#include "net/scope.h"

namespace spoke::cluster {

using net::Task;

namespace {

constexpr const char* kProtection = "kubernetes.io/pv-protection";
constexpr const char* kName = "persistentvolume-controller";
constexpr Duration kAfterFailure = std::chrono::seconds(5);

class Volumes {
 public:
  Volumes(Registry& registry, Path folder)
      : registry_(registry),
        folder_(std::move(folder)),
        volumes_(*registry.catalog().find("", "v1", "persistentvolumes")),
        claims_(*registry.catalog().find("", "v1", "persistentvolumeclaims")),
        classes_(*registry.catalog().find("storage.k8s.io", "v1", "storageclasses")) {}

  Task<std::optional<Duration>> look() {
    again_.reset();
    co_await each(volumes_, &Volumes::look_at_volume);
    co_await each(claims_, &Volumes::look_at_claim);
    co_return again_;
  }

 private:
  // Each as it is when its turn comes. One that goes wrong does not stop the others.
  Task<> each(const ResourceType& type, Task<> (Volumes::*look)(Object)) {
    for (const auto& [key, listed] : registry_.store().range(type.prefix(""))) {
      const Entry* entry = registry_.store().latest(key);
      if (entry == nullptr) continue;
      try {
        co_await (this->*look)(json::parse(*entry->body));
      } catch (const kube::StatusError& e) {
        log::debug("a look at a volume", "key", key, "error", e.what());
        again_ = kAfterFailure;
      } catch (const std::exception& e) {
        if (net::is_cancelled(e)) throw;
        log::warn("a volume's folder", "key", key, "error", e.what());
        again_ = kAfterFailure;
      }
    }
  }

  std::vector<Object> all(const ResourceType& type) const {
    std::vector<Object> out;
    for (const auto& [key, entry] : registry_.store().range(type.prefix(""))) out.push_back(json::parse(*entry.body));
    return out;
  }

  // The claim that the volume is for; null where it is there no more.
  const Entry* claim_of(const Object& volume) const {
    const json::value* ref = json::find(volume, "spec.claimRef");
    const Entry* claim = registry_.store().latest(claims_.key(json::str(*ref, "namespace"), json::str(*ref, "name")));
    const std::string_view uid = json::str(*ref, "uid");
    return claim != nullptr && (uid.empty() || claim->tags->uid == uid) ? claim : nullptr;
  }

  Task<> look_at_volume(Object volume) {
    if (json::str(volume, "spec.claimRef.uid").empty()) {
      co_await set_phase(volume, "Available");
    } else if (claim_of(volume) == nullptr) {
      co_await set_phase(volume, "Released");
      if (made_here(volume) && json::str(volume, "spec.persistentVolumeReclaimPolicy") == "Delete")
        co_return co_await take_back(std::move(volume));
    }
    // Its phase was written; what is there besides may have changed.
    volume = registry_.current(volumes_, "", kube::name(volume));
    if (kube::deleting(volume) && json::str(volume, "status.phase") != "Bound") {
      drop_finalizer(volume, kProtection);
      co_await update(volumes_, std::move(volume), "");
    }
  }

  // The folder of a volume that we made, which has the volume's name: no other folder is ever removed.
  bool made_here(const Object& volume) const {
    return !folder_.empty() && json::str(volume, "spec.hostPath.path") == folder_of(kube::name(volume));
  }
  std::string folder_of(std::string_view volume) const { return (folder_ / std::string(volume)).string(); }

  Task<> take_back(Object volume) {
    const std::string name(kube::name(volume));
    volume = registry_.current(volumes_, "", name);
    if (json::str(volume, "spec.persistentVolumeReclaimPolicy") != "Delete") co_return;
    co_await net::on_worker([path = folder_of(name)] {
      // What somebody has mounted in it is not ours to empty.
      if (read_file("/proc/self/mounts").find(" " + path + "/") != std::string::npos)
        throw std::system_error(EBUSY, std::generic_category(), path);
      std::filesystem::remove_all(path);
    });
    volume = registry_.current(volumes_, "", name);
    drop_finalizer(volume, kProtection);
    co_await update(volumes_, std::move(volume), "");
    try {
      co_await registry_.remove(volumes_, "", name, {}, false);
    } catch (const kube::StatusError& e) {
      if (!e.is("NotFound")) throw;  // it was being deleted
    }
  }

  Task<> look_at_claim(Object claim) {
    if (kube::deleting(claim)) co_return;
    if (json::str(claim, "status.phase") != "Bound") co_return co_await bind_claim(std::move(claim));
    const Entry* volume = registry_.store().latest(volumes_.key("", json::str(claim, "spec.volumeName")));
    if (volume != nullptr && is_bound_to(json::parse(*volume->body), claim)) co_return;
    json::set(claim, "status.phase", "Lost");
    co_await update(claims_, claim, "status");
    co_await tell(registry_, claim,
                  {.component = kName,
                   .reason = "ClaimLost",
                   .message = "Bound claim has lost its PersistentVolume. Data on the volume is lost!",
                   .action = "",
                   .warning = true});
  }

  Task<> bind_claim(Object claim) {
    if (json::str(claim, "status.phase") == "Lost") co_return;
    const std::vector<Object> volumes = all(volumes_);
    const Object* found = match_volume(claim, volumes);
    Object volume;
    if (found != nullptr) {
      volume = *found;
    } else {
      // An empty name of a class asks for a volume that somebody made.
      const json::value* wanted = json::find(claim, "spec.storageClassName");
      const bool of_ours = wanted == nullptr || *wanted != json::value("");
      if (!of_ours || folder_.empty() || !json::str(claim, "spec.volumeName").empty()) co_return;
      volume = co_await make(claim);
    }
    bind(claim, volume);
    json::set(volume, "status.lastPhaseTransitionTime", rfc3339(now()));
    co_await update_both(volumes_, std::move(volume));
    co_await update_both(claims_, std::move(claim));
  }

  Task<Object> make(const Object& claim) {
    const Entry* entry = registry_.store().latest(classes_.key("", json::str(claim, "spec.storageClassName")));
    const Object storage_class = entry != nullptr ? json::parse(*entry->body) : Object();
    const std::string path = folder_of("pvc-" + std::string(kube::uid(claim)));
    co_await net::on_worker([path] {
      make_dirs(path);
      // Whatever user a pod's containers have.
      std::filesystem::permissions(path, std::filesystem::perms::all);
    });
    Object volume = volume_for(claim, entry != nullptr ? &storage_class : nullptr, path);
    const Outcome made = co_await registry_.create(volumes_, "", std::move(volume), by_us(""));
    co_await tell(registry_, claim,
                  {.component = kName,
                   .reason = "ProvisioningSucceeded",
                   .message = fmt::format("Successfully provisioned volume pvc-{}", kube::uid(claim)),
                   .action = ""});
    co_return json::parse(made.body);
  }

  Task<> set_phase(Object& volume, const char* phase) {
    if (json::str(volume, "status.phase") == phase) co_return;
    json::set(volume, "status.phase", phase);
    json::set(volume, "status.lastPhaseTransitionTime", rfc3339(now()));
    co_await update(volumes_, volume, "status");
  }

  // Throws StatusError Conflict where it has changed since it was read: there is another look then.
  Task<Object> update(const ResourceType& type, Object object, const char* subresource) {
    const std::string ns(kube::ns(object)), name(kube::name(object));
    const Outcome after = co_await registry_.update(type, ns, name, std::move(object), by_us(subresource));
    co_return json::parse(after.body);
  }
  Task<> update_both(const ResourceType& type, Object object) {
    const json::value status = *json::find(object, "status");
    Object after = co_await update(type, std::move(object), "");
    json::set(after, "status", status);
    co_await update(type, std::move(after), "status");
  }

  static WriteOptions by_us(const char* subresource) {
    WriteOptions options;
    options.field_manager = "kube-controller-manager";
    options.subresource = subresource;
    return options;
  }

  Registry& registry_;
  Path folder_;
  std::optional<Duration> again_;
  const ResourceType &volumes_, &claims_, &classes_;
};

}  // namespace

Task<> bind_volumes(Registry& registry, std::string folder) {
  Volumes volumes(registry, std::move(folder));
  // Volumes have no namespace, and may suit a claim of any: all are looked at.
  co_await watch_namespaces(registry, {"core/persistentvolumes/", "core/persistentvolumeclaims/"},
                            [&volumes](std::string) { return volumes.look(); });
}

}  // namespace spoke::cluster
