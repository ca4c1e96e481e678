#include "client/kubeconfig_file.h"

#include <utility>
#include <vector>

#include "base/strings.h"
#include "data/yaml.h"

namespace spoke::client {
namespace {

// Members that hold a path, by kubectl's ResolveLocalPaths.
constexpr std::string_view kClusterPaths[] = {"certificate-authority"};
constexpr std::string_view kUserPaths[] = {"client-certificate", "client-key", "tokenFile"};

void make_absolute(json::value& entry, std::string_view member, const Path& folder) {
  json::value* path = json::find(entry, member);
  if (path == nullptr || !path->is_string() || path->get_string().empty()) return;
  const Path written(std::string_view(path->get_string()));
  if (written.is_relative()) *path = (folder / written).lexically_normal().string();
}

Kubeconfig::Entries entries_of(const json::value& config, std::string_view list, std::string_view member,
                               const Path& file) {
  Kubeconfig::Entries out;
  for (const auto& item : json::list(config, list)) {
    const json::value* name = json::find(item, "name");
    if (name == nullptr || !name->is_string()) fail("{}: an entry of {} has no name", file.string(), list);
    const json::value* held = json::find(item, member);
    json::value entry = held != nullptr && held->is_object() ? *held : json::value(json::object());
    std::string key = json::to_string(name->get_string());
    if (out.contains(key)) fail("{}: {} holds \"{}\" twice; remove one", file.string(), list, key);
    out.emplace(std::move(key), std::move(entry));
  }
  return out;
}

}  // namespace

Kubeconfig parse_kubeconfig(std::string_view text, const Path& file) {
  std::vector<json::value> documents;
  try {
    documents = yaml::parse_all(text);
  } catch (const Error& e) {
    fail("{} is no kubeconfig: {}", file.string(), e.what());
  }
  if (documents.empty()) return {};
  const json::value& config = documents[0];
  if (documents.size() > 1 || !config.is_object())
    fail("{} is no kubeconfig: it must hold one YAML object", file.string());
  if (const auto kind = json::str(config, "kind", "Config"); kind != "Config")
    fail("{} is no kubeconfig: its kind is {}, not Config", file.string(), kind);

  Kubeconfig out;
  out.current_context = json::str(config, "current-context");
  out.clusters = entries_of(config, "clusters", "cluster", file);
  out.users = entries_of(config, "users", "user", file);
  out.contexts = entries_of(config, "contexts", "context", file);

  const Path folder = file.parent_path();
  for (auto& [name, cluster] : out.clusters)
    for (const auto member : kClusterPaths) make_absolute(cluster, member, folder);
  for (auto& [name, user] : out.users) {
    for (const auto member : kUserPaths) make_absolute(user, member, folder);
    // A command without a slash is looked up on PATH instead.
    if (json::str(user, "exec.command").find('/') != std::string_view::npos)
      make_absolute(user, "exec.command", folder);
  }
  return out;
}

void merge_kubeconfig(Kubeconfig& into, Kubeconfig next) {
  if (into.current_context.empty()) into.current_context = std::move(next.current_context);
  into.clusters.merge(next.clusters);  // map::merge leaves out what is there already
  into.users.merge(next.users);
  into.contexts.merge(next.contexts);
}

ServerUrl parse_server_url(std::string_view url, bool default_tls) {
  ServerUrl out;
  std::string_view rest = url;
  out.tls = default_tls;
  if (const auto scheme = rest.find("://"); scheme != std::string_view::npos) {
    const std::string name = lower(rest.substr(0, scheme));
    if (name != "https" && name != "http") fail("server \"{}\": only https:// and http:// are known", url);
    out.tls = name == "https";
    rest.remove_prefix(scheme + 3);
  }
  const auto slash = rest.find_first_of("/?#");
  if (slash != std::string_view::npos) {
    std::string_view path = rest.substr(slash);
    if (path.find_first_of("?#") != std::string_view::npos) fail("server \"{}\": an address has no query", url);
    while (path.ends_with('/')) path.remove_suffix(1);
    out.base_path = path;
    rest = rest.substr(0, slash);
  }
  if (rest.find('@') != std::string_view::npos)
    fail("server \"{}\": user and password belong into the user's entry, not into the address", url);

  std::string_view port;
  if (rest.starts_with('[')) {
    const auto close = rest.find(']');
    if (close == std::string_view::npos) fail("server \"{}\": the bracket of its IPv6 address is not closed", url);
    out.host = rest.substr(1, close - 1);
    rest.remove_prefix(close + 1);
    if (!rest.empty() && !rest.starts_with(':')) fail("server \"{}\" is no address", url);
    if (!rest.empty()) port = rest.substr(1);
  } else {
    const auto colon = rest.find(':');
    if (colon != rest.rfind(':')) fail("server \"{}\": an IPv6 address needs brackets, [::1]", url);
    out.host = rest.substr(0, colon);
    if (colon != std::string_view::npos) port = rest.substr(colon + 1);
  }
  if (out.host.empty() || out.host.find_first_of(" \t\r\n%\\") != std::string::npos)
    fail("server \"{}\" names no host", url);
  const auto number = to_int(port);
  if (!port.empty() && (!number || *number < 1 || *number > 65535 || port.starts_with('+')))
    fail("server \"{}\": \"{}\" is no port", url, port);
  out.port = port.empty() ? (out.tls ? "443" : "80") : std::to_string(*number);
  return out;
}

const json::value& entry(const Kubeconfig::Entries& entries, std::string_view what, std::string_view name) {
  const auto it = entries.find(name);
  if (it != entries.end()) return it->second;
  std::vector<std::string> names;
  for (const auto& [key, value] : entries) names.push_back(key);
  fail("the kubeconfig has no {} \"{}\"{}", what, name, names.empty() ? "" : "; it has " + join(names, ", "));
}

}  // namespace spoke::client
