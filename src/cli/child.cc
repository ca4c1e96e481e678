#include "cli/child.h"

#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/use_awaitable.hpp>
#include <cerrno>
#include <cstring>
#include <memory>

#include "base/error.h"
#include "base/process.h"
#include "net/async.h"
#include "net/scope.h"

extern char** environ;

namespace spoke::cli {
namespace {

std::vector<std::string> environment_with(const std::vector<std::pair<std::string, std::string>>& variables) {
  std::vector<std::string> all;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view text = *entry;
    const bool replaced = std::ranges::any_of(
        variables, [&](const auto& variable) { return text.substr(0, text.find('=')) == variable.first; });
    if (!replaced) all.emplace_back(text);
  }
  for (const auto& [name, value] : variables) all.push_back(name + "=" + value);
  return all;
}

pid_t start(const std::vector<std::string>& argv, const std::vector<std::string>& environment) {
  ::signal(SIGCHLD, SIG_DFL);  // where it came to us ignored, nobody could wait for a child
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addclosefrom_np(&actions, 3);  // Asio's sockets are not close-on-exec
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  sigset_t changed;
  sigemptyset(&changed);
  sigaddset(&changed, SIGPIPE);
  posix_spawnattr_setsigdefault(&attributes, &changed);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF);
  pid_t pid = 0;
  const int error = ::posix_spawnp(&pid, argv[0].c_str(), &actions, &attributes, c_strings(argv).data(),
                                   c_strings(environment).data());
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  if (error != 0) fail("cannot run {}: {}", argv[0], std::strerror(error));
  return pid;
}

int wait_for(pid_t pid) {
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0)
    if (errno != EINTR) fail_errno("waitpid");
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

net::Task<> hand_on(boost::asio::signal_set& signals, pid_t pid) {
  for (;;)
    if (co_await signals.async_wait(boost::asio::use_awaitable) == SIGTERM) ::kill(pid, SIGTERM);
}

}  // namespace

net::Task<int> run_child(std::vector<std::string> argv, std::vector<std::pair<std::string, std::string>> variables,
                         boost::asio::signal_set& signals) {
  const pid_t pid = start(argv, environment_with(variables));
  net::Scope scope(co_await net::this_executor());
  scope.spawn("signals", hand_on(signals, pid));
  co_return co_await scope.during(net::on_worker([pid] { return wait_for(pid); }));
}

}  // namespace spoke::cli
