// A container's life: probes while it runs, hooks before it is stopped, and what is left of it.
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>

#include "base/log.h"
#include "base/strings.h"
#include "base/utf8.h"
#include "cluster/node/log_reader.h"
#include "cluster/node/pod_worker.h"
#include "cluster/node/probes.h"

namespace spoke::cluster {
namespace {

constexpr size_t kLongestMessage =
    4096;  // of a termination message (kubelet/container.MaxContainerTerminationMessageLength)
constexpr size_t kLongestLogTail = 2048;  // of one taken from the log
constexpr size_t kLogTailLines = 80;

// The container may have written any amount, of anything.
std::string head_of(const Path& file, size_t limit) {
  const Fd fd(::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  std::string text(limit, '\0');
  const ssize_t n = fd ? ::read(fd.get(), text.data(), text.size()) : 0;
  text.resize(n > 0 ? static_cast<size_t>(n) : 0);
  return text;
}

std::string termination_message(const json::value& spec, const ContainerFiles& files, const Exit& exit) {
  std::string message = head_of(files.termination_log(), kLongestMessage);
  if (message.empty() && exit.code != 0 && json::str(spec, "terminationMessagePolicy") == "FallbackToLogsOnError")
    message = log_tail(files, kLogTailLines, kLongestLogTail);
  return valid_utf8(message, kLongestMessage);
}

std::string reason_of(const Exit& exit) {
  if (exit.lost) return "ContainerStatusUnknown";
  if (!exit.start_error.empty()) return "StartError";
  if (exit.oom_killed) return "OOMKilled";
  return exit.code == 0 ? "Completed" : "Error";
}

const char* probe_member(const std::string& kind) {
  return kind == "Startup" ? "startupProbe" : kind == "Liveness" ? "livenessProbe" : "readinessProbe";
}

}  // namespace

bool PodWorker::is_live(const std::string& name, const LivePtr& live) const {
  const auto at = live_.find(name);
  return at != live_.end() && at->second == live;
}

net::Task<> PodWorker::follow(std::string name, LivePtr live) {
  const Clearing clearing(*this);
  if (live->running) co_await live->running->ended();
  if (!read_exit(live->files)) {
    log::warn("a container's monitor has died", "pod", kube::key(pod_), "container", name);
    try {
      co_await clean_up_container(live->files);
    } catch (const std::exception& e) {  // without a record of its end it counts as lost
      if (net::is_cancelled(e)) throw;
      log::warn("what a container left could not be cleared away", "pod", kube::key(pod_), "error", e.what());
    }
  }
  live_.erase(name);
  ended(name, live->files);
  if (live->running) co_await live->running->gone();
  const int newest = seen_.containers[name].restarts;
  co_await net::on_worker([files = live->files, all = dir_.containers() / name, newest] {
    release_root(files);
    // The log of the attempt before is kept (kubectl logs --previous), those of older ones are not.
    for (int old = newest - 2; old >= 0 && std::filesystem::remove_all(all / std::to_string(old)) > 0; --old) {
    }
  });
}

void PodWorker::ended(const std::string& name, const ContainerFiles& files) {
  ContainerSeen& c = seen_.containers[name];
  const auto exit = read_exit(files);
  const auto record = read_record(files);
  const auto* spec = find_container(pod_, name);
  Ended e;
  if (record) e.container_id = record->id;
  if (exit) {
    e.exit_code = exit->code;
    e.signal = exit->signal;
    e.reason = reason_of(*exit);
    e.message = valid_utf8(exit->start_error, kLongestMessage);
    if (e.message.empty() && spec != nullptr) e.message = termination_message(*spec, files, *exit);
    e.started = exit->started;
    e.finished = exit->finished;
  } else {
    e.exit_code = 137;
    e.reason = "ContainerStatusUnknown";
    e.finished = now();
  }
  // Of a shell, the signal that ended it is told by the exit code alone, as the runtimes' events have it.
  e.signal = 0;
  c.state = ContainerSeen::State::Ended;
  c.ended = std::move(e);
  c.ready = c.startup_passed = false;
  if (spec != nullptr && !ending(pod_, seen_) && restarts(pod_, *spec, is_init_container(pod_, name), *c.ended) &&
      c.restart.next_try(c.ended->finished, now()) > now())
    warning("BackOff", fmt::format("Back-off restarting failed container {} in pod {}_{}({})", name, kube::name(pod_),
                                   kube::ns(pod_), kube::uid(pod_)));
  wake_.notify();
}

void PodWorker::watch_over(const std::string& name) {
  const auto at = live_.find(name);
  if (at == live_.end()) return;
  ContainerSeen& c = seen_.containers[name];
  const json::value& spec = at->second->spec;
  if (!c.startup_passed && json::find(spec, "startupProbe") != nullptr) {
    spawn("startup probe", probe(name, "Startup"));
  } else {
    c.startup_passed = true;
    if (json::find(spec, "livenessProbe") != nullptr) spawn("liveness probe", probe(name, "Liveness"));
    if (json::find(spec, "readinessProbe") != nullptr) {
      spawn("readiness probe", probe(name, "Readiness"));
    } else {
      c.ready = true;
    }
  }
  wake_.notify();
}

net::Task<> PodWorker::probe(std::string name, std::string kind) {
  const auto at = live_.find(name);
  if (at == live_.end()) co_return;
  const LivePtr live = at->second;
  const json::value& probe = *json::find(live->spec, probe_member(kind));
  const ProbeTimes times = probe_times(probe);
  ProbeVerdict verdict(times);
  if (kind == "Readiness" && seen_.containers[name].ready) verdict.count(true);  // it was when we took it up
  const auto since_start = now() - seen_.containers[name].started;
  if (since_start < times.initial_delay) co_await net::sleep_for(times.initial_delay - since_start);
  while (is_live(name, live)) {
    const ProbeResult result = co_await ask(probe, {live->record, live->spec, seen_.ip}, times.timeout);
    if (!is_live(name, live)) co_return;
    if (!result.success) warning("Unhealthy", fmt::format("{} probe failed: {}", kind, result.message));
    if (const auto news = verdict.count(result.success)) {
      ContainerSeen& c = seen_.containers[name];
      wake_.notify();
      if (kind == "Readiness") {
        c.ready = *news;
      } else if (!*news) {
        c.unhealthy = fmt::format("Container {} failed {} probe, will be restarted", name, lower(kind));
        if (const auto* grace = json::find(probe, "terminationGracePeriodSeconds"))
          c.stop_grace = grace->to_number<long>();
        co_return;
      } else if (kind == "Startup") {
        c.startup_passed = true;
        watch_over(name);
        co_return;
      }
    }
    co_await net::sleep_for(times.period);
  }
}

net::Task<> PodWorker::ask_to_end(std::string name, std::string why) {
  const auto at = live_.find(name);
  if (at == live_.end()) co_return;
  const LivePtr live = at->second;
  normal("Killing", why);
  const long grace = grace_of(pod_, seen_, seen_.containers[name]);
  if (const auto* hook = json::find(live->spec, "lifecycle.preStop"); hook != nullptr && grace > 0) {
    const auto result = co_await ask(*hook, {live->record, live->spec, seen_.ip}, std::chrono::seconds(grace));
    if (!result.success) warning("FailedPreStopHook", "PreStopHook failed");
  }
  if (is_live(name, live) && live->running) live->running->signal(SIGTERM);
}

}  // namespace spoke::cluster
