#include "cluster/node/env.h"

#include <algorithm>

#include "base/strings.h"

namespace spoke::cluster {
namespace {

template <class... Args>
[[noreturn]] void config_error(fmt::format_string<Args...> format, Args&&... args) {
  throw ConfigError(fmt::format(format, std::forward<Args>(args)...));
}

using Values = std::map<std::string, kube::Object, std::less<>>;

const kube::Object* find_source(const Values& values, std::string_view kind, std::string_view name, bool optional) {
  const auto at = values.find(name);
  if (at != values.end()) return &at->second;
  if (!optional) config_error("{} \"{}\" not found", kind, name);
  return nullptr;
}

// valueFrom of one variable; nothing where an optional source is missing, so that the variable is not set.
std::optional<std::string> value_from(const kube::Object& pod, const json::value& container, const json::value& from,
                                      const Sources& sources, const PodPlace& place) {
  if (const auto* ref = json::find(from, "fieldRef")) {
    const auto path = json::str(*ref, "fieldPath");
    auto value = pod_field(pod, path, place);
    if (!value) config_error("unsupported fieldPath: {}", path);
    return value;
  }
  if (const auto* ref = json::find(from, "resourceFieldRef")) {
    const auto name = json::str(*ref, "containerName");
    const json::value* of = name.empty() ? &container : find_container(pod, name);
    if (of == nullptr) config_error("container {} not found", name);
    auto value = resource_field(*of, json::str(*ref, "resource"), json::str(*ref, "divisor"), place);
    if (!value) config_error("unsupported container resource : {}", json::str(*ref, "resource"));
    return value;
  }
  const bool secret = json::find(from, "secretKeyRef") != nullptr;
  const auto* ref = json::find(from, secret ? "secretKeyRef" : "configMapKeyRef");
  if (ref == nullptr) config_error("unsupported valueFrom: {}", json::dump(from));
  const bool optional = json::flag(*ref, "optional");
  const auto name = json::str(*ref, "name");
  const auto key = json::str(*ref, "key");
  const auto* object =
      find_source(secret ? sources.secrets : sources.config_maps, secret ? "secret" : "configmap", name, optional);
  auto value = object == nullptr ? std::nullopt : secret ? secret_value(*object, key) : config_map_value(*object, key);
  if (!value && !optional)
    config_error("couldn't find key {} in {} {}/{}", key, secret ? "Secret" : "ConfigMap", kube::ns(pod), name);
  return value;
}

}  // namespace

void env_sources(const json::value& container, SourceNames& names) {
  const auto add = [](std::set<std::string>& to, const json::value* ref) {
    if (ref != nullptr) to.emplace(json::str(*ref, "name"));
  };
  for (const auto& from : json::list(container, "envFrom")) {
    add(names.config_maps, json::find(from, "configMapRef"));
    add(names.secrets, json::find(from, "secretRef"));
  }
  for (const auto& variable : json::list(container, "env")) {
    add(names.config_maps, json::find(variable, "valueFrom.configMapKeyRef"));
    add(names.secrets, json::find(variable, "valueFrom.secretKeyRef"));
  }
}

std::optional<std::string> config_map_value(const kube::Object& config_map, std::string_view key) {
  if (const auto* data = json::find(config_map, "data")) {
    const auto* text = json::find_member(*data, key);
    if (text != nullptr && text->is_string()) return json::to_string(text->get_string());
  }
  if (const auto* data = json::find(config_map, "binaryData")) {
    const auto* text = json::find_member(*data, key);
    if (text != nullptr && text->is_string()) return from_base64(text->get_string());
  }
  return std::nullopt;
}

std::optional<std::string> secret_value(const kube::Object& secret, std::string_view key) {
  const auto* data = json::find(secret, "data");
  const auto* text = data == nullptr ? nullptr : json::find_member(*data, key);
  return text != nullptr && text->is_string() ? from_base64(text->get_string()) : std::nullopt;
}

std::vector<std::string> keys_of(const kube::Object& object) {
  std::vector<std::string> keys;
  for (const char* part : {"data", "binaryData"}) {
    for (const auto& [key, ignored] : json::members(object, part)) keys.emplace_back(key);
  }
  std::ranges::sort(keys);
  return keys;
}

std::string expand(std::string_view text, const std::function<std::optional<std::string>(std::string_view)>& value_of) {
  std::string out;
  while (!text.empty()) {
    const auto dollar = text.find('$');
    out += text.substr(0, dollar);
    if (dollar == std::string_view::npos) break;
    text.remove_prefix(dollar + 1);
    if (text.starts_with('$')) {
      out += '$';
      text.remove_prefix(1);
      continue;
    }
    const auto close = text.starts_with('(') ? text.find(')') : std::string_view::npos;
    if (close == std::string_view::npos) {
      out += '$';
      continue;
    }
    const std::string_view name = text.substr(1, close - 1);
    out += value_of(name).value_or(fmt::format("$({})", name));
    text.remove_prefix(close + 1);
  }
  return out;
}

Env container_env(const kube::Object& pod, const json::value& container, const Env& services, const Sources& sources,
                  const PodPlace& place) {
  Env env;
  for (const auto& from : json::list(container, "envFrom")) {
    const bool secret = json::find(from, "secretRef") != nullptr;
    const auto* ref = json::find(from, secret ? "secretRef" : "configMapRef");
    if (ref == nullptr) continue;
    const auto* object = find_source(secret ? sources.secrets : sources.config_maps, secret ? "secret" : "configmap",
                                     json::str(*ref, "name"), json::flag(*ref, "optional"));
    if (object == nullptr) continue;
    for (const auto& key : keys_of(*object)) {
      const std::string name = std::string(json::str(from, "prefix")) + key;
      if (name.find('=') != std::string::npos) continue;  // what no process can have; the kubelet leaves it out too
      if (auto value = secret ? secret_value(*object, key) : config_map_value(*object, key))
        env[name] = std::move(*value);
    }
  }
  const auto value_of = [&](std::string_view name) -> std::optional<std::string> {
    if (const auto at = env.find(name); at != env.end()) return at->second;
    if (const auto at = services.find(name); at != services.end()) return at->second;
    return std::nullopt;
  };
  for (const auto& variable : json::list(container, "env")) {
    const std::string name(json::str(variable, "name"));
    const auto* from = json::find(variable, "valueFrom");
    if (from == nullptr || from->is_null()) {
      env[name] = expand(json::str(variable, "value"), value_of);
    } else if (auto value = value_from(pod, container, *from, sources, place)) {
      env[name] = std::move(*value);
    }
  }
  env.insert(services.begin(), services.end());
  return env;
}

std::vector<std::string> container_args(const json::value& container, const image::ImageConfig& image, const Env& env) {
  const auto value_of = [&](std::string_view name) -> std::optional<std::string> {
    const auto at = env.find(name);
    return at == env.end() ? std::nullopt : std::optional(at->second);
  };
  const auto expanded = [&](const char* list) {
    std::vector<std::string> out;
    for (const auto& word : json::list(container, list)) {
      if (word.is_string()) out.push_back(expand(word.get_string(), value_of));
    }
    return out;
  };
  const auto command = expanded("command");
  auto args = expanded("args");
  // A command without args drops the image's cmd as well: it was meant for the entrypoint.
  if (command.empty() && args.empty()) args = image.cmd;
  std::vector<std::string> all = command.empty() ? image.entrypoint : command;
  all.insert(all.end(), args.begin(), args.end());
  if (all.empty()) config_error("no command specified");
  return all;
}

}  // namespace spoke::cluster
