// Sandbox and volumes: what a pod has before its first container, and until after its last.
#include <algorithm>

#include "base/log.h"
#include "base/strings.h"
#include "cluster/node/plain_file.h"
#include "cluster/node/pod_files.h"
#include "cluster/node/pod_worker.h"
#include "cluster/node/unsupported.h"
#include "cluster/node/volumes.h"

namespace spoke::cluster {

Sandbox PodWorker::sandbox() const {
  Sandbox s;
  s.dir = dir_.namespaces();
  s.host_network = json::flag(pod_, "spec.hostNetwork");
  s.hostname = s.host_network ? trim(try_read_file("/proc/sys/kernel/hostname").value_or("")) : pod_hostname(pod_);
  s.host_ipc = json::flag(pod_, "spec.hostIPC");
  s.bridge = node_.options.bridge;
  s.address = ip_;
  s.gateway = node_.gateway;
  s.mtu = node_.machine.mtu;
  for (const auto& sysctl : json::list(pod_, "spec.securityContext.sysctls"))
    s.sysctls[std::string(json::str(sysctl, "name"))] = json::str(sysctl, "value");
  return s;
}

net::Task<> PodWorker::set_up() {
  std::string reason;
  std::string message;
  try {
    co_await try_set_up();
    seen_.setup = PodSeen::Setup::Done;
    seen_.setup_setback.reset();
  } catch (const MountError& e) {
    reason = "FailedMount";
    message = e.what();
  } catch (const std::exception& e) {
    if (net::is_cancelled(e)) throw;
    reason = "FailedCreatePodSandBox";
    message = fmt::format("Failed to create pod sandbox: {}", e.what());
  }
  if (!reason.empty()) {
    setup_back_off_.grow(now());
    // spark-submit creates a driver's config map right after the driver: what mends itself in that time is no news.
    if (setup_back_off_.delay >= std::chrono::milliseconds(500)) warning(reason, message);
    seen_.setup = PodSeen::Setup::None;
    seen_.setup_setback = Setback{reason, message, now(), now() + setup_back_off_.delay};
  }
  wake_.notify();
}

net::Task<> PodWorker::try_set_up() {
  if (const std::string why = unsupported(pod_); !why.empty()) fail("{}", why);
  const bool host_network = json::flag(pod_, "spec.hostNetwork");
  if (!recorded_) {
    if (!host_network && ip_ == 0) ip_ = node_.take_address();
    co_await net::on_worker([dir = dir_, record = PodRecord{pod_, ip_, seen_.accepted}] { write_record(dir, record); });
    recorded_ = true;
  }
  co_await mount_volumes();

  const std::string ip = host_network ? node_.host_ip : format_ipv4(ip_);
  co_await net::on_worker([box = sandbox(), dir = dir_, pod = pod_, ip, gateway = node_.options.gateway,
                           domain = node_.options.cluster_domain] {
    // The last file that is written tells that an earlier process came to the end of this.
    if (!sandbox_stands(box) || !std::filesystem::exists(dir.resolv_conf())) {
      remove_sandbox(box);
      make_sandbox(box);
    }
    make_dirs(dir.etc());
    const auto put = [&](const char* name, const std::string& content) { write_plain_file(dir.etc() / name, content); };
    put("hostname", box.hostname + "\n");
    put("hosts", hosts_file(pod, ip, domain, try_read_file("/etc/hosts").value_or("")));
    put("resolv.conf", resolv_conf(pod, gateway, domain, try_read_file("/etc/resolv.conf").value_or("")));
  });
  seen_.ip = ip;
}

net::Task<> PodWorker::mount_volumes() {
  if (json::list(pod_, "spec.volumes").empty()) co_return;
  SourceNames names;
  volume_sources(pod_, names);
  Sources sources = co_await fetch(std::move(names));
  co_await fetch_tokens();
  std::vector<std::pair<std::string, kube::Object>> claimed = co_await fetch_claimed();
  co_await net::on_worker([pod = pod_, dir = dir_, sources = std::move(sources), tokens = tokens_,
                           place = node_.place(seen_.ip), claimed = std::move(claimed)] {
    ClaimedPaths paths;
    for (const auto& [claim, volume] : claimed) paths[claim] = path_of_volume(volume);
    set_up_volumes({pod, dir, sources, tokens, place, paths});
  });
}

// The volumes that the pod's claims are bound to, by the claims' names.
net::Task<std::vector<std::pair<std::string, kube::Object>>> PodWorker::fetch_claimed() {
  std::vector<std::pair<std::string, kube::Object>> out;
  const json::array volumes = json::list(pod_, "spec.volumes");  // the pod may be another by the time of an answer
  for (const auto& volume : volumes) {
    const std::string name(json::str(volume, "persistentVolumeClaim.claimName"));
    if (name.empty()) continue;
    try {
      const kube::Object claim =
          co_await node_.api.get(client::resources::persistent_volume_claims, kube::ns(pod_), name);
      const std::string bound(json::str(claim, "spec.volumeName"));
      if (json::str(claim, "status.phase") != "Bound")
        throw MountError(
            fmt::format("MountVolume.SetUp failed for volume \"{}\" : persistentvolumeclaim \"{}\" is not "
                        "bound to a volume yet",
                        json::str(volume, "name"), name));
      kube::Object there = co_await node_.api.get(client::resources::persistent_volumes, "", bound);
      if (json::str(there, "spec.claimRef.uid") != kube::uid(claim))
        throw MountError(
            fmt::format("MountVolume.SetUp failed for volume \"{}\" : persistent volume \"{}\" is not bound "
                        "to claim \"{}\"",
                        json::str(volume, "name"), bound, name));
      out.emplace_back(name, std::move(there));
    } catch (const kube::StatusError& e) {
      if (!e.is("NotFound")) throw;
      throw MountError(
          fmt::format("MountVolume.SetUp failed for volume \"{}\" : {}", json::str(volume, "name"), e.message()));
    }
  }
  co_return out;
}

net::Task<> PodWorker::refresh_volumes() {
  if (seen_.setup != PodSeen::Setup::Done || seen_.torn_down || ending(pod_, seen_)) co_return;
  const auto& volumes = json::list(pod_, "spec.volumes");
  if (volumes.empty()) co_return;
  try {
    if (std::ranges::any_of(volumes, is_file_volume)) co_await mount_volumes();
    const std::string outgrown =
        co_await net::on_worker([pod = pod_, dir = dir_] { return outgrown_volume(pod, dir); });
    if (!outgrown.empty() && seen_.failure_reason.empty()) {
      warning("Evicted", outgrown);
      seen_.failure_reason = "Evicted";
      seen_.failure_message = outgrown;
      wake_.notify();
    }
  } catch (const std::exception& e) {
    if (net::is_cancelled(e)) throw;
    warning("FailedMount", e.what());
  }
}

net::Task<Sources> PodWorker::fetch(SourceNames names) {
  Sources sources;
  const std::string ns(kube::ns(pod_));
  for (const bool secret : {false, true}) {
    auto& into = secret ? sources.secrets : sources.config_maps;
    for (const auto& name : secret ? names.secrets : names.config_maps) {
      try {
        into[name] =
            co_await node_.api.get(secret ? client::resources::secrets : client::resources::config_maps, ns, name);
      } catch (const kube::StatusError& e) {
        if (!e.is("NotFound")) throw;
        // The controller that puts it into a new namespace may come after the namespace's first pod.
        if (!secret && name == "kube-root-ca.crt" && !node_.options.ca_pem.empty())
          into[name] = json::object{{"data", json::object{{"ca.crt", node_.options.ca_pem}}}};
      }
    }
  }
  co_return sources;
}

net::Task<> PodWorker::fetch_tokens() {
  for (const auto& request : token_requests(pod_)) {
    const std::pair key{request.volume, request.source};
    if (const auto end = token_ends_.find(key); end != token_ends_.end() && now() < end->second) continue;
    std::string problem = "there is nobody to ask for one";
    if (node_.options.token) {
      try {
        tokens_[key] = co_await node_.options.token(
            std::string(kube::ns(pod_)), std::string(json::str(pod_, "spec.serviceAccountName", "default")),
            std::string(kube::name(pod_)), std::string(kube::uid(pod_)), request.seconds);
        // A newer one is fetched when a fifth of its life is left, as the kubelet does.
        token_ends_[key] = now() + std::chrono::seconds(request.seconds * 4 / 5);
        continue;
      } catch (const std::exception& e) {
        if (net::is_cancelled(e)) throw;
        problem = e.what();
      }
    }
    throw MountError(
        fmt::format("MountVolume.SetUp failed for volume \"{}\" : failed to fetch token: {}", request.volume, problem));
  }
}

net::Task<> PodWorker::tear_down() {
  try {
    co_await net::on_worker([box = sandbox(), dir = dir_] {
      remove_sandbox(box);
      unmount_below(dir.dir);
      for (const Path& path : {dir.volumes(), dir.memory(), dir.etc(), dir.namespaces()})
        std::filesystem::remove_all(path);
    });
  } catch (const std::exception& e) {
    if (net::is_cancelled(e)) throw;
    log::warn("a pod's sandbox could not be removed whole", "pod", kube::key(pod_), "error", e.what());
  }
  node_.addresses.erase(ip_);
  seen_.setup = PodSeen::Setup::None;
  seen_.torn_down = true;
  wake_.notify();
}

}  // namespace spoke::cluster
