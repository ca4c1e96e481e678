// A pod that an earlier process began with: its containers, which their monitors have kept running, and those that
// ended meanwhile.
#include <algorithm>
#include <vector>

#include "base/log.h"
#include "base/strings.h"
#include "base/time.h"
#include "cluster/node/pod_worker.h"

namespace spoke::cluster {
namespace {

// The numbers of a container's attempts, ascending.
std::vector<int> attempts(const Path& dir) {
  std::vector<int> out;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(dir, error)) {
    if (const auto number = to_int(entry.path().filename().string())) out.push_back(static_cast<int>(*number));
  }
  std::ranges::sort(out);
  return out;
}

// What our last status said of the container.
const json::value* told(const kube::Object& pod, std::string_view name) {
  for (const char* list : {"status.initContainerStatuses", "status.containerStatuses"}) {
    for (const auto& status : json::list(pod, list)) {
      if (json::str(status, "name") == name) return &status;
    }
  }
  return nullptr;
}

// A terminated state of a status as what it was made of.
Ended ended_of(const json::value& terminated) {
  Ended e;
  const auto id = json::str(terminated, "containerID");
  e.container_id = id.substr(std::min(id.size(), id.find("://") == std::string_view::npos ? 0 : id.find("://") + 3));
  e.exit_code = static_cast<int>(json::num(terminated, "exitCode"));
  e.reason = json::str(terminated, "reason");
  e.message = json::str(terminated, "message");
  e.started = parse_rfc3339(json::str(terminated, "startedAt"));
  e.finished = parse_rfc3339(json::str(terminated, "finishedAt")).value_or(now());
  return e;
}

}  // namespace

void PodWorker::recall(const json::value& spec) {
  const auto* before = told(pod_, json::str(spec, "name"));
  if (before == nullptr || json::str(*before, "containerID").empty()) return;
  ContainerSeen& c = seen_.containers[std::string(json::str(spec, "name"))];
  c.state = ContainerSeen::State::Ended;
  c.restarts = static_cast<int>(json::num(*before, "restartCount"));
  c.image = json::str(*before, "image");
  c.image_id = json::str(*before, "imageID");
  const auto* last = json::find(*before, "lastState.terminated");
  if (const auto* end = json::find(*before, "state.terminated")) {
    c.ended = ended_of(*end);
    if (last != nullptr) c.last = ended_of(*last);
  } else if (json::find(*before, "state.waiting") != nullptr && last != nullptr) {
    c.ended = ended_of(*last);
  } else {
    c.ended = Ended{"",
                    137,
                    0,
                    "ContainerStatusUnknown",
                    "The container could not be located when the node started",
                    parse_rfc3339(json::str(*before, "state.running.startedAt")),
                    now()};
  }
  c.id = c.ended->container_id;
}

void PodWorker::resume(const PodRecord& record) {
  recorded_ = true;
  ip_ = record.ip;
  const Sandbox box = sandbox();
  if (sandbox_stands(box) && std::filesystem::exists(dir_.resolv_conf())) {
    seen_.setup = PodSeen::Setup::Done;
    seen_.ip = box.host_network ? node_.host_ip : format_ipv4(ip_);
  }
  for (const char* list : {"spec.initContainers", "spec.containers"}) {
    for (const auto& spec : json::list(pod_, list)) resume_container(spec);
  }
}

void PodWorker::resume_container(const json::value& spec) {
  const std::string name(json::str(spec, "name"));
  ContainerSeen& c = seen_.containers[name];
  auto numbers = attempts(dir_.containers() / name);
  // One that was being prepared, and never ran.
  while (!numbers.empty()) {
    const ContainerFiles newest{dir_.attempt(name, numbers.back())};
    if (RunningContainer::attach(node_.executor, newest) || read_started(newest) || read_exit(newest)) break;
    c.starting = true;
    spawn("clearing", clear_lost_attempt(name, newest));
    numbers.pop_back();
  }
  if (numbers.empty()) return recall(spec);

  c.restarts = numbers.back();
  for (int i = 0; i < c.restarts; ++i) c.restart.grow(now());
  if (numbers.size() > 1) {
    ended(name, {dir_.attempt(name, numbers[numbers.size() - 2])});
    c.last = std::exchange(c.ended, std::nullopt);
  }
  auto live = std::make_shared<Live>();
  live->files.dir = dir_.attempt(name, c.restarts);
  live->record = read_record(live->files).value_or(ContainerRecord{});
  live->spec = spec;
  c.id = live->record.id;
  c.image = json::str(spec, "image");
  c.image_id = live->record.image_id;
  c.user = live->record.user;
  live->running = RunningContainer::attach(node_.executor, live->files);
  const auto started = read_started(live->files);
  c.started = started ? started->at : now();
  if (!live->running && read_exit(live->files)) {
    ended(name, live->files);
    spawn("clearing", follow(name, live));
    return;
  }
  c.state = ContainerSeen::State::Running;
  if (const auto* before = told(pod_, name)) {
    c.startup_passed = json::flag(*before, "started");
    c.ready = json::flag(*before, "ready");
  }
  live_[name] = live;
  spawn("container " + name, follow(name, live));
  watch_over(name);
}

net::Task<> PodWorker::clear_attempt(ContainerFiles files) {
  const Clearing clearing(*this);
  if (read_record(files)) co_await clean_up_container(files);
  co_await net::on_worker([files] {
    unmount_below(files.dir);
    std::filesystem::remove_all(files.dir);
  });
}

// Until then the container is not started again, which would be in the same folder.
net::Task<> PodWorker::clear_lost_attempt(std::string name, ContainerFiles files) {
  try {
    co_await clear_attempt(std::move(files));
  } catch (const std::exception& e) {
    if (net::is_cancelled(e)) throw;
    log::warn("what a container left could not be cleared away", "pod", kube::key(pod_), "error", e.what());
  }
  seen_.containers[name].starting = false;
  wake_.notify();
}

}  // namespace spoke::cluster
