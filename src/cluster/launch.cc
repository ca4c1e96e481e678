#include "cluster/launch.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <thread>

#include "base/error.h"
#include "base/log.h"
#include "base/strings.h"
#include "base/time.h"
#include "cluster/node/node.h"
#include "data/json.h"
#include "net/http_client.h"

extern char** environ;

namespace spoke::cluster {

namespace {

// What the child writes when it is ready; anything else is why it is not.
constexpr std::string_view kReady = "ready\n";

bool locked(const Paths& paths) {
  const Fd fd(::open(paths.lock().c_str(), O_RDWR | O_CLOEXEC));
  if (!fd) return false;
  if (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) return true;
  ::flock(fd.get(), LOCK_UN);
  return false;
}

std::vector<std::string> arguments(const ClusterOptions& options, const std::string& executable, int ready_fd) {
  std::vector<std::string> args{executable,
                                "up",
                                "--foreground",
                                "--ready-fd",
                                std::to_string(ready_fd),
                                "--port",
                                std::to_string(options.port),
                                "--data",
                                options.paths.root.string()};
  for (const auto& [name, target] : options.aliases) {
    args.emplace_back("--image-alias");
    args.push_back(name + "=" + target);
  }
  for (const auto& home : options.spark_homes) {
    args.emplace_back("--spark-home");
    args.push_back(home.string());
  }
  for (const auto& [server, mirrors] : options.registries.mirrors)
    for (const auto& mirror : mirrors) {
      args.emplace_back("--registry-mirror");
      args.push_back(server + "=" + mirror);
    }
  for (const auto& server : options.registries.insecure) {
    args.emplace_back("--insecure-registry");
    args.push_back(server);
  }
  if (!options.node) args.emplace_back("--no-node");
  if (!options.spark_operator) args.emplace_back("--no-operator");
  return args;
}

std::string read_all(int fd) {
  std::string text;
  char buffer[4096];
  for (;;) {
    const ssize_t n = ::read(fd, buffer, sizeof buffer);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return text;
    text.append(buffer, static_cast<size_t>(n));
    if (text.ends_with('\n')) return text;
  }
}

// What the process wrote down of itself, while its lock is held.
std::optional<Running> recorded(const Paths& paths) {
  if (!locked(paths)) return std::nullopt;
  const auto text = try_read_file(paths.state());
  if (!text) return std::nullopt;
  try {
    const json::value state = json::parse(*text);
    return Running{static_cast<int>(json::num(state, "pid")), static_cast<std::uint16_t>(json::num(state, "port")),
                   std::string(json::str(state, "since"))};
  } catch (const Error&) {
    return std::nullopt;
  }
}

// Whether it serves. A process that was killed may hold its lock and its sockets for a while, but says nothing any
// more.
bool answers(const Running& running, const Paths& paths) {
  const auto ca = try_read_file(paths.keys() / "ca.crt");
  if (!ca) return false;
  boost::asio::io_context loop(1);
  net::ClientOptions options;
  options.host = "127.0.0.1";
  options.port = std::to_string(running.port);
  options.ca_pem = *ca;
  options.connect_timeout = options.request_timeout = std::chrono::milliseconds(3000);
  net::HttpClient client(loop.get_executor(), options);
  bool good = false;
  const auto ask = [](net::HttpClient& c, bool& answered) -> net::Task<> {
    answered = (co_await c.send({"GET", "/readyz", {}, {}, ""})).status == 200;
  };
  boost::asio::co_spawn(loop, ask(client, good), boost::asio::detached_t());
  try {
    loop.run();
  } catch (const std::exception&) {
    return false;
  }
  return good;
}

}  // namespace

std::optional<Running> running(const Paths& paths) {
  auto found = recorded(paths);
  if (found && answers(*found, paths)) return found;
  // Killed, and not quite gone: nobody else may begin before it has let go of its data.
  for (int i = 0; found && i < 150 && locked(paths); ++i) std::this_thread::sleep_for(std::chrono::milliseconds(20));
  return std::nullopt;
}

Running launch(const ClusterOptions& options, const std::string& executable) {
  make_dirs(options.paths.root, 0700);
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) fail_errno("pipe");
  const Fd read_end(ends[0]);
  Fd write_end(ends[1]);

  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  constexpr int kReadyFd = 3;
  posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&actions, 1, options.paths.log().c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
  posix_spawn_file_actions_adddup2(&actions, 1, 2);
  posix_spawn_file_actions_adddup2(&actions, write_end.get(), kReadyFd);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSID);
  const auto args = arguments(options, executable, kReadyFd);
  std::vector<char*> argv;
  for (const auto& arg : args) argv.push_back(const_cast<char*>(arg.c_str()));
  argv.push_back(nullptr);
  pid_t pid = 0;
  // dup2 onto the same number would leave it closed at exec.
  if (write_end.get() == kReadyFd) write_end = Fd(::fcntl(write_end.release(), F_DUPFD_CLOEXEC, 10));
  const int error = ::posix_spawn(&pid, executable.c_str(), &actions, &attributes, argv.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  posix_spawnattr_destroy(&attributes);
  if (error != 0) {
    errno = error;
    fail_errno("start " + executable);
  }
  write_end.reset();
  const std::string said = read_all(read_end.get());
  if (said != kReady) {
    ::kill(pid, SIGKILL);
    ::waitpid(pid, nullptr, 0);
    if (said.empty())
      fail("the cluster ended before it was ready: its last words are in {}", options.paths.log().string());
    throw Error(std::string(trim(said)));
  }
  const auto found = running(options.paths);
  if (!found) fail("the cluster ended as soon as it was ready: its last words are in {}", options.paths.log().string());
  return *found;
}

void run_launched(const ClusterOptions& options, int ready_fd) {
  const auto tell = [ready_fd](std::string_view text) {
    if (ready_fd < 0) return;
    if (::write(ready_fd, text.data(), text.size()) < 0) log::warn("the one who started us has gone");
    ::close(ready_fd);
  };
  if (ready_fd >= 0) ::fcntl(ready_fd, F_SETFD, FD_CLOEXEC);
  bool told = false;
  try {
    run_cluster(options, [&] {
      write_file(
          options.paths.state(),
          json::dump(json::object{{"pid", ::getpid()}, {"port", options.port}, {"since", rfc3339(now())}}) + "\n",
          0600);
      told = true;
      tell(kReady);
    });
  } catch (const std::exception& e) {
    log::error("the cluster ended", "error", e.what());
    if (!told) tell(std::string(e.what()) + "\n");
    throw;
  }
}

bool stop(const Paths& paths, bool keep_data) {
  bool did = false;
  if (locked(paths)) {
    did = true;
    const auto pid = to_int(trim(try_read_file(paths.lock()).value_or("")));
    const auto ended_by = [&](int signal, int tries) {
      if (pid && *pid > 1) ::kill(static_cast<pid_t>(*pid), signal);
      for (int i = 0; i < tries && locked(paths); ++i) std::this_thread::sleep_for(std::chrono::milliseconds(20));
      return !locked(paths);
    };
    // Never delete below one that runs.
    if (!ended_by(SIGTERM, 500) && !ended_by(SIGKILL, 100))
      fail("the cluster with its data in {} does not end; end its process and try again", paths.root.string());
  }
  // Pods outlive the process; `down` ends them.
  NodeOptions node;
  node.data_dir = paths.node();
  did = std::filesystem::exists(paths.node()) || std::filesystem::exists(paths.database()) || did;
  remove_pods(node);
  if (::geteuid() == 0) tear_down_network(node);
  if (keep_data) return did;
  for (const char* suffix : {"", "-wal", "-shm"}) std::filesystem::remove(paths.database().string() + suffix);
  std::filesystem::remove_all(paths.node());
  std::filesystem::remove_all(paths.keys());
  for (const Path& file : {paths.state(), paths.kubeconfig(), paths.log(), paths.lock()}) std::filesystem::remove(file);
  std::error_code not_empty;  // images stay for the next time
  std::filesystem::remove(paths.root, not_empty);
  return did;
}

}  // namespace spoke::cluster
