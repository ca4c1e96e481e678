#include "base/process.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <utility>

#include "base/error.h"
#include "base/files.h"
#include "base/strings.h"

extern char** environ;

namespace spoke {
namespace {

std::pair<Fd, Fd> make_pipe() {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) fail_errno("pipe");
  return {Fd(ends[0]), Fd(ends[1])};
}

// A program may end, or close its input, before it has read all: that is no reason for this one to die of SIGPIPE.
ssize_t write_without_signal(int fd, std::string_view data) {
  sigset_t pipe, before;
  sigemptyset(&pipe);
  sigaddset(&pipe, SIGPIPE);
  ::pthread_sigmask(SIG_BLOCK, &pipe, &before);
  const ssize_t n = ::write(fd, data.data(), data.size());
  const int error = errno;
  if (n < 0 && error == EPIPE) {
    const timespec now{};
    while (::sigtimedwait(&pipe, nullptr, &now) < 0 && errno == EINTR) {
    }
  }
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  errno = error;
  return n;
}

}  // namespace

std::vector<char*> c_strings(const std::vector<std::string>& words) {
  std::vector<char*> out;
  for (const auto& word : words) out.push_back(const_cast<char*>(word.c_str()));
  out.push_back(nullptr);
  return out;
}

std::string find_program(const std::string& name) {
  if (name.find('/') != std::string::npos) return ::access(name.c_str(), X_OK) == 0 ? name : "";
  const char* path = std::getenv("PATH");
  for (const auto& dir : split(std::string(path != nullptr ? path : "") + ":/usr/local/sbin:/usr/sbin:/sbin", ':')) {
    if (dir.empty()) continue;
    const std::string candidate = dir + "/" + name;
    if (::access(candidate.c_str(), X_OK) == 0 && !std::filesystem::is_directory(candidate)) return candidate;
  }
  return "";
}

Finished run(const std::vector<std::string>& argv, const std::string& input,
             const std::optional<std::vector<std::string>>& environment) {
  const std::string program = find_program(argv.at(0));
  if (program.empty()) fail("{} is not installed or not on PATH", argv[0]);
  auto [in_read, in_write] = make_pipe();
  auto [out_read, out_write] = make_pipe();
  auto [err_read, err_write] = make_pipe();

  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, in_read.get(), 0);
  posix_spawn_file_actions_adddup2(&actions, out_write.get(), 1);
  posix_spawn_file_actions_adddup2(&actions, err_write.get(), 2);
  // Asio's sockets are not close-on-exec: one that a long-lived child held would look open after our own end.
  posix_spawn_file_actions_addclosefrom_np(&actions, 3);
  std::vector<char*> args = c_strings(argv);
  std::vector<char*> entries = environment ? c_strings(*environment) : std::vector<char*>();
  pid_t pid = 0;
  const int error =
      ::posix_spawn(&pid, program.c_str(), &actions, nullptr, args.data(), environment ? entries.data() : environ);
  posix_spawn_file_actions_destroy(&actions);
  if (error != 0) {
    errno = error;
    fail_errno("run " + program);
  }
  in_read.reset();
  out_write.reset();
  err_write.reset();

  Finished result;
  std::string_view rest = input;
  if (rest.empty()) in_write.reset();
  ::fcntl(in_write.get(), F_SETFL, O_NONBLOCK);
  while (out_read || err_read) {
    pollfd fds[3] = {{out_read.get(), POLLIN, 0}, {err_read.get(), POLLIN, 0}, {in_write.get(), POLLOUT, 0}};
    if (::poll(fds, 3, -1) < 0 && errno != EINTR) fail_errno("poll");
    char buffer[16384];
    for (auto& [end, text, events] : {std::tuple<Fd&, std::string&, short>{out_read, result.output, fds[0].revents},
                                      std::tuple<Fd&, std::string&, short>{err_read, result.errors, fds[1].revents}}) {
      if (!end || (events & (POLLIN | POLLHUP | POLLERR)) == 0) continue;
      const ssize_t n = ::read(end.get(), buffer, sizeof buffer);
      if (n > 0) text.append(buffer, static_cast<size_t>(n));
      if (n == 0 || (n < 0 && errno != EINTR && errno != EAGAIN)) end.reset();
    }
    if (in_write && (fds[2].revents & (POLLOUT | POLLERR | POLLHUP)) != 0) {
      const ssize_t n = write_without_signal(in_write.get(), rest);
      if (n > 0) rest.remove_prefix(static_cast<size_t>(n));
      if (rest.empty() || (n < 0 && errno != EINTR && errno != EAGAIN)) in_write.reset();
    }
  }
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  result.exit_code = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
  return result;
}

std::string run_or_fail(const std::vector<std::string>& argv, const std::string& input) {
  Finished done = run(argv, input);
  if (done.exit_code != 0) {
    const std::string_view said = trim(done.errors.empty() ? done.output : done.errors);
    fail("{} failed with exit code {}: {}", join(argv, " "), done.exit_code, said);
  }
  return std::move(done.output);
}

std::string shell_quoted(std::string_view text) {
  std::string out = "'";
  for (const char c : text) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out + "'";
}

}  // namespace spoke
