#include "cluster/node/pod_machine.h"

#include <algorithm>

namespace spoke::cluster {
namespace {

using State = ContainerSeen::State;

bool active(const ContainerSeen& c) { return c.state == State::Running || c.starting; }

bool terminal(std::string_view phase) { return phase == "Succeeded" || phase == "Failed"; }

// One decision in the making.
class Deciding {
 public:
  Deciding(const kube::Object& pod, const PodSeen& seen, Time now) : pod_(pod), seen_(seen), now_(now) {}

  Decision decide() {
    const auto deadline = std::chrono::seconds(json::num(pod_, "spec.activeDeadlineSeconds"));
    const bool over = ending(pod_, seen_);
    if (!over && deadline.count() > 0) {
      if (now_ < seen_.accepted + deadline) {
        look_again(seen_.accepted + deadline);
      } else {
        decision_.give_up = {"DeadlineExceeded", "Pod was active on the node longer than the specified deadline"};
        return std::move(decision_);
      }
    }
    if (over) {
      end();
    } else if (seen_.setup != PodSeen::Setup::Done) {
      set_up();
    } else if (init_containers_done()) {
      for (const auto& container : json::list(pod_, "spec.containers")) keep(container, false);
    }
    return std::move(decision_);
  }

 private:
  void look_again(Time at) { decision_.again = std::min(at, decision_.again.value_or(at)); }

  void set_up() {
    if (seen_.setup == PodSeen::Setup::UnderWay) return;
    if (seen_.setup_setback && now_ < seen_.setup_setback->retry_at) return look_again(seen_.setup_setback->retry_at);
    decision_.set_up = true;
  }

  // Starts what is not running and should be, stops what is running and should not.
  void keep(const json::value& container, bool init) {
    const auto& c = container_seen(seen_, container);
    if (c.starting) return;
    if (c.state == State::Running) {
      if (!c.unhealthy.empty()) stop(container, c.unhealthy);
      return;
    }
    if (c.state == State::Ended && !restarts(pod_, container, init, *c.ended)) return;
    Time at = c.setback                 ? c.setback->retry_at
              : c.state == State::Ended ? c.restart.next_try(c.ended->finished, now_)
                                        : now_;
    if (now_ < at) {
      // Status shows the error itself for a moment, then that we wait.
      if (c.setback && now_ < c.setback->at + std::chrono::seconds(1))
        at = std::min(at, c.setback->at + std::chrono::seconds(1));
      return look_again(at);
    }
    decision_.start.emplace_back(json::str(container, "name"));
  }

  // Brings the next init container on; true where none stands before the containers.
  bool init_containers_done() {
    const auto began = [this](const json::value& container) {
      const auto& c = container_seen(seen_, container);
      return c.starting || c.state != State::Waiting;
    };
    const bool past = std::ranges::any_of(json::list(pod_, "spec.containers"), began);
    for (const auto& container : json::list(pod_, "spec.initContainers")) {
      const auto& c = container_seen(seen_, container);
      if (is_sidecar(container)) {
        keep(container, true);
        if (!past && !(c.state == State::Running && c.startup_passed)) return false;
      } else if (!past && !(c.state == State::Ended && c.ended->exit_code == 0)) {
        keep(container, true);
        return false;
      }
    }
    return true;
  }

  void stop(const json::value& container, const std::string& why) {
    const auto& c = container_seen(seen_, container);
    if (c.state != State::Running || c.killed) return;
    const std::string name(json::str(container, "name"));
    if (!c.asked_to_end) return decision_.ask_to_end.push_back({name, why});
    const Time deadline = *c.asked_to_end + std::chrono::seconds(grace_of(pod_, seen_, c));
    if (now_ < deadline) return look_again(deadline);
    decision_.kill.push_back(name);
  }

  void end() {
    const auto each = [](const json::value& container) {
      return fmt::format("Stopping container {}", json::str(container, "name"));
    };
    bool left = false;
    const auto stop_one = [&](const json::value& container) {
      if (!active(container_seen(seen_, container))) return;
      left = true;
      stop(container, each(container));
    };
    for (const auto& container : json::list(pod_, "spec.containers")) stop_one(container);
    const auto& init = json::list(pod_, "spec.initContainers");
    for (const auto& container : init) {
      if (!is_sidecar(container)) stop_one(container);
    }
    // Sidecars serve the others to their end; then they go one by one, the last first.
    for (auto container = init.rbegin(); container != init.rend() && !left; ++container) {
      if (is_sidecar(*container)) stop_one(*container);
    }
    if (left || seen_.setup == PodSeen::Setup::UnderWay) return;
    if (!seen_.torn_down) {
      decision_.tear_down = true;
    } else if (seen_.gone || kube::deleting(pod_)) {
      decision_.finish = true;
    }
  }

  const kube::Object& pod_;
  const PodSeen& seen_;
  Time now_;
  Decision decision_;
};

// Whether the containers themselves have come to an end that is one.
bool ran_to_end(const kube::Object& pod, const PodSeen& seen) {
  for (const auto& container : json::list(pod, "spec.initContainers")) {
    const auto& c = container_seen(seen, container);
    if (!is_sidecar(container) && c.state == State::Ended && c.ended->exit_code != 0 &&
        !restarts(pod, container, true, *c.ended))
      return true;
  }
  return std::ranges::all_of(json::list(pod, "spec.containers"), [&](const json::value& container) {
    const auto& c = container_seen(seen, container);
    return c.state == State::Ended && !c.starting && !restarts(pod, container, false, *c.ended);
  });
}

}  // namespace

void BackOff::grow(Time now) {
  delay = delay.count() == 0 || now - used > 2 * longest ? first : std::min(2 * delay, longest);
  used = now;
}

bool is_sidecar(const json::value& init_container) { return json::str(init_container, "restartPolicy") == "Always"; }

bool is_init_container(const kube::Object& pod, std::string_view name) {
  return std::ranges::any_of(json::list(pod, "spec.initContainers"),
                             [&](const auto& c) { return json::str(c, "name") == name; });
}

bool restarts(const kube::Object& pod, const json::value& container, bool init, const Ended& ended) {
  if (init && is_sidecar(container)) return true;
  const auto policy = json::str(pod, "spec.restartPolicy", "Always");
  if (policy == "Never") return false;
  // An init container's success is final under every policy.
  return (policy == "Always" && !init) || ended.exit_code != 0;
}

const ContainerSeen& container_seen(const PodSeen& seen, const json::value& container) {
  static const ContainerSeen none;
  const auto at = seen.containers.find(json::str(container, "name"));
  return at == seen.containers.end() ? none : at->second;
}

long grace_of(const kube::Object& pod, const PodSeen& seen, const ContainerSeen& container) {
  // An object that has gone was deleted without grace: its name may be somebody else's by now.
  if (kube::deleting(pod) || seen.gone) return json::num(pod, "metadata.deletionGracePeriodSeconds");
  if (container.stop_grace) return *container.stop_grace;
  return json::num(pod, "spec.terminationGracePeriodSeconds", 30);
}

bool ending(const kube::Object& pod, const PodSeen& seen) {
  return seen.gone || kube::deleting(pod) || !seen.failure_reason.empty() || terminal(json::str(pod, "status.phase")) ||
         ran_to_end(pod, seen);
}

Decision decide(const kube::Object& pod, const PodSeen& seen, Time now) { return Deciding(pod, seen, now).decide(); }

}  // namespace spoke::cluster
