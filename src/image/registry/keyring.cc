#include "image/registry/keyring.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <iterator>

#include "base/files.h"
#include "base/glob.h"
#include "base/process.h"
#include "base/strings.h"
#include "data/json.h"

namespace spoke::image {
namespace {

constexpr std::string_view kDocker = "docker.io";

// "https://index.docker.io/v1/" -> "docker.io"; "https://ghcr.io/team/" -> "ghcr.io/team".
std::string normal_key(std::string_view key) {
  if (const auto scheme = key.find("://"); scheme != std::string_view::npos) key.remove_prefix(scheme + 3);
  while (key.ends_with('/')) key.remove_suffix(1);
  for (const std::string_view version : {"/v1", "/v2"})
    if (key.ends_with(version)) key.remove_suffix(version.size());
  const auto slash = key.find('/');
  std::string host = lower(key.substr(0, slash));
  if (host == "index.docker.io" || host == "registry-1.docker.io") host = kDocker;
  return host + (slash == std::string_view::npos ? "" : std::string(key.substr(slash)));
}

// A star stands for part of one label: "*.example.org" is not "example.org".
bool fits_host(std::string_view pattern, std::string_view host) {
  const std::vector<std::string> wanted = split(pattern, '.'), is = split(host, '.');
  if (wanted.size() != is.size()) return false;
  for (size_t i = 0; i < is.size(); ++i)
    if (!matches_glob(wanted[i], is[i])) return false;
  return true;
}

bool fits(std::string_view key, std::string_view repository) {
  const auto slash = key.find('/'), at = repository.find('/');
  if (!fits_host(key.substr(0, slash), lower(repository.substr(0, at)))) return false;
  if (slash == std::string_view::npos) return true;
  const std::string_view lead = key.substr(slash);
  const std::string_view path = at == std::string_view::npos ? "" : repository.substr(at);
  return path.starts_with(lead) && (path.size() == lead.size() || path[lead.size()] == '/');
}

Login read_login(const json::value& v, std::string_view key) {
  Login out{std::string(json::str(v, "username")), std::string(json::str(v, "password")),
            std::string(json::str(v, "identitytoken"))};
  const std::string_view auth = json::str(v, "auth");
  if (auth.empty()) return out;
  const auto both = from_base64(trim(auth));
  const auto colon = both ? both->find(':') : std::string::npos;
  if (colon == std::string::npos) fail("the entry for {} has an \"auth\" that is not base64 of user:password", key);
  out.user = both->substr(0, colon);
  out.password = both->substr(colon + 1);
  while (out.password.ends_with('\0')) out.password.pop_back();  // old clients filled it up
  return out;
}

std::string env(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

// "docker-credential-NAME get" (docker-credential-helpers): the server on its input, JSON on its output.
std::vector<Login> ask_helper(const std::string& name, const std::string& server) {
  const std::string program = "docker-credential-" + name;
  const Finished done = run({program, "get"}, server);
  if (done.exit_code != 0) {
    if (done.output.find("credentials not found") != std::string::npos) return {};
    fail("{} has no credentials for {}: it ended with {}", program, server, done.exit_code);
  }
  json::value v;
  try {
    v = json::parse(done.output);
  } catch (const Error&) {
    fail("{} did not answer with JSON for {}", program, server);
  }
  const std::string user(json::str(v, "Username")), secret(json::str(v, "Secret"));
  if (user == "<token>") return {{"", "", secret}};
  return {{user, secret, ""}};
}

}  // namespace

void Keyring::add(std::string_view config) { add(config, false); }

void Keyring::add(Keyring others) {
  std::ranges::move(others.entries_, std::back_inserter(entries_));
  std::ranges::move(others.helpers_, std::back_inserter(helpers_));
  sort();
}

// Longer keys are closer.
void Keyring::sort() {
  std::ranges::stable_sort(entries_, std::ranges::greater(), [](const Entry& e) { return e.key.size(); });
}

void Keyring::add(std::string_view config, bool helpers) {
  json::value v;
  try {
    v = json::parse(config);
  } catch (const Error&) {
    fail("it is not JSON");  // what the parser says may quote it
  }
  if (!v.is_object()) fail("it is not a JSON object");
  const json::value* auths = json::find(v, "auths");
  if (auths == nullptr && !helpers) auths = &v;
  if (auths != nullptr && auths->is_object())
    for (const auto& [key, entry] : auths->get_object()) {
      if (!entry.is_object()) continue;
      Login login = read_login(entry, key);
      if (!login.user.empty() || !login.identity_token.empty()) entries_.push_back({normal_key(key), std::move(login)});
    }
  sort();
  // What a cluster's user writes into a secret runs no programs.
  if (!helpers) return;
  for (const auto& [host, program] : json::members(v, "credHelpers"))
    if (program.is_string()) helpers_.push_back({normal_key(host), json::to_string(program.get_string())});
  if (const auto store = json::str(v, "credsStore"); !store.empty()) helpers_.push_back({"", std::string(store)});
}

Keyring Keyring::of_user() {
  std::vector<Path> files;
  if (const std::string named = env("REGISTRY_AUTH_FILE"); !named.empty()) {
    files.emplace_back(named);
  } else {
    if (const std::string folder = env("DOCKER_CONFIG"); !folder.empty()) files.push_back(Path(folder) / "config.json");
    if (const std::string folder = env("XDG_RUNTIME_DIR"); !folder.empty())
      files.push_back(Path(folder) / "containers/auth.json");
    if (const std::string home = env("HOME"); !home.empty()) files.push_back(Path(home) / ".docker/config.json");
  }
  Keyring out;
  for (const Path& file : files) {
    const auto text = try_read_file(file);
    if (!text) continue;
    try {
      out.add(*text, true);
    } catch (const Error& e) {
      fail("{}: {}", file.string(), e.what());
    }
  }
  return out;
}

std::vector<Login> Keyring::find(std::string_view repository) const {
  std::vector<Login> out;
  const std::string host = lower(repository.substr(0, repository.find('/')));
  const auto add = [&](const Helper& helper) {
    const std::string server = host == kDocker ? "https://index.docker.io/v1/" : host;
    for (Login& login : ask_helper(helper.program, server)) out.push_back(std::move(login));
  };
  for (const Entry& entry : entries_)
    if (fits(entry.key, repository)) out.push_back(entry.login);
  if (const auto own = std::ranges::find(helpers_, host, &Helper::host); own != helpers_.end()) {
    try {
      add(*own);
    } catch (const Error&) {
      if (out.empty()) throw;
    }
  }
  if (!out.empty()) return out;
  for (const Helper& helper : helpers_)
    if (helper.host.empty()) add(helper);
  return out;
}

}  // namespace spoke::image
