#include "cluster/node/async_process.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cerrno>

#include "base/error.h"
#include "base/files.h"
#include "cluster/node/within.h"

extern char** environ;

namespace spoke::cluster {
namespace {

namespace asio = boost::asio;
using asio::posix::stream_descriptor;

// A started program; killed with its process group where nobody waited for its end.
class Child {
 public:
  Child(const std::vector<std::string>& argv, int output) {
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, output, 1);
    posix_spawn_file_actions_adddup2(&actions, output, 2);
    posix_spawn_file_actions_addclosefrom_np(&actions, 3);  // sockets of the event loop are not closed on exec
    // Asio's sockets are not close-on-exec: one that a long-lived child held would look open after our own end.
    posix_spawn_file_actions_addclosefrom_np(&actions, 3);
    posix_spawnattr_t attributes;
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    sigset_t none;
    sigemptyset(&none);
    posix_spawnattr_setsigmask(&attributes, &none);
    sigset_t pipe;
    sigemptyset(&pipe);
    sigaddset(&pipe, SIGPIPE);
    posix_spawnattr_setsigdefault(&attributes, &pipe);
    std::vector<char*> args;
    for (const auto& arg : argv) args.push_back(const_cast<char*>(arg.c_str()));
    args.push_back(nullptr);
    const int error = ::posix_spawn(&pid_, args[0], &actions, &attributes, args.data(), environ);
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
    if (error != 0) {
      pid_ = 0;
      errno = error;
      fail_errno("run " + argv[0]);
    }
    handle_ = Fd(static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0)));
    if (handle_) return;
    const int reason = errno;
    kill();
    reap();
    errno = reason;
    fail_errno("pidfd_open");
  }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  ~Child() {
    if (pid_ == 0) return;
    kill();
    reap();
  }

  int handle() const { return handle_.get(); }
  void kill() const { ::kill(-pid_, SIGKILL); }
  bool ended() const {
    siginfo_t info{};
    return ::waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid == pid_;
  }
  int reap() {
    int status = 0;
    while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
    }
    pid_ = 0;
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
  }

 private:
  pid_t pid_ = 0;
  Fd handle_;
};

bool read_some(int fd, std::string& text, size_t limit) {
  char buffer[8192];
  for (;;) {
    const ssize_t n = ::read(fd, buffer, sizeof buffer);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return errno == EAGAIN;
    if (n == 0) return false;
    text.append(buffer, std::min(static_cast<size_t>(n), limit - std::min(limit, text.size())));
  }
}

// Both at once, as one thing to wait for.
class Ready {
 public:
  Ready(const net::Executor& executor, int handle, int pipe)
      : epoll_(executor, ::epoll_create1(EPOLL_CLOEXEC)), pipe_(pipe) {
    for (const int fd : {handle, pipe}) {
      epoll_event event{.events = EPOLLIN, .data = {.fd = fd}};
      if (::epoll_ctl(epoll_.native_handle(), EPOLL_CTL_ADD, fd, &event) != 0) fail_errno("epoll_ctl");
    }
  }
  net::Task<> wait() { co_await epoll_.async_wait(stream_descriptor::wait_read, asio::use_awaitable); }
  void drop_pipe() { ::epoll_ctl(epoll_.native_handle(), EPOLL_CTL_DEL, pipe_, nullptr); }

 private:
  stream_descriptor epoll_;
  int pipe_;
};

// Until the program's end. Reads what it says all the while, or it would stand still with a full pipe; that a
// grandchild keeps the pipe open does not matter.
net::Task<bool> follow(const Child& child, const Fd& pipe, std::string& output, size_t limit) {
  Ready ready(co_await asio::this_coro::executor, child.handle(), pipe.get());
  for (;;) {
    co_await ready.wait();
    const bool ended = child.ended();
    if (!read_some(pipe.get(), output, limit)) ready.drop_pipe();
    if (ended) co_return true;
  }
}

}  // namespace

net::Task<ProcessResult> run_process(std::vector<std::string> argv, ProcessOptions options) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) fail_errno("pipe");
  Fd read_end(ends[0]);
  Fd write_end(ends[1]);
  ::fcntl(read_end.get(), F_SETFL, O_NONBLOCK);
  Child child(argv, write_end.get());
  write_end.reset();

  ProcessResult result;
  if (options.timeout.count() == 0) {
    co_await follow(child, read_end, result.output, options.output_limit);
  } else {
    result.timed_out = !co_await within(options.timeout, follow(child, read_end, result.output, options.output_limit));
    if (result.timed_out && options.interrupt) {
      options.interrupt();
      co_await within(std::chrono::seconds(1), follow(child, read_end, result.output, options.output_limit));
    }
    if (result.timed_out) child.kill();
  }
  result.exit_code = child.reap();
  co_return result;
}

}  // namespace spoke::cluster
