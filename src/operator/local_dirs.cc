#include "operator/local_dirs.h"

#include <array>

#include "kube/quantity.h"
#include "operator/labels.h"

namespace spoke::op {
namespace {

// A member of a volume source or of a mount, and the property that it becomes.
struct Option {
  std::string_view member;
  std::string_view property;
};

struct Type {
  std::string_view name;  // of the member of the volume, and of the type in Spark's property
  std::array<Option, 3> options;
};

constexpr std::array<Type, 4> kTypes{{
    {"emptyDir", {{{"sizeLimit", "options.sizeLimit"}, {"medium", "options.medium"}, {}}}},
    {"hostPath", {{{"path", "options.path"}, {"type", "options.type"}, {}}}},
    {"nfs", {{{"path", "options.path"}, {"server", "options.server"}, {"readOnly", "options.readOnly"}}}},
    {"persistentVolumeClaim", {{{"claimName", "options.claimName"}, {"readOnly", "options.readOnly"}, {}}}},
}};
constexpr std::array<Option, 4> kMount{{{"mountPath", "mount.path"},
                                        {"subPath", "mount.subPath"},
                                        {"subPathExpr", "mount.subPathExpr"},
                                        {"readOnly", "mount.readOnly"}}};

std::string text_of(const json::value& v) {
  if (v.is_string()) return json::to_string(v.get_string());
  if (v.is_bool()) return v.get_bool() ? "true" : "";
  return json::dump(v);
}

// Every member becomes its property; one that has none is refused.
template <size_t N>
void put(spark::Properties& to, const std::string& prefix, const json::object& from,
         const std::array<Option, N>& options, const std::string& field) {
  for (const auto& [member, value] : from) {
    const std::string_view name = member;
    if (value.is_null() || name == "name") continue;
    const Option* found = nullptr;
    for (const auto& option : options)
      if (option.member == name) found = &option;
    if (found == nullptr)
      throw InvalidApplication(field + "." + std::string(name),
                               "cannot be set on a volume named spark-local-dir-*: Spark has no property for it");
    std::string text = text_of(value);
    if (name == "sizeLimit") {
      const auto canonical = kube::Quantity::canonical(text);
      if (!canonical) throw InvalidApplication(field + ".sizeLimit", fmt::format("\"{}\" is no quantity", text));
      text = *canonical;
    }
    if (!text.empty()) to[prefix + std::string(found->property)] = text;
  }
}

}  // namespace

void local_dirs(spark::Properties& to, const std::string& prefix, const json::array& volumes, const PodSpec& pod) {
  for (size_t i = 0; i < pod.volume_mounts.size(); ++i) {
    const json::value& mount = pod.volume_mounts[i];
    const std::string name(json::str(mount, "name"));
    if (!name.starts_with(kLocalDirPrefix)) continue;
    const std::string field = fmt::format("{}.volumeMounts[{}]", pod.field, i);
    const json::value* volume = nullptr;
    for (const auto& v : volumes)
      if (json::str(v, "name") == name) volume = &v;
    if (volume == nullptr) throw InvalidApplication(field, fmt::format("volume {} not found in spec.volumes", name));

    const Type* type = nullptr;
    for (const auto& t : kTypes)
      if (const json::value* source = json::find_member(*volume, t.name); source != nullptr && source->is_object())
        type = &t;
    if (type == nullptr)
      throw InvalidApplication(field, fmt::format("volume {} is of an unsupported volume type: scratch space may be "
                                                  "emptyDir, hostPath, nfs or persistentVolumeClaim",
                                                  name));
    const std::string property = fmt::format("{}{}.{}.", prefix, type->name, name);
    put(to, property, mount.get_object(), kMount, field);
    put(to, property, json::find_member(*volume, type->name)->get_object(), type->options, "spec.volumes." + name);
  }
}

}  // namespace spoke::op
