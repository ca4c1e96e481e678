// Volumes that the user asked for, and claims that are made on demand.
// Source: MountVolumesFeatureStep (Spark 3.5 to 4.3).

#include <fmt/format.h>

#include <set>

#include "base/strings.h"
#include "spark/steps.h"
#include "spark/volumes.h"

namespace spoke::spark {
namespace {

void check_mount_paths(const std::vector<Volume>& volumes) {
  std::set<std::string> seen;
  for (const auto& volume : volumes)
    if (!seen.insert(volume.mount_path).second)
      throw InvalidConf(fmt::format("{}*.{}.mount.path", kDriverVolumes, volume.name),
                        fmt::format("requirement failed: Found duplicated mountPath: '{}'", volume.mount_path));
}

kube::Object claim_on_demand(const Submission& s, const Volume& volume, const std::string& name) {
  // Spark 4.0 took ReadWriteOncePod for its own claims; the property brings the older mode back.
  const bool once = s.conf.flag("spark.kubernetes.legacy.useReadWriteOnceAccessMode", !s.rules.read_write_once_pod);
  kube::Object claim = named_object("v1", "PersistentVolumeClaim", name);
  merge(claim, "metadata.labels", volume.labels);
  merge(claim, "metadata.labels", {{"spark-app-selector", s.ids.app}});
  merge(claim, "metadata.annotations", volume.annotations);
  json::set(claim, "spec",
            json::object{{"storageClassName", *volume.storage_class},
                         {"accessModes", json::array{once ? "ReadWriteOnce" : "ReadWriteOncePod"}},
                         {"resources", json::object{{"requests", json::object{{"storage", *volume.size_limit}}}}}});
  return claim;
}

void add_source(const Submission& s, Draft& draft, const Volume& volume, size_t index) {
  switch (volume.type) {
    case Volume::Type::HostPath:
      return draft.add_volume(volume.name, "hostPath", {{"path", volume.path}, {"type", volume.host_type}});
    case Volume::Type::Nfs:
      return draft.add_volume(volume.name, "nfs", {{"path", volume.path}, {"server", volume.server}});
    case Volume::Type::EmptyDir: {
      json::object source{{"medium", volume.medium}};
      if (volume.size_limit) source["sizeLimit"] = *volume.size_limit;
      return draft.add_volume(volume.name, "emptyDir", std::move(source));
    }
    case Volume::Type::Claim: {
      const std::string name =
          replace_all(volume.claim_name, "OnDemand", fmt::format("{}-driver-pvc-{}", draft.names.prefix, index));
      if (volume.storage_class && volume.size_limit) draft.resources.push_back(claim_on_demand(s, volume, name));
      return draft.add_volume(volume.name, "persistentVolumeClaim",
                              {{"claimName", name}, {"readOnly", volume.read_only}});
    }
  }
}

}  // namespace

void mount_volumes(const Submission& s, Draft& draft) {
  const auto volumes = parse_volumes(s.conf, kDriverVolumes, s.rules);
  check_mount_paths(volumes);
  for (size_t i = 0; i < volumes.size(); ++i) {
    const Volume& volume = volumes[i];
    add_source(s, draft, volume, i);
    json::object mount{{"name", volume.name},
                       {"mountPath", volume.mount_path},
                       {"readOnly", volume.read_only},
                       {"subPath", volume.sub_path}};
    if (s.rules.sub_path_expr) mount["subPathExpr"] = volume.sub_path_expr;
    draft.add_mount(std::move(mount));
  }
}

}  // namespace spoke::spark
