#include "cluster/node/container.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cerrno>
#include <thread>

#include "base/error.h"
#include "base/log.h"
#include "base/process.h"
#include "base/random.h"
#include "base/strings.h"
#include "cluster/node/sandbox.h"
#include "net/async.h"

namespace spoke::cluster {

namespace asio = boost::asio;

void mount_root(const ContainerFiles& files, const image::Image& image) {
  make_dirs(files.rootfs());
  if (image.layers.empty()) return;
  make_dirs(files.writes());
  make_dirs(files.scratch());
  // All options have to fit in one page: layers are named relative to the folder they share.
  Path shared = image.layers.front().parent_path();
  for (const auto& layer : image.layers) {
    while (!(layer.string() + "/").starts_with(shared.string() + "/") && shared != "/") shared = shared.parent_path();
  }
  std::vector<std::string> lower;
  for (const auto& layer : image.layers) lower.push_back(layer.lexically_relative(shared).string());
  const std::string options = fmt::format("lowerdir={},upperdir={},workdir={}", join(lower, ":"),
                                          files.writes().string(), files.scratch().string());
  if (options.size() >= 4096) fail("image {} has too many layers to mount ({})", image.name, lower.size());
  on_own_thread([&] {
    if (::unshare(CLONE_FS) != 0 || ::chdir(shared.c_str()) != 0) fail_errno("enter " + shared.string());
    if (::mount("overlay", files.rootfs().c_str(), "overlay", 0, options.c_str()) != 0)
      fail_errno("mount the layers of image " + image.name);
  });
}

std::string read_in_image(const ContainerFiles& files, const image::Image& image, const Path& path) {
  Path root = files.rootfs();
  Path rest = path;
  for (const auto& part : image.binds) {  // not mounted yet: that is the runtime's work
    const auto below = path.lexically_relative(part.target);
    if (below.empty() || below.string().starts_with("..")) continue;
    root = part.source;
    rest = below;
  }
  if (rest == ".") return try_read_file(root).value_or("");
  const Fd dir(::open(root.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!dir) return "";
  open_how how{};
  how.flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK;
  how.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS;
  const std::string relative = rest.relative_path().string();
  const Fd file(static_cast<int>(::syscall(SYS_openat2, dir.get(), relative.c_str(), &how, sizeof how)));
  return file ? try_read_file(fmt::format("/proc/self/fd/{}", file.get())).value_or("") : "";
}

void release_root(const ContainerFiles& files) {
  unmount_below(files.dir);
  for (const Path& path : {files.rootfs(), files.writes(), files.scratch(), files.subpaths(), files.alive(),
                           files.control(), files.pid_file(), files.runtime_log(), files.config()})
    std::filesystem::remove_all(path);
}

net::Task<> start_container(std::string executable, ContainerFiles files) {
  std::string error;
  try {
    // What hangs in the runtime for minutes will not come back.
    ProcessOptions options;
    options.timeout = std::chrono::minutes(2);
    const auto result = co_await run_process({std::move(executable), "monitor", files.dir.string()}, options);
    if (result.exit_code == 0 || read_exit(files)) co_return;
    error =
        result.timed_out ? "the container runtime did not answer for two minutes" : std::string(trim(result.output));
    if (error.empty()) error = fmt::format("the container's monitor failed with exit code {}", result.exit_code);
  } catch (const Error& e) {
    error = e.what();
  }
  // Its monitor may be at it still; what begins after this would belong to nobody.
  co_await net::on_worker([files] { end_container(files); });
  Exit exit;
  exit.code = 128;
  exit.start_error = error;
  exit.finished = now();
  write_exit(files, exit);
}

struct RunningContainer::Impl {
  asio::posix::stream_descriptor alive;
  Fd control;
};

RunningContainer::RunningContainer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
RunningContainer::~RunningContainer() = default;

std::unique_ptr<RunningContainer> RunningContainer::attach(net::Executor executor, const ContainerFiles& files) {
  // A FIFO tells whether somebody holds its other end. Unlike a process id it cannot come to mean somebody else.
  Fd alive(::open(files.alive().c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  Fd control(::open(files.control().c_str(), O_WRONLY | O_NONBLOCK | O_CLOEXEC));
  if (!alive || !control) return nullptr;
  return std::unique_ptr<RunningContainer>(new RunningContainer(
      std::make_unique<Impl>(Impl{asio::posix::stream_descriptor(executor, alive.release()), std::move(control)})));
}

net::Task<> RunningContainer::ended() {
  co_await impl_->alive.async_wait(asio::posix::stream_descriptor::wait_read, asio::use_awaitable);
}

net::Task<> RunningContainer::gone() {
  for (;;) {
    char byte = 0;
    const ssize_t n = ::read(impl_->alive.native_handle(), &byte, 1);
    if (n == 0) co_return;
    if (n < 0 && errno != EAGAIN && errno != EINTR) fail_errno("read from a container's monitor");
    if (n < 0) co_await impl_->alive.async_wait(asio::posix::stream_descriptor::wait_read, asio::use_awaitable);
  }
}

void RunningContainer::signal(int number) {
  const auto byte = static_cast<unsigned char>(number);
  if (::write(impl_->control.get(), &byte, 1) != 1 && errno != EPIPE)
    log::warn("a container's monitor took no signal", "signal", number);
}

void end_container(const ContainerFiles& files) {
  const auto patience = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  const unsigned char kill = SIGKILL;
  while (std::chrono::steady_clock::now() < patience) {
    const Fd control(::open(files.control().c_str(), O_WRONLY | O_NONBLOCK | O_CLOEXEC));
    if (!control) break;  // nobody reads there: no monitor
    (void)!::write(control.get(), &kill, 1);
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  // Where the monitor did its work, the runtime knows nothing of the container any more, and says so.
  if (const auto record = read_record(files))
    run({record->runtime, "--root", record->state_dir, "delete", "--force", record->id});
}

net::Task<> clean_up_container(ContainerFiles files) {
  if (const auto record = read_record(files)) {
    ProcessOptions options;
    options.timeout = std::chrono::minutes(1);
    co_await run_process({record->runtime, "--root", record->state_dir, "delete", "--force", record->id}, options);
  }
  if (read_exit(files)) co_return;
  const auto started = read_started(files);
  Exit exit;
  exit.code = 137;
  exit.signal = SIGKILL;
  if (started) exit.started = started->at;
  exit.lost = true;
  exit.finished = now();
  write_exit(files, exit);
}

net::Task<ProcessResult> exec_in_container(ContainerRecord record, std::vector<std::string> argv,
                                           ProcessOptions options) {
  // The runtime's own end would leave the program running inside: past its time it is the program that is killed.
  const std::string pid_file = fmt::format("{}/exec-{}", record.state_dir, random_suffix(10));
  options.interrupt = [pid_file] {
    const auto pid = to_int(trim(try_read_file(pid_file).value_or("")));
    if (pid && *pid > 0) ::kill(static_cast<pid_t>(*pid), SIGKILL);
  };
  std::vector<std::string> all{record.runtime, "--root", record.state_dir, "exec", "--pid-file", pid_file, record.id};
  all.insert(all.end(), argv.begin(), argv.end());
  const auto result = co_await run_process(std::move(all), options);
  ::unlink(pid_file.c_str());
  co_return result;
}

}  // namespace spoke::cluster
