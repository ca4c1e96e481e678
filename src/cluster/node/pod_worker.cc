#include "cluster/node/pod_worker.h"

#include <signal.h>

#include <algorithm>

#include "base/log.h"
#include "cluster/node/pod_status.h"
#include "net/http.h"

namespace spoke::cluster {
namespace {

// Keeps the worker alive for as long as something runs for it.
net::Task<> hold(std::shared_ptr<PodWorker>, net::Task<> task) { co_await std::move(task); }

bool owned_by_node(const json::value& condition) {
  const auto type = json::str(condition, "type");
  return type == "PodReadyToStartContainers" || type == "Initialized" || type == "Ready" || type == "ContainersReady";
}

bool terminal(const kube::Object& pod) {
  const auto phase = json::str(pod, "status.phase");
  return phase == "Succeeded" || phase == "Failed";
}

}  // namespace

PodWorker::PodWorker(NodeContext& node, kube::Object pod, std::optional<PodRecord> record)
    : node_(node),
      pod_(std::move(pod)),
      dir_(node.dir_of(kube::uid(pod_))),
      record_(std::move(record)),
      wake_(node.executor) {
  seen_.accepted = record_ ? record_->accepted : parse_rfc3339(json::str(pod_, "status.startTime")).value_or(now());
  final_ = terminal(pod_);
  for (const char* list : {"spec.initContainers", "spec.containers"}) {
    for (const auto& container : json::list(pod_, list)) seen_.containers[std::string(json::str(container, "name"))];
  }
}

void PodWorker::update(kube::Object pod) {
  // The API may not have our latest status yet: ours counts, but for the conditions that others set.
  if (const auto* ours = json::find(pod_, "status"); ours != nullptr && !written_.is_null()) {
    json::array conditions;
    for (const auto& condition : json::list(pod, "status.conditions")) {
      if (!owned_by_node(condition)) conditions.push_back(condition);
    }
    for (const auto& condition : json::list(*ours, "conditions")) {
      if (owned_by_node(condition)) conditions.push_back(condition);
    }
    json::set(pod, "status", *ours);
    json::set(pod, "status.conditions", std::move(conditions));
  }
  pod_ = std::move(pod);
  for (const auto& [name, live] : live_) {
    const auto* spec = find_container(pod_, name);
    if (spec != nullptr && json::str(*spec, "image") != json::str(live->spec, "image"))
      seen_.containers[name].unhealthy = fmt::format("Container {} definition changed, will be restarted", name);
  }
  if (ending(pod_, seen_)) *unwanted_ = true;
  wake_.notify();
}

void PodWorker::removed() {
  seen_.gone = true;
  *unwanted_ = true;
  wake_.notify();
}

void PodWorker::spawn(const std::string& what, net::Task<> task) {
  node_.scope.spawn(fmt::format("{} of pod {}", what, kube::key(pod_)), hold(shared_from_this(), std::move(task)));
}

net::Task<> PodWorker::run() {
  if (record_) {
    resume(*std::exchange(record_, std::nullopt));
  } else {
    for (const char* list : {"spec.initContainers", "spec.containers"}) {
      for (const auto& container : json::list(pod_, list)) recall(container);
    }
  }
  for (;;) {
    const Decision decision = decide(pod_, seen_, now());
    if (decision.give_up) {
      seen_.failure_reason = decision.give_up->reason;
      seen_.failure_message = decision.give_up->message;
      continue;
    }
    act(decision);
    const bool written = co_await write_status();
    if (decision.finish && written && clearing_ == 0 && co_await finish()) co_return;
    std::optional<Time> again = decision.again;
    if (!written || decision.finish) again = std::min(again.value_or(Time::max()), now() + std::chrono::seconds(1));
    if (again) {
      co_await wake_.wait_for(std::max(*again - now(), Duration(0)));
    } else {
      co_await wake_.wait();
    }
  }
}

void PodWorker::act(const Decision& decision) {
  if (decision.set_up) {
    seen_.setup = PodSeen::Setup::UnderWay;
    spawn("setup", set_up());
  }
  for (const auto& name : decision.start) {
    seen_.containers[name].starting = true;
    spawn("start", start(name));
  }
  for (const auto& ask : decision.ask_to_end) {
    seen_.containers[ask.container].asked_to_end = now();
    spawn("stop", ask_to_end(ask.container, ask.why));
    wake_.notify();  // without grace it is killed at once
  }
  for (const auto& name : decision.kill) {
    seen_.containers[name].killed = true;
    const auto live = live_.find(name);
    if (live != live_.end() && live->second->running) live->second->running->signal(SIGKILL);
  }
  if (decision.tear_down) {
    seen_.setup = PodSeen::Setup::UnderWay;
    spawn("removal", tear_down());
  }
}

// False where it has to be tried again.
net::Task<bool> PodWorker::write_status() {
  if (final_ || seen_.gone) co_return true;
  json::value status = pod_status(pod_, seen_, node_.host_ip, now());
  json::set(pod_, "status", status);
  if (status == written_) co_return true;
  json::value body = json::object{{"metadata", json::object{{"uid", kube::uid(pod_)}}}, {"status", status}};
  client::PatchOptions options;
  options.subresource = "status";
  const std::string ns(kube::ns(pod_));  // pod_ may be another by the time this is sent
  const std::string name(kube::name(pod_));
  try {
    co_await node_.api.patch(client::resources::pods, ns, name, client::PatchType::Merge, std::move(body), options);
    written_ = std::move(status);
    co_return true;
  } catch (const kube::StatusError& e) {
    // Not this pod any more: the watch will say so.
    if (e.is("NotFound") || e.is("Conflict")) co_return true;
    log::warn("a pod's status could not be written", "pod", kube::key(pod_), "error", e.what());
  } catch (const std::exception& e) {  // a lost connection, a full disk
    if (net::is_cancelled(e)) throw;
    log::warn("a pod's status could not be written", "pod", kube::key(pod_), "error", e.what());
  }
  co_return false;
}

// False where it has to be tried again.
net::Task<bool> PodWorker::finish() {
  if (!seen_.gone) {
    client::DeleteOptions options;
    options.grace_period_seconds = 0;
    options.uid = kube::uid(pod_);
    const std::string ns(kube::ns(pod_));
    const std::string name(kube::name(pod_));
    try {
      co_await node_.api.remove(client::resources::pods, ns, name, options);
    } catch (const kube::StatusError& e) {
      if (!e.is("NotFound") && !e.is("Conflict")) {
        log::warn("a pod could not be deleted", "pod", kube::key(pod_), "error", e.what());
        co_return false;
      }
    } catch (const std::exception& e) {
      if (net::is_cancelled(e)) throw;
      log::warn("a pod could not be deleted", "pod", kube::key(pod_), "error", e.what());
      co_return false;
    }
  }
  try {
    co_await net::on_worker([dir = dir_.dir] {
      unmount_below(dir);
      std::filesystem::remove_all(dir);
    });
  } catch (const std::exception& e) {
    if (net::is_cancelled(e)) throw;
    log::warn("a pod's folder could not be removed", "pod", kube::key(pod_), "error", e.what());
  }
  co_return true;
}

void PodWorker::normal(std::string_view reason, const std::string& message) {
  node_.events.record(pod_, client::EventType::Normal, reason, message);
}

void PodWorker::warning(std::string_view reason, const std::string& message) {
  node_.events.record(pod_, client::EventType::Warning, reason, message);
}

}  // namespace spoke::cluster
