#include "client/kubeconfig_file.h"

#include <utility>
#include <vector>

#include "base/strings.h"
#include "data/yaml.h"
#include "net/url.h"

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

ServerUrl parse_server_url(std::string_view text, bool default_tls) {
  net::Url url;
  try {
    url = net::parse_url(text);
  } catch (const Error& e) {
    fail("server {}", e.what());
  }
  if (!url.scheme.empty() && url.scheme != "https" && url.scheme != "http")
    fail("server \"{}://{}\": only https:// and http:// are known", url.scheme, url.authority());
  if (!url.user.empty() || !url.password.empty())
    fail("server {}: user and password belong into the user's entry, not into the address", url.authority());
  if (text.find_first_of("?#") != std::string_view::npos) fail("server \"{}\": an address has no query", text);
  ServerUrl out;
  out.tls = url.scheme.empty() ? default_tls : url.scheme == "https";
  out.host = url.host;
  out.port = std::to_string(url.port_or(out.tls ? 443 : 80));
  out.base_path = url.path;
  while (out.base_path.ends_with('/')) out.base_path.pop_back();
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
