// ConfigMap and Secret.
#include "base/strings.h"
#include "cluster/api/json_text.h"
#include "cluster/api/kinds/common.h"

namespace spoke::cluster::kinds {
namespace {

constexpr size_t kMaxSize = 1U << 20;  // MaxSecretSize

void check_keys(const Object& o, const std::string& member, Causes& causes, size_t& total) {
  for (const auto& [key, value] : json::members(o, member)) {
    for (const auto& why : kube::check_config_map_key(key))
      causes.push_back(kube::invalid_value(member + "[" + std::string(key) + "]", json::value(key), why));
    if (value.is_string()) total += value.get_string().size();
  }
}

void validate_config_map(const Object& o, Causes& causes) {
  size_t total = 0;
  check_keys(o, "data", causes, total);
  check_keys(o, "binaryData", causes, total);
  for (const auto& [key, value] : json::members(o, "binaryData"))
    if (json::members(o, "data").contains(key))
      causes.push_back(kube::invalid_value("data[" + std::string(key) + "]", json::value(key),
                                           "duplicate of key present in binaryData"));
  if (total > kMaxSize) causes.push_back(kube::too_long("[]", kMaxSize));
}

// stringData is written, never read.
void take_string_data(Object& o) {
  default_to(o, "type", "Opaque");
  json::value* plain = json::find(o, "stringData");
  if (plain == nullptr) return;
  if (plain->is_object() && !plain->get_object().empty()) {
    const json::object given = plain->get_object();
    auto& data = json::make_object(o, "data");
    for (const auto& [key, value] : given)
      if (value.is_string()) data[key] = base64(json::to_string(value.get_string()));
  }
  json::remove(o, "stringData");
}

struct NeededKeys {
  std::string_view type;
  std::vector<std::string> keys;
};
const std::vector<NeededKeys>& needed_keys() {
  static const std::vector<NeededKeys> all{{"kubernetes.io/tls", {"tls.crt", "tls.key"}},
                                           {"kubernetes.io/ssh-auth", {"ssh-privatekey"}},
                                           {"kubernetes.io/dockerconfigjson", {".dockerconfigjson"}},
                                           {"kubernetes.io/dockercfg", {".dockercfg"}}};
  return all;
}

void validate_secret(const Object& o, Causes& causes) {
  size_t total = 0;
  check_keys(o, "data", causes, total);
  if (total > kMaxSize) causes.push_back(kube::too_long("data", kMaxSize));
  const auto& data = json::members(o, "data");
  const std::string_view type = json::str(o, "type");
  for (const auto& row : needed_keys()) {
    if (row.type != type) continue;
    for (const auto& key : row.keys)
      if (!data.contains(key)) causes.push_back(kube::required("data[" + key + "]", ""));
  }
  // Registries' credentials are documents; what they say is nobody's business but the registry's.
  for (const char* key : {".dockerconfigjson", ".dockercfg"}) {
    if (type !=
            (std::string_view(key) == ".dockercfg" ? "kubernetes.io/dockercfg" : "kubernetes.io/dockerconfigjson") ||
        !data.contains(key))
      continue;
    const auto text = from_base64(data.at(key).is_string() ? json::to_string(data.at(key).get_string()) : "");
    if (const auto problem = json_problem(text.value_or("")))
      causes.push_back(
          kube::invalid_value(std::string("data[") + key + "]", json::value("<secret contents redacted>"), *problem));
  }
  if (type == "kubernetes.io/basic-auth" && !data.contains("username") && !data.contains("password")) {
    causes.push_back(kube::required("data[username]", ""));
    causes.push_back(kube::required("data[password]", ""));
  }
  if (type == "kubernetes.io/service-account-token" &&
      kube::annotation(o, "kubernetes.io/service-account.name").empty())
    causes.push_back(kube::required("metadata.annotations[kubernetes.io/service-account.name]", ""));
}

}  // namespace

void add_config(std::vector<ResourceType>& out) {
  ResourceType map = builtin("", "v1", "configmaps", "ConfigMap", true);
  map.short_names = {"cm"};
  map.validate = validate_config_map;
  map.validate_update = [](const Object& before, const Object& after, Causes& causes) {
    check_immutable(before, after, {"data", "binaryData"}, causes);
  };
  map.columns = {
      {"Data", "string", "",
       "data contains the configuration data. Each key must consist of alphanumeric characters, '-', '_' or '.'."}};
  map.cells = [](const Object& o) {
    return json::array{json::members(o, "data").size() + json::members(o, "binaryData").size()};
  };
  out.push_back(std::move(map));

  ResourceType secret = builtin("", "v1", "secrets", "Secret", true);
  secret.defaults = take_string_data;
  secret.validate = validate_secret;
  secret.validate_update = [](const Object& before, const Object& after, Causes& causes) {
    if (json::str(before, "type") != json::str(after, "type"))
      causes.push_back(kube::invalid_value("type", json::value(json::str(after, "type")), "field is immutable"));
    check_immutable(before, after, {"data"}, causes);
  };
  secret.fields = [](const Object& o, Fields& fields) { fields.emplace_back("type", json::str(o, "type")); };
  secret.field_names = {"type"};
  secret.columns = {
      {"Type", "string", "", "Used to facilitate programmatic handling of secret data."},
      {"Data", "string", "",
       "Data contains the secret data. Each key must consist of alphanumeric characters, '-', '_' or '.'."}};
  secret.cells = [](const Object& o) { return json::array{json::str(o, "type"), json::members(o, "data").size()}; };
  out.push_back(std::move(secret));
}

}  // namespace spoke::cluster::kinds
