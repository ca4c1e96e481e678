#include "client/kubeconfig.h"

#include <pwd.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <utility>
#include <vector>

#include "base/strings.h"
#include "client/exec_plugin.h"
#include "client/kubeconfig_file.h"
#include "net/proxy.h"

namespace spoke::client {
namespace {

const Path kServiceAccount = "/var/run/secrets/kubernetes.io/serviceaccount";

std::string env(const char* name) {
  const char* value = std::getenv(name);
  return value != nullptr ? value : "";
}

Path home() {
  if (const std::string set = env("HOME"); !set.empty()) return set;
  const passwd* user = ::getpwuid(::getuid());
  return user != nullptr && user->pw_dir != nullptr ? user->pw_dir : "/";
}

Path home_kubeconfig() { return home() / ".kube" / "config"; }

// KUBECONFIG's files, each once; empty parts are left out.
std::vector<Path> listed_files() {
  std::vector<Path> out;
  for (const auto& part : split(env("KUBECONFIG"), ':'))
    if (!part.empty() && std::find(out.begin(), out.end(), Path(part)) == out.end()) out.emplace_back(part);
  return out;
}

// `name`-data in base64, else the file `name` points to, else "".
std::string pem(const json::value& entry, const std::string& name) {
  if (const auto data = json::str(entry, name + "-data"); !data.empty()) {
    const auto bytes = from_base64(trim(data));
    if (!bytes) fail("the kubeconfig's {}-data is not base64", name);
    return *bytes;
  }
  const std::string path(json::str(entry, name));
  return path.empty() ? "" : read_file(path);
}

void set_address(Target& target, const std::string& url) {
  // Without a scheme, client-go takes TLS where something about TLS is configured.
  ServerUrl server = parse_server_url(url, target.server.insecure || !target.server.ca_pem.empty());
  target.server.tls = server.tls;
  target.server.host = std::move(server.host);
  target.server.port = std::move(server.port);
  target.base_path = std::move(server.base_path);
}

bool same_server(const std::string& a, const std::string& b) {
  if (a.empty() || b.empty()) return false;
  try {
    const ServerUrl x = parse_server_url(a, true), y = parse_server_url(b, true);
    return x.tls == y.tls && lower(x.host) == lower(y.host) && x.port == y.port && x.base_path == y.base_path;
  } catch (const Error&) {
    return false;  // another context may name what is no server
  }
}

void set_server(Target& target, const json::value& cluster, std::string_view name, const std::string& override_url) {
  const std::string url = override_url.empty() ? std::string(json::str(cluster, "server")) : override_url;
  if (url.empty()) fail("the kubeconfig's cluster \"{}\" has no server", name);
  target.server.ca_pem = pem(cluster, "certificate-authority");
  // Of another server nothing is known of these: who one is may count there, how it is reached does not.
  const bool own = override_url.empty() || same_server(std::string(json::str(cluster, "server")), override_url);
  target.server.insecure = own && json::flag(cluster, "insecure-skip-tls-verify");
  if (target.server.insecure && !target.server.ca_pem.empty())
    fail("the kubeconfig's cluster \"{}\" has both insecure-skip-tls-verify and a certificate authority; remove one",
         name);
  if (own) target.server.server_name = json::str(cluster, "tls-server-name");
  set_address(target, url);
  if (own) target.server.proxy = std::string(json::str(cluster, "proxy-url"));
  if (target.server.proxy.empty())
    target.server.proxy = net::proxy_of_environment(target.server.tls, target.server.host, target.server.port);
  if (!target.server.proxy.empty()) net::parse_proxy(target.server.proxy);  // says now what it is not
}

void set_impersonation(Target& target, const json::value& user) {
  const auto as = json::str(user, "as");
  if (as.empty()) return;
  target.headers.set("Impersonate-User", std::string(as));
  if (const auto uid = json::str(user, "as-uid"); !uid.empty()) target.headers.set("Impersonate-Uid", std::string(uid));
  for (const auto& group : json::list(user, "as-groups"))
    if (group.is_string()) target.headers.add("Impersonate-Group", json::to_string(group.get_string()));
  for (const auto& [key, values] : json::members(user, "as-user-extra"))
    if (values.is_array())
      for (const auto& value : values.get_array())
        if (value.is_string())
          target.headers.add("Impersonate-Extra-" + net::percent_encode(key), json::to_string(value.get_string()));
}

void set_user(Target& target, const json::value& user, const json::value& cluster, std::string_view name) {
  target.server.client_cert_pem = pem(user, "client-certificate");
  target.server.client_key_pem = pem(user, "client-key");
  if (target.server.client_cert_pem.empty() != target.server.client_key_pem.empty())
    fail("the kubeconfig's user \"{}\" has a client certificate without its key, or a key without its certificate",
         name);
  target.bearer_token = json::str(user, "token");
  target.token_file = json::str(user, "tokenFile");
  if (!target.token_file.empty()) read_file(target.token_file);  // says now what would be a 401 later
  target.username = json::str(user, "username");
  target.password = json::str(user, "password");
  const bool token = !target.bearer_token.empty() || !target.token_file.empty();
  if (token && !target.username.empty())
    fail("the kubeconfig's user \"{}\" has both a token and a username; remove one", name);
  if (const auto provider = json::str(user, "auth-provider.name"); !provider.empty())
    fail("the kubeconfig's user \"{}\" uses the auth-provider {}, which Kubernetes has dropped; use its exec plug-in",
         name, provider);
  set_impersonation(target, user);

  const json::value* exec = json::find(user, "exec");
  if (exec == nullptr || !exec->is_object() || token || !target.username.empty()) return;
  target.renew = [plugin = parse_exec_plugin(*exec, cluster)] { return run_exec_plugin(plugin); };
  Credential credential = target.renew();
  target.bearer_token = std::move(credential.bearer_token);
  target.expires = credential.expires;
  if (!credential.client_cert_pem.empty()) {
    target.server.client_cert_pem = std::move(credential.client_cert_pem);
    target.server.client_key_pem = std::move(credential.client_key_pem);
  }
}

Target target_of(const Kubeconfig& config, const std::string& context_name, const KubeconfigChoice& choice) {
  const json::value& context = entry(config.contexts, "context", context_name);
  const std::string cluster_name(json::str(context, "cluster"));
  const std::string user_name(json::str(context, "user"));
  const json::value& cluster = entry(config.clusters, "cluster", cluster_name);
  Target target;
  target.context = context_name;
  target.ns = !choice.ns.empty() ? choice.ns : std::string(json::str(context, "namespace"));
  if (target.ns.empty()) target.ns = "default";
  set_server(target, cluster, cluster_name, choice.server);
  if (!user_name.empty()) set_user(target, entry(config.users, "user", user_name), cluster, user_name);
  return target;
}

// As client-go's rest.InClusterConfig.
std::optional<Target> pod_target(const std::string& ns) {
  const std::string host = env("KUBERNETES_SERVICE_HOST");
  const std::string port = env("KUBERNETES_SERVICE_PORT");
  if (host.empty() || port.empty() || !try_read_file(kServiceAccount / "token")) return std::nullopt;
  Target target;
  target.server.host = host;
  target.server.port = port;
  target.server.ca_pem = read_file(kServiceAccount / "ca.crt");
  target.token_file = kServiceAccount / "token";
  target.ns = !ns.empty() ? ns : std::string(trim(try_read_file(kServiceAccount / "namespace").value_or("")));
  if (target.ns.empty()) target.ns = "default";
  return target;
}

// All files together: the chosen one, which must be there, else those of KUBECONFIG, else the home folder's.
Kubeconfig load(const KubeconfigChoice& choice) {
  if (!choice.kubeconfig.empty()) return parse_kubeconfig(read_file(choice.kubeconfig), choice.kubeconfig);
  std::vector<Path> files = listed_files();
  if (files.empty()) files.push_back(home_kubeconfig());
  Kubeconfig config;
  for (const auto& file : files)
    if (std::filesystem::exists(file)) merge_kubeconfig(config, parse_kubeconfig(read_file(file), file));
  return config;
}

std::string server_of(const Kubeconfig& config, const std::string& context) {
  const auto found = config.contexts.find(context);
  if (found == config.contexts.end()) return "";
  const auto cluster = config.clusters.find(json::str(found->second, "cluster"));
  return cluster == config.clusters.end() ? "" : std::string(json::str(cluster->second, "server"));
}

std::string choose_context(const Kubeconfig& config, const KubeconfigChoice& choice) {
  if (!choice.context.empty()) return choice.context;
  if (choice.server.empty() || same_server(server_of(config, config.current_context), choice.server))
    return config.current_context;
  for (const auto& [name, context] : config.contexts)
    if (same_server(server_of(config, name), choice.server)) return name;
  return config.current_context;
}

}  // namespace

std::optional<Target> find_target(const KubeconfigChoice& choice) {
  const Kubeconfig config = load(choice);
  const std::string context = choose_context(config, choice);
  if (!context.empty()) return target_of(config, context, choice);
  if (auto target = pod_target(choice.ns)) {
    if (!choice.server.empty()) set_address(*target, choice.server);
    return target;
  }
  if (!choice.server.empty()) {
    Target nobody;
    nobody.ns = choice.ns.empty() ? "default" : choice.ns;
    set_address(nobody, choice.server);
    nobody.server.proxy = net::proxy_of_environment(nobody.server.tls, nobody.server.host, nobody.server.port);
    return nobody;
  }
  if (config.contexts.empty() && choice.kubeconfig.empty()) return std::nullopt;
  fail("the kubeconfig names no current context; choose one with --context, or with `kubectl config use-context`");
}

std::string Target::url() const {
  const bool v6 = server.host.find(':') != std::string::npos;
  return fmt::format("{}://{}:{}{}", server.tls ? "https" : "http", v6 ? "[" + server.host + "]" : server.host,
                     server.port, base_path);
}

std::vector<std::string> context_names(const KubeconfigChoice& choice) {
  std::vector<std::string> names;
  for (const auto& [name, context] : load(choice).contexts) names.push_back(name);
  return names;
}

Path kubeconfig_path() {
  const auto files = listed_files();
  return files.empty() ? home_kubeconfig() : files.front();
}

}  // namespace spoke::client
