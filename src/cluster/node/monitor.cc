// The parent of one container: `spoke monitor DIR`, DIR the container's folder (container_files.h).
//
// It starts the container by the OCI runtime, writes its log, sends it signals, and writes down how it ended. It lives
// on when spoke ends, as conmon does for podman, and is one small process a container: no threads, no allocation that
// grows.
//
//   node --- posix_spawn ---> starter --- fork ---> monitor --- runc run --detach ---> container's process
//                                | waits for "started" or an error
//                                v exits
#include <fcntl.h>
#include <malloc.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <vector>

#include "base/error.h"
#include "base/process.h"
#include "base/strings.h"
#include "cluster/node/container_files.h"
#include "cluster/node/log_writer.h"
#include "cluster/node/node.h"
#include "data/json.h"

extern char** environ;

namespace spoke::cluster {
namespace {

constexpr size_t kLogLimit = 10 << 20;

std::pair<Fd, Fd> make_pipe() {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) fail_errno("pipe");
  return {Fd(ends[0]), Fd(ends[1])};
}

Fd open_fifo(const Path& path) {
  if (::mkfifo(path.c_str(), 0600) != 0 && errno != EEXIST) fail_errno("mkfifo " + path.string());
  // For reading and writing: opening never waits for the other side, and its going away is no event.
  Fd fd(::open(path.c_str(), O_RDWR | O_NONBLOCK | O_CLOEXEC));
  if (!fd) fail_errno("open " + path.string());
  return fd;
}

pid_t spawn(const std::vector<std::string>& argv, int out, int err) {
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, out, 1);
  posix_spawn_file_actions_adddup2(&actions, err, 2);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  sigset_t none;
  sigemptyset(&none);
  posix_spawnattr_setsigmask(&attributes, &none);  // a container must not inherit what we block and ignore
  sigset_t pipe;
  sigemptyset(&pipe);
  sigaddset(&pipe, SIGPIPE);
  posix_spawnattr_setsigdefault(&attributes, &pipe);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  pid_t pid = 0;
  const int error = ::posix_spawn(&pid, argv[0].c_str(), &actions, &attributes, c_strings(argv).data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  posix_spawnattr_destroy(&attributes);
  if (error != 0) {
    errno = error;
    fail_errno("run " + argv[0]);
  }
  return pid;
}

// What the runtime wrote to its log last, a JSON document a line: the reason of its failure.
std::string runtime_error(const Path& runtime_log, int exit_code) {
  std::string message;
  for (const auto& line : split(try_read_file(runtime_log).value_or(""), '\n')) {
    try {
      const auto entry = json::parse(line);
      if (json::str(entry, "level") == "error") message = json::str(entry, "msg");
    } catch (const json::ParseError&) {
    }
  }
  return message.empty() ? fmt::format("the container runtime failed with exit code {}", exit_code) : message;
}

class Monitor {
 public:
  explicit Monitor(Path dir)
      : files_{std::move(dir)}, log_(files_.log(), files_.rotated_log(), kLogLimit), out_("stdout"), err_("stderr") {
    const auto record = read_record(files_);
    if (!record) fail("{} is not there or cannot be read", files_.record().string());
    record_ = *record;
  }

  // `report` gets the error that kept the container from starting, or nothing; it is closed when that is known.
  void run(Fd& report) {
    alive_ = open_fifo(files_.alive());
    control_ = open_fifo(files_.control());
    sigset_t child;
    sigemptyset(&child);
    sigaddset(&child, SIGCHLD);
    ::sigprocmask(SIG_BLOCK, &child, nullptr);
    signals_ = Fd(::signalfd(-1, &child, SFD_CLOEXEC | SFD_NONBLOCK));
    if (!signals_) fail_errno("signalfd");
    ::prctl(PR_SET_CHILD_SUBREAPER, 1);

    if (!start()) {
      write_exit(files_, exit_);
      ::unlink(files_.log().c_str());  // it holds the runtime's complaint, not the container's words
      throw Error(exit_.start_error);
    }
    report.reset();
    ::malloc_trim(0);
    while (init_ != 0) turn();
    finish();
  }

 private:
  bool start() {
    auto [out_read, out_write] = make_pipe();
    auto [err_read, err_write] = make_pipe();
    stdout_ = std::move(out_read);
    stderr_ = std::move(err_read);
    for (const int fd : {stdout_.get(), stderr_.get()}) ::fcntl(fd, F_SETFL, O_NONBLOCK);
    runtime_ = spawn(
        {record_.runtime, "--root", record_.state_dir, "--log", files_.runtime_log().string(), "--log-format", "json",
         "run", "--detach", "--bundle", files_.dir.string(), "--pid-file", files_.pid_file().string(), record_.id},
        out_write.get(), err_write.get());
    out_write.reset();
    err_write.reset();
    while (runtime_ != 0)
      turn();  // the output is read meanwhile: a program that begins by saying much must not block it
    if (runtime_status_ != 0) {
      exit_.code = 128;
      exit_.start_error = runtime_error(files_.runtime_log(), runtime_status_);
      exit_.finished = now();
      return false;
    }
    init_ = static_cast<pid_t>(to_int(trim(read_file(files_.pid_file()))).value_or(0));
    exit_.started = now();
    write_started(files_, {init_, *exit_.started});
    // It may have ended, and have been reaped, before its id was known.
    for (const auto& [pid, status] : reaped_) {
      if (pid == init_) ended(status);
    }
    reaped_.clear();
    return true;
  }

  // Waits for something to happen and deals with it.
  void turn() {
    pollfd fds[4] = {{signals_.get(), POLLIN, 0},
                     {control_.get(), POLLIN, 0},
                     {stdout_.get(), POLLIN, 0},
                     {stderr_.get(), POLLIN, 0}};
    if (::poll(fds, 4, -1) < 0 && errno != EINTR) fail_errno("poll");
    if (fds[2].revents != 0) copy(stdout_, out_);
    if (fds[3].revents != 0) copy(stderr_, err_);
    if (fds[1].revents != 0) send_signals();
    if (fds[0].revents != 0) reap();
  }

  // False where there is nothing more for now.
  bool copy(Fd& from, LogStream& stream) {
    if (!from) return false;
    const ssize_t n = ::read(from.get(), buffer_, sizeof buffer_);
    if (n < 0) return false;
    lines_.clear();
    if (n == 0) {
      from.reset();
      stream.end(now(), lines_);
    } else {
      stream.write({buffer_, static_cast<size_t>(n)}, now(), lines_);
    }
    log_.write(lines_);
    return n > 0;
  }

  void send_signals() {
    unsigned char signal = 0;
    while (::read(control_.get(), &signal, 1) == 1) {
      if (init_ != 0) ::kill(init_, signal);
    }
  }

  void reap() {
    signalfd_siginfo info;
    while (::read(signals_.get(), &info, sizeof info) > 0) {
    }
    int status = 0;
    for (pid_t pid; (pid = ::waitpid(-1, &status, WNOHANG)) > 0;) {
      if (pid == runtime_) {
        runtime_ = 0;
        runtime_status_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
      } else if (init_ == 0) {
        reaped_.emplace_back(pid, status);
      } else if (pid == init_) {
        ended(status);
      }
    }
  }

  void ended(int status) {
    init_ = 0;
    exit_.finished = now();
    exit_.signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    exit_.code = exit_.signal != 0 ? 128 + exit_.signal : WEXITSTATUS(status);
  }

  bool was_oom_killed() const {
    if (record_.oom_counter.empty()) return false;
    for (const auto& line : split(try_read_file(record_.oom_counter).value_or(""), '\n')) {
      if (line.starts_with("oom_kill ")) return to_int(trim(std::string_view(line).substr(9))).value_or(0) > 0;
    }
    return false;
  }

  void finish() {
    // Its last words are in the pipes. Something of another process id namespace may still hold them: no waiting.
    while (copy(stdout_, out_) || copy(stderr_, err_)) {
    }
    lines_.clear();
    out_.end(now(), lines_);
    err_.end(now(), lines_);
    log_.write(lines_);
    exit_.oom_killed = exit_.code != 0 && was_oom_killed();
    write_exit(files_, exit_);
    (void)!::write(alive_.get(), "x", 1);
    // --force also ends what the container left behind outside of a process id namespace of its own.
    const Fd null(::open("/dev/null", O_RDWR | O_CLOEXEC));
    const pid_t pid =
        spawn({record_.runtime, "--root", record_.state_dir, "delete", "--force", record_.id}, null.get(), null.get());
    int status = 0;
    while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
    }
  }

  ContainerFiles files_;
  ContainerRecord record_;
  LogFile log_;
  LogStream out_, err_;
  Fd alive_, control_, signals_, stdout_, stderr_;
  pid_t runtime_ = 0;
  int runtime_status_ = 0;
  pid_t init_ = 0;
  std::vector<std::pair<pid_t, int>> reaped_;  // before the container's process id was known
  Exit exit_;
  std::string lines_;
  char buffer_[16 << 10];
};

int monitor(const Path& dir, Fd report) {
  ::setsid();
  ::signal(SIGPIPE, SIG_IGN);
  const Fd null(::open("/dev/null", O_RDWR | O_CLOEXEC));
  for (const int fd : {0, 1, 2}) ::dup2(null.get(), fd);
  ::prctl(PR_SET_NAME, "spoke-monitor");
  try {
    Monitor(dir).run(report);
    return 0;
  } catch (const std::exception& e) {
    // Where the container runs already, the report is closed and nobody waits for it: the node sees `alive` close.
    const std::string_view why = e.what();
    if (report) (void)!::write(report.get(), why.data(), why.size());
    return 1;
  }
}

}  // namespace

int monitor_main(int argc, char** argv) {
  if (argc < 2) return 2;
  ::close_range(3, ~0U, 0);  // a listening socket that came by inheritance would stay open as long as the container
  const Path dir = argv[argc - 1];
  auto [report_read, report_write] = make_pipe();
  const pid_t pid = ::fork();
  if (pid < 0) fail_errno("fork");
  if (pid == 0) {
    report_read.reset();
    ::_exit(monitor(dir, std::move(report_write)));
  }
  report_write.reset();
  std::string error;
  char buffer[4096];
  for (ssize_t n; (n = ::read(report_read.get(), buffer, sizeof buffer)) > 0;)
    error.append(buffer, static_cast<size_t>(n));
  if (!error.empty()) fmt::print(stderr, "{}\n", error);
  return error.empty() ? 0 : 1;
}

}  // namespace spoke::cluster
