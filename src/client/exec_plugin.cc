#include "client/exec_plugin.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "base/process.h"

extern char** environ;

namespace spoke::client {
namespace {

constexpr std::string_view kV1 = "client.authentication.k8s.io/v1";
constexpr std::string_view kV1beta1 = "client.authentication.k8s.io/v1beta1";
constexpr std::string_view kExtension = "client.authentication.k8s.io/exec";  // a cluster's extension for plug-ins

std::string read_to_end(int fd) {
  std::string out;
  char buffer[4096];
  for (;;) {
    const ssize_t n = ::read(fd, buffer, sizeof buffer);
    if (n > 0) out.append(buffer, static_cast<size_t>(n));
    if (n == 0 || (n < 0 && errno != EINTR)) return out;
  }
}

// Standard output of the program and its wait status.
std::pair<std::string, int> run_with(const std::vector<std::string>& argv, const std::vector<std::string>& env,
                                     bool interactive) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) fail_errno("pipe");
  const Fd from(ends[0]);
  Fd to(ends[1]);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, to.get(), 1);
  if (!interactive) posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addclosefrom_np(&actions, 3);
  pid_t pid = 0;
  const int error =
      ::posix_spawn(&pid, argv[0].c_str(), &actions, nullptr, c_strings(argv).data(), c_strings(env).data());
  posix_spawn_file_actions_destroy(&actions);
  if (error != 0) {
    errno = error;
    fail_errno("run " + argv[0]);
  }
  to.reset();
  std::string output = read_to_end(from.get());
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  return {std::move(output), status};
}

}  // namespace

ExecPlugin parse_exec_plugin(const json::value& exec, const json::value& cluster) {
  ExecPlugin out;
  out.api_version = json::str(exec, "apiVersion");
  out.command = json::str(exec, "command");
  out.install_hint = json::str(exec, "installHint");
  out.interactive_mode = json::str(exec, "interactiveMode");
  if (out.command.empty()) fail("the user's exec entry names no command");
  if (out.api_version != kV1 && out.api_version != kV1beta1)
    fail("exec plug-in {}: apiVersion is \"{}\"; {} and {} are known", out.command, out.api_version, kV1, kV1beta1);
  if (out.interactive_mode.empty()) {
    if (out.api_version == kV1) fail("exec plug-in {}: interactiveMode must be set with {}", out.command, kV1);
    out.interactive_mode = "IfAvailable";
  }
  if (out.interactive_mode != "Never" && out.interactive_mode != "IfAvailable" && out.interactive_mode != "Always")
    fail("exec plug-in {}: interactiveMode is \"{}\"; it is one of Never, IfAvailable, Always", out.command,
         out.interactive_mode);
  for (const auto& arg : json::list(exec, "args"))
    if (arg.is_string()) out.args.push_back(json::to_string(arg.get_string()));
  for (const auto& variable : json::list(exec, "env"))
    out.env.push_back(std::string(json::str(variable, "name")) + "=" + std::string(json::str(variable, "value")));

  if (json::flag(exec, "provideClusterInfo")) {
    json::object info;
    for (const char* member : {"server", "tls-server-name", "insecure-skip-tls-verify", "certificate-authority-data"})
      if (const json::value* value = json::find(cluster, member)) info[member] = *value;
    for (const auto& extension : json::list(cluster, "extensions"))
      if (json::str(extension, "name") == kExtension)
        if (const json::value* config = json::find(extension, "extension")) info["config"] = *config;
    out.cluster = std::move(info);
  }
  return out;
}

std::string exec_info(const ExecPlugin& plugin, bool interactive) {
  json::object spec{{"interactive", interactive}};
  if (plugin.cluster.is_object()) spec["cluster"] = plugin.cluster;
  return json::dump(
      json::object{{"kind", "ExecCredential"}, {"apiVersion", plugin.api_version}, {"spec", std::move(spec)}});
}

Credential parse_exec_credential(const ExecPlugin& plugin, std::string_view output) {
  json::value v;
  try {
    v = json::parse(output);
  } catch (const json::ParseError& e) {
    fail("exec plug-in {}: what it wrote is {}", plugin.command, e.what());
  }
  if (json::str(v, "kind") != "ExecCredential")
    fail("exec plug-in {}: what it wrote is no ExecCredential", plugin.command);
  if (json::str(v, "apiVersion") != plugin.api_version)
    fail("exec plug-in {}: it answered with apiVersion \"{}\", the kubeconfig asks for {}", plugin.command,
         json::str(v, "apiVersion"), plugin.api_version);
  Credential out;
  out.bearer_token = json::str(v, "status.token");
  out.client_cert_pem = json::str(v, "status.clientCertificateData");
  out.client_key_pem = json::str(v, "status.clientKeyData");
  if (out.client_cert_pem.empty() != out.client_key_pem.empty())
    fail("exec plug-in {}: it gave a client certificate without its key, or a key without its certificate",
         plugin.command);
  if (out.bearer_token.empty() && out.client_cert_pem.empty())
    fail("exec plug-in {}: it gave neither a token nor a client certificate", plugin.command);
  if (const auto text = json::str(v, "status.expirationTimestamp"); !text.empty()) {
    out.expires = parse_rfc3339(text);
    if (!out.expires) fail("exec plug-in {}: expirationTimestamp \"{}\" is no time", plugin.command, text);
  }
  return out;
}

Credential run_exec_plugin(const ExecPlugin& plugin) {
  const bool interactive = plugin.interactive_mode != "Never" && ::isatty(STDIN_FILENO) == 1;
  if (plugin.interactive_mode == "Always" && !interactive)
    fail("exec plug-in {} must be run on a terminal (interactiveMode: Always), and this is none", plugin.command);
  const std::string program = find_program(plugin.command);
  if (program.empty())
    fail("exec plug-in {}, which the kubeconfig's user needs, is not installed or not on PATH{}", plugin.command,
         plugin.install_hint.empty() ? "" : ": " + plugin.install_hint);

  std::vector<std::string> argv{program};
  argv.insert(argv.end(), plugin.args.begin(), plugin.args.end());
  // The last of a name counts for getenv() in some libraries, the first in others: a name is there once.
  std::vector<std::string> env = plugin.env;
  env.push_back("KUBERNETES_EXEC_INFO=" + exec_info(plugin, interactive));
  const size_t own = env.size();
  for (char** variable = environ; *variable != nullptr; ++variable) {
    const std::string_view text(*variable);
    const std::string_view name = text.substr(0, text.find('=') + 1);
    bool overridden = false;
    for (size_t i = 0; i < own; ++i) overridden = overridden || env[i].starts_with(name);
    if (!overridden) env.emplace_back(text);
  }

  const auto [output, status] = run_with(argv, env, interactive);
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
    fail("exec plug-in {} failed {}; it may say why above", plugin.command,
         WIFEXITED(status) ? fmt::format("with exit code {}", WEXITSTATUS(status))
                           : fmt::format("by signal {}", WTERMSIG(status)));
  return parse_exec_credential(plugin, output);
}

}  // namespace spoke::client
