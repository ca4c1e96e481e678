// Writing contexts, beside kubectl and kind, which lock the file in the same way.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "base/strings.h"
#include "client/kubeconfig.h"
#include "data/yaml.h"

namespace spoke::client {
namespace {

// client-go's clientcmd makes `config.lock` and gives up where it is there; we wait for a moment.
class FileLock {
 public:
  explicit FileLock(const Path& file) : path_(file.string() + ".lock") {
    for (int tries = 0;; ++tries) {
      fd_ = Fd(::open(path_.c_str(), O_CREAT | O_EXCL | O_CLOEXEC, 0600));
      if (fd_) return;
      if (errno != EEXIST) fail_errno("create " + path_.string());
      if (tries == 100)
        fail("{} is locked by another program; remove {} if none is running", file.string(), path_.string());
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
    }
  }
  ~FileLock() { ::unlink(path_.c_str()); }
  FileLock(const FileLock&) = delete;
  FileLock& operator=(const FileLock&) = delete;

 private:
  Path path_;
  Fd fd_;
};

// What a link points to: replacing the link itself would cut the user's own file off.
Path behind_links(const Path& file) {
  std::error_code error;
  Path real = std::filesystem::canonical(file, error);
  return error ? file : real;
}

json::value read_config(const Path& file) {
  std::error_code error;
  if (!std::filesystem::exists(file, error) && !error) return json::object();
  const std::string text = read_file(file);
  std::vector<json::value> documents;
  try {
    documents = yaml::parse_all(text);
  } catch (const Error& e) {
    fail("{} is no kubeconfig: {}", file.string(), e.what());
  }
  if (documents.empty()) return json::object();
  if (documents.size() > 1 || !documents[0].is_object())
    fail("{} is no kubeconfig: it must hold one YAML object", file.string());
  return std::move(documents[0]);
}

// Who called sudo, where somebody did.
std::optional<std::pair<uid_t, gid_t>> sudo_user() {
  const char *uid = std::getenv("SUDO_UID"), *gid = std::getenv("SUDO_GID");
  if (::geteuid() != 0 || uid == nullptr || gid == nullptr) return std::nullopt;
  const auto user = to_int(uid), group = to_int(gid);
  if (!user || !group) return std::nullopt;
  return std::pair(static_cast<uid_t>(*user), static_cast<gid_t>(*group));
}

void give(const Path& path, uid_t user, gid_t group) {
  if (user != ::geteuid() && ::chown(path.c_str(), user, group) != 0) fail_errno("chown " + path.string());
}

// Keeps mode and owner: `sudo spoke up` must not take the file away from the user, nor make one that is not theirs.
void write_config(const Path& file, const json::value& config) {
  struct stat before{};
  const bool there = ::stat(file.c_str(), &before) == 0;
  write_file(file, yaml::dump(config), there ? before.st_mode & 07777 : 0600);
  if (there)
    give(file, before.st_uid, before.st_gid);
  else if (const auto user = sudo_user())
    give(file, user->first, user->second);
}

void erase_entry(json::value& config, std::string_view list, const std::string& name) {
  json::value* found = json::find(config, list);
  if (found == nullptr || !found->is_array()) return;
  auto& entries = found->get_array();
  entries.erase(std::remove_if(entries.begin(), entries.end(),
                               [&](const json::value& entry) { return json::str(entry, "name") == name; }),
                entries.end());
}

void put_entry(json::value& config, std::string_view list, const std::string& name, const char* member,
               json::object content) {
  auto& entries = json::make_array(config, list);
  for (auto& entry : entries) {
    if (json::str(entry, "name") != name) continue;
    entry.get_object()[member] = std::move(content);
    return;
  }
  entries.push_back(json::object{{"name", name}, {member, std::move(content)}});
}

}  // namespace

void add_context(const Path& file, const NewContext& context) {
  const Path real = behind_links(file);
  const bool new_folder = !std::filesystem::exists(real.parent_path());
  make_dirs(real.parent_path(), 0750);
  if (const auto user = sudo_user(); user && new_folder) give(real.parent_path(), user->first, user->second);
  const FileLock lock(real);
  json::value config = read_config(real);
  auto& members = config.get_object();
  if (!members.contains("apiVersion")) members["apiVersion"] = "v1";
  if (!members.contains("kind")) members["kind"] = "Config";
  put_entry(config, "clusters", context.name, "cluster",
            json::object{{"server", context.server}, {"certificate-authority-data", base64(context.ca_pem)}});
  put_entry(config, "users", context.name, "user", json::object{{"token", context.token}});
  put_entry(config, "contexts", context.name, "context",
            json::object{{"cluster", context.name}, {"user", context.name}});
  members["current-context"] = context.name;
  write_config(real, config);
}

void remove_context(const Path& file, const std::string& name) {
  const Path real = behind_links(file);
  std::error_code error;
  if (!std::filesystem::exists(real, error)) return;
  const FileLock lock(real);
  json::value config = read_config(real);
  const json::value before = config;
  for (const char* list : {"clusters", "users", "contexts"}) erase_entry(config, list, name);
  if (json::str(config, "current-context") == name) config.get_object()["current-context"] = "";
  if (config != before) write_config(real, config);
}

}  // namespace spoke::client
