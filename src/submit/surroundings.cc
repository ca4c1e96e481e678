#include "submit/surroundings.h"

#include <pwd.h>
#include <unistd.h>

#include <cstdlib>
#include <utility>
#include <vector>

#include "base/process.h"
#include "base/strings.h"
#include "spark/uris.h"

extern char** environ;

namespace spoke::submit {
namespace {

void take_in(spark::Properties& env, std::string_view entry) {
  if (const auto at = entry.find('='); at != std::string_view::npos && at > 0)
    env[std::string(entry.substr(0, at))] = entry.substr(at + 1);
}

// The variables that a shell has after the script, which may be any program text: bash is asked.
void source(spark::Properties& env, const Path& script) {
  std::vector<std::string> entries;  // not as words of a command, which everybody could read
  for (const auto& [name, value] : env) entries.push_back(fmt::format("{}={}", name, value));
  const Finished done = run({"bash", "-c", "set -a; . \"$1\" >&2; env -0", "bash", script.string()}, "", entries);
  if (done.exit_code != 0) fail("{} ended with exit code {}: {}", script.string(), done.exit_code, trim(done.errors));
  for (const auto& entry : split(done.output, '\0')) take_in(env, entry);
}

// UserGroupInformation's, for a Hadoop without Kerberos.
std::string user_name(const spark::Properties& env) {
  for (const auto variable : {"HADOOP_PROXY_USER", "HADOOP_USER_NAME"})
    if (const auto it = env.find(variable); it != env.end() && !it->second.empty()) return it->second;
  if (const passwd* user = ::getpwuid(::geteuid()); user != nullptr && user->pw_name != nullptr) return user->pw_name;
  return std::to_string(::geteuid());
}

}  // namespace

std::optional<std::string> Surroundings::variable(std::string_view name) const {
  const auto it = env.find(name);
  return it == env.end() ? std::nullopt : std::optional(it->second);
}

std::optional<Path> Surroundings::spark_home() const {
  const auto home = variable("SPARK_HOME");
  return home && !home->empty() ? std::optional<Path>(path_of(*home)) : std::nullopt;
}

std::optional<Path> Surroundings::conf_dir() const {
  if (const auto dir = variable("SPARK_CONF_DIR"); dir && !dir->empty()) return path_of(*dir);
  if (const auto home = spark_home()) return *home / "conf";
  return std::nullopt;
}

Path Surroundings::path_of(std::string_view uri) const { return Path(folder) / spark::local_path(uri); }

Surroundings surroundings(spark::Properties env, std::string folder) {
  Surroundings around;
  around.env = std::move(env);
  around.folder = std::move(folder);
  if (const auto dir = around.conf_dir(); dir && !around.env.contains("SPARK_ENV_LOADED")) {
    std::error_code ignored;
    const Path script = *dir / around.variable("SPARK_ENV_SH").value_or("spark-env.sh");
    if (std::filesystem::is_regular_file(script, ignored)) source(around.env, script);
  }
  around.user = user_name(around.env);
  return around;
}

Surroundings look_around() {
  spark::Properties env;
  for (char** entry = environ; *entry != nullptr; ++entry) take_in(env, *entry);
  const spark::Properties before = env;
  Surroundings around = surroundings(std::move(env), std::filesystem::current_path().string());
  // What spark-env.sh sets counts for the way to the cluster too (KUBECONFIG, proxies), and for what is run.
  for (const auto& [name, value] : around.env)
    if (const auto it = before.find(name); it == before.end() || it->second != value)
      ::setenv(name.c_str(), value.c_str(), 1);
  return around;
}

}  // namespace spoke::submit
