#include "spark/volumes.h"

#include <algorithm>
#include <set>
#include <utility>

#include "base/strings.h"

namespace spoke::spark {
namespace {

// The options of one volume: the properties that begin with "TYPE.NAME.".
class Options {
 public:
  Options(const Properties& all, std::string_view family, const std::string& type, const std::string& name)
      : all_(all), family_(family), type_(type), stem_(type + "." + name + ".") {}

  [[noreturn]] void refuse(std::string_view option, const std::string& why) const {
    throw InvalidConf(fmt::format("{}{}{}", family_, stem_, option), why);
  }

  std::optional<std::string> get(std::string_view option) const {
    const auto it = all_.find(stem_ + std::string(option));
    return it == all_.end() ? std::nullopt : std::optional(it->second);
  }

  std::string require(std::string_view option) const {
    if (auto value = get(option)) return *std::move(value);
    refuse(option, fmt::format("{}{} is required for {}", stem_, option, type_));
  }

  Properties family(std::string_view part) const {
    const std::string prefix = stem_ + std::string(part) + ".";
    Properties found;
    for (auto it = all_.lower_bound(prefix); it != all_.end() && it->first.starts_with(prefix); ++it)
      found.emplace(it->first.substr(prefix.size()), it->second);
    return found;
  }

  std::optional<std::string> size(const Rules& rules) const {
    auto size = get("options.sizeLimit");
    if (size && rules.volume_sizes_checked && !size->empty() &&
        size->find_first_not_of("0123456789") == std::string::npos && to_int(*size).value_or(1024) < 1024)
      refuse("options.sizeLimit", fmt::format("Volume size `{}` is smaller than 1KiB. Missing units?", *size));
    return size;
  }

  std::string key(std::string_view option) const { return stem_ + std::string(option); }

 private:
  const Properties& all_;
  std::string_view family_;
  std::string type_;
  std::string stem_;
};

bool parse_flag(const Options& options, std::string_view option) {
  const auto value = options.get(option);
  if (!value) return false;
  const std::string word = lower(*value);
  if (word != "true" && word != "false") options.refuse(option, fmt::format("For input string: \"{}\"", *value));
  return word == "true";
}

void read_mount(const Options& options, const Rules& rules, Volume& volume) {
  const auto path = options.get("mount.path");
  if (!path) options.refuse("mount.path", "key not found: " + options.key("mount.path"));
  volume.mount_path = *path;
  volume.sub_path = options.get("mount.subPath").value_or("");
  if (rules.sub_path_expr) {
    if (options.get("mount.subPath") && options.get("mount.subPathExpr"))
      options.refuse("mount.subPath", fmt::format("These config options are mutually exclusive: {}, {}",
                                                  options.key("mount.subPath"), options.key("mount.subPathExpr")));
    volume.sub_path_expr = options.get("mount.subPathExpr").value_or("");
  }
  volume.read_only = parse_flag(options, "mount.readOnly");
}

void read_source(const Options& options, const Rules& rules, const std::string& type, Volume& volume) {
  if (type == "hostPath") {
    volume.type = Volume::Type::HostPath;
    volume.path = options.require("options.path");
    if (rules.host_path_type) volume.host_type = options.get("options.type").value_or("");
  } else if (type == "persistentVolumeClaim") {
    volume.type = Volume::Type::Claim;
    volume.claim_name = options.require("options.claimName");
    volume.storage_class = options.get("options.storageClass");
    volume.size_limit = options.size(rules);
    if (rules.claim_metadata) {
      volume.labels = options.family("label");
      volume.annotations = options.family("annotation");
    }
  } else if (type == "emptyDir") {
    volume.type = Volume::Type::EmptyDir;
    volume.medium = options.get("options.medium").value_or("");
    volume.size_limit = options.size(rules);
  } else if (type == "nfs") {
    volume.type = Volume::Type::Nfs;
    volume.path = options.require("options.path");
    volume.server = options.require("options.server");
  } else {
    options.refuse("", fmt::format("Kubernetes Volume type `{}` is not supported", type));
  }
}

}  // namespace

std::vector<Volume> parse_volumes(const Conf& conf, std::string_view prefix, const Rules& rules) {
  const Properties properties = conf.with_prefix(prefix);
  std::set<std::pair<std::string, std::string>> types_and_names;
  for (const auto& [property, value] : properties)
    if (const auto parts = split(property, '.'); parts.size() >= 2) types_and_names.emplace(parts[0], parts[1]);

  std::vector<Volume> volumes;
  for (const auto& [type, name] : types_and_names) {
    const Options options(properties, prefix, type, name);
    Volume volume;
    volume.name = name;
    read_mount(options, rules, volume);
    read_source(options, rules, type, volume);
    volumes.push_back(std::move(volume));
  }
  return volumes;
}

}  // namespace spoke::spark
