#include "cluster/node/teardown.h"

#include <csignal>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include "base/log.h"
#include "cluster/node/container.h"
#include "cluster/node/pod_dir.h"
#include "cluster/node/pod_record.h"
#include "cluster/node/sandbox.h"
#include "net/async.h"

namespace spoke::cluster {

using net::Task;

namespace {

std::vector<Path> folders(const Path& dir) {
  std::vector<Path> out;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(dir, error))
    if (entry.is_directory(error)) out.push_back(entry.path());
  return out;
}

Task<> end_container(ContainerFiles files) {
  if (const auto running = RunningContainer::attach(co_await net::this_executor(), files)) {
    running->signal(SIGKILL);
    co_await running->gone();
  } else {
    co_await clean_up_container(files);
  }
}

Task<> end_pod(const NodeOptions& options, PodDir pod) {
  for (const auto& container : folders(pod.containers()))
    for (const auto& attempt : folders(container)) co_await end_container({attempt});
  Sandbox box;
  box.dir = pod.namespaces();
  box.bridge = options.bridge;
  if (const auto record = read_record(pod)) {
    box.address = record->ip;
    box.host_network = record->ip == 0;
  }
  remove_sandbox(box);
  unmount_below(pod.dir);
  std::filesystem::remove_all(pod.dir);
}

Task<> end_all(const NodeOptions& options) {
  for (const auto& dir : folders(options.data_dir / "pods")) {
    try {
      co_await end_pod(options, {dir});
    } catch (const std::exception& e) {
      log::warn("cannot clear a pod away", "folder", dir.string(), "error", e.what());
    }
  }
}

}  // namespace

void remove_all_pods(const NodeOptions& options) {
  boost::asio::io_context loop(1);
  std::exception_ptr failure;
  boost::asio::co_spawn(loop, end_all(options), [&](const std::exception_ptr& e) {
    failure = e;
    loop.stop();
  });
  loop.run();
  if (failure) std::rethrow_exception(failure);
}

}  // namespace spoke::cluster
