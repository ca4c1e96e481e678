#include "cluster/node/pod_status.h"

#include <algorithm>
#include <array>

#include "base/strings.h"
#include "cluster/node/resources.h"

namespace spoke::cluster {
namespace {

using State = ContainerSeen::State;

constexpr std::string_view kIdPrefix = "spoke://";
constexpr std::string_view kNeverStarted = "1970-01-01T00:00:00Z";

std::string full_id(const std::string& id) { return id.empty() ? "" : std::string(kIdPrefix) + id; }

std::string pod_words(const kube::Object& pod) {
  return fmt::format("{}_{}({})", kube::name(pod), kube::ns(pod), kube::uid(pod));
}

json::object terminated(const Ended& e) {
  json::object out{{"exitCode", e.exit_code},
                   {"reason", e.reason},
                   {"startedAt", e.started ? rfc3339(*e.started) : std::string(kNeverStarted)},
                   {"finishedAt", rfc3339(e.finished)}};
  if (e.signal != 0) out["signal"] = e.signal;
  if (!e.message.empty()) out["message"] = e.message;
  if (!e.container_id.empty()) out["containerID"] = full_id(e.container_id);
  return json::object{{"terminated", out}};
}

json::object waiting(std::string_view reason, std::string_view message = "") {
  json::object out{{"reason", reason}};
  if (!message.empty()) out["message"] = message;
  return json::object{{"waiting", out}};
}

// A failed pull shows itself for a moment, then that we wait for the next try.
json::object waiting_after(const Setback& s, std::string_view image, Time now) {
  if (s.reason == "ErrImagePull" && now >= s.at + std::chrono::seconds(1))
    return waiting("ImagePullBackOff",
                   fmt::format("Back-off pulling image \"{}\": ErrImagePull: {}", image, s.message));
  return waiting(s.reason, s.message);
}

class Composing {
 public:
  Composing(const kube::Object& pod, const PodSeen& seen, Time now)
      : pod_(pod), seen_(seen), now_(now), over_(ending(pod, seen)) {}

  json::value compose(const std::string& host_ip) {
    json::array init;
    for (const auto& container : json::list(pod_, "spec.initContainers")) init.push_back(status_of(container, true));
    json::array main;
    for (const auto& container : json::list(pod_, "spec.containers")) main.push_back(status_of(container, false));
    std::ranges::sort(main, {}, [](const json::value& c) { return std::string(json::str(c, "name")); });
    const std::string phase = phase_of(init, main);

    json::object out{{"phase", phase}};
    if (const auto* generation = json::find(pod_, "metadata.generation")) out["observedGeneration"] = *generation;
    out["conditions"] = conditions(phase, init, main);
    out["hostIP"] = host_ip;
    out["hostIPs"] = json::array{json::object{{"ip", host_ip}}};
    if (!seen_.ip.empty()) {
      out["podIP"] = seen_.ip;
      out["podIPs"] = json::array{json::object{{"ip", seen_.ip}}};
    }
    out["startTime"] = rfc3339(seen_.accepted);
    out["qosClass"] = qos_class(pod_);
    if (!init.empty()) out["initContainerStatuses"] = std::move(init);
    out["containerStatuses"] = std::move(main);
    if (!seen_.failure_reason.empty()) {
      out["reason"] = seen_.failure_reason;
      out["message"] = seen_.failure_message;
    }
    return out;
  }

 private:
  json::object state_of(const json::value& container, const ContainerSeen& c, bool init, json::object& last) const {
    if (c.last) last = terminated(*c.last);
    if (c.state == State::Running) return {{"running", json::object{{"startedAt", rfc3339(c.started)}}}};
    if (c.state == State::Ended) {
      const bool again = !over_ && restarts(pod_, container, init, *c.ended);
      const Time at = c.restart.next_try(c.ended->finished, now_);
      if (again && c.setback) {
        last = terminated(*c.ended);
        return waiting_after(*c.setback, json::str(container, "image"), now_);
      }
      if (again && now_ < at) {
        last = terminated(*c.ended);
        return waiting("CrashLoopBackOff",
                       fmt::format("back-off {} restarting failed container={} pod={}", go_duration(c.restart.delay),
                                   json::str(container, "name"), pod_words(pod_)));
      }
      return terminated(*c.ended);
    }
    // A pod that is over has only containers that ended; of one that never ran there is nothing else to say.
    if (over_ && !init && initialized() && !something_runs())
      return {{"terminated", json::object{{"exitCode", 137},
                                          {"reason", "ContainerStatusUnknown"},
                                          {"message", "The container could not be located when the pod was terminated"},
                                          {"startedAt", nullptr},
                                          {"finishedAt", nullptr}}}};
    if (c.setback) return waiting_after(*c.setback, json::str(container, "image"), now_);
    return waiting(json::list(pod_, "spec.initContainers").empty() ? "ContainerCreating" : "PodInitializing");
  }

  // "10s", "1m20s", "5m0s": Go's Duration.
  static std::string go_duration(Duration d) {
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(d).count();
    return seconds < 60 ? fmt::format("{}s", seconds) : fmt::format("{}m{}s", seconds / 60, seconds % 60);
  }

  json::value status_of(const json::value& container, bool init) const {
    const auto& c = container_seen(seen_, container);
    json::object last;
    json::object state = state_of(container, c, init, last);
    const bool running = c.state == State::Running;
    const bool done = init && c.state == State::Ended && c.ended->exit_code == 0 && !is_sidecar(container);
    json::object out{{"name", json::str(container, "name")},
                     {"state", std::move(state)},
                     {"lastState", std::move(last)},
                     {"ready", done || (running && c.ready && !(init && !is_sidecar(container)))},
                     {"restartCount", c.restarts},
                     {"image", c.image.empty() ? std::string(json::str(container, "image")) : c.image},
                     {"imageID", c.image_id},
                     {"started", running && c.startup_passed}};
    if (!c.id.empty()) out["containerID"] = full_id(c.id);
    return out;
  }

  // getPhase of the kubelet, over the states that are shown. A phase that is final is not told while anything runs.
  std::string phase_of(const json::array& init, const json::array& main) const {
    std::string before(json::str(pod_, "status.phase", "Pending"));
    if (before == "Succeeded" || before == "Failed") return before;
    const std::string phase = phase_by_states(init, main);
    const bool final = phase == "Succeeded" || phase == "Failed";
    if (something_runs()) return final ? before : phase;
    return over_ && !final ? "Failed" : phase;
  }

  std::string phase_by_states(const json::array& init, const json::array& main) const {
    size_t pending = 0;
    size_t failed_init = 0;
    size_t waits = 0;
    size_t runs = 0;
    size_t stopped = 0;
    size_t succeeded = 0;
    size_t i = 0;
    for (const auto& spec : json::list(pod_, "spec.initContainers")) {
      const json::value& c = init[i++];
      const bool running = json::find(c, "state.running") != nullptr;
      const auto* end = last_end(c);
      if (is_sidecar(spec)) {
        runs += running ? 1 : 0;
        waits += !running && end == nullptr ? 1 : 0;
        pending += (running && !json::flag(c, "started")) || (!running && end == nullptr) ? 1 : 0;
      } else {
        pending += end == nullptr ? 1 : 0;
        failed_init += end != nullptr && json::num(*end, "exitCode") != 0 ? 1 : 0;
      }
    }
    for (const auto& c : main) {
      const auto* end = last_end(c);
      if (json::find(c, "state.running") != nullptr) {
        ++runs;
      } else if (end != nullptr) {
        ++stopped;
        succeeded += json::find(c, "state.terminated.exitCode") != nullptr && json::num(*end, "exitCode") == 0 ? 1 : 0;
      } else {
        ++waits;
      }
    }
    const auto policy = json::str(pod_, "spec.restartPolicy", "Always");
    if (failed_init > 0 && policy == "Never") return "Failed";
    if ((pending > 0 && !initialized_before(main)) || waits > 0) return "Pending";
    if (runs > 0) return "Running";
    if (stopped == 0) return "Pending";
    if (!over_ && policy == "Always") return "Running";
    if (stopped == succeeded) return !seen_.failure_reason.empty() ? "Failed" : "Succeeded";
    return over_ || policy == "Never" ? "Failed" : "Running";
  }

  // How a container ended: just now, or the last time before it waits to be started again.
  static const json::value* last_end(const json::value& c) {
    if (const auto* t = json::find(c, "state.terminated")) return t;
    return json::find(c, "state.waiting") != nullptr ? json::find(c, "lastState.terminated") : nullptr;
  }

  static bool initialized_before(const json::array& main) {
    return std::ranges::any_of(
        main, [](const auto& c) { return json::find(c, "state.running") != nullptr || last_end(c) != nullptr; });
  }

  bool something_runs() const {
    return std::ranges::any_of(seen_.containers,
                               [](const auto& c) { return c.second.state == State::Running || c.second.starting; });
  }

  // Whether init containers are no longer in the way of the others.
  bool initialized() const {
    const auto& init = json::list(pod_, "spec.initContainers");
    if (init.empty()) return true;
    const auto done = [&](const json::value& container) {
      const auto& c = container_seen(seen_, container);
      return is_sidecar(container) ? c.startup_passed : c.state == State::Ended && c.ended->exit_code == 0;
    };
    return std::ranges::all_of(init, done) ||
           std::ranges::any_of(json::list(pod_, "spec.containers"),
                               [&](const auto& c) { return container_seen(seen_, c).state != State::Waiting; });
  }

  json::array conditions(const std::string& phase, const json::array& init, const json::array& main) const {
    const bool finished = phase == "Succeeded" || phase == "Failed";
    const std::string_view finished_reason = phase == "Succeeded" ? "PodCompleted" : "PodFailed";
    kube::Object scratch = json::object{};
    json::set(scratch, "status.conditions", json::array(json::list(pod_, "status.conditions")));
    const std::string now = rfc3339(now_);
    const auto set = [&](std::string_view type, bool is, std::string_view reason, std::string_view message) {
      kube::set_condition(scratch, type, is ? "True" : "False", reason, message, now);
    };
    set("PodReadyToStartContainers", seen_.setup == PodSeen::Setup::Done && !seen_.torn_down && !finished, "", "");

    std::vector<std::string> incomplete;
    std::vector<std::string> unready;
    for (const auto& c : main) {
      if (!json::flag(c, "ready")) unready.emplace_back(json::str(c, "name"));
    }
    size_t i = 0;
    for (const auto& spec : json::list(pod_, "spec.initContainers")) {
      const json::value& c = init[i++];
      if (!json::flag(c, is_sidecar(spec) ? "started" : "ready")) incomplete.emplace_back(json::str(c, "name"));
      if (is_sidecar(spec) && !json::flag(c, "ready")) unready.emplace_back(json::str(c, "name"));
    }
    if (initialized_before(main)) incomplete.clear();
    if (phase == "Succeeded") {
      set("Initialized", true, "PodCompleted", "");
    } else if (!incomplete.empty()) {
      set("Initialized", false, "ContainersNotInitialized",
          fmt::format("containers with incomplete status: [{}]", join(incomplete, " ")));
    } else {
      set("Initialized", true, "", "");
    }

    const std::string message =
        unready.empty() ? "" : fmt::format("containers with unready status: [{}]", join(unready, " "));
    const bool containers = unready.empty() && !finished;
    const std::string_view reason = finished ? finished_reason : containers ? "" : "ContainersNotReady";
    const std::string gates = finished || !containers ? "" : missing_gates();
    if (containers && !gates.empty()) {
      set("Ready", false, "ReadinessGatesNotReady", gates);
    } else {
      set("Ready", containers, reason, finished ? "" : message);
    }
    set("ContainersReady", containers, reason, finished ? "" : message);
    return in_order(json::list(scratch, "status.conditions"));
  }

  std::string missing_gates() const {
    std::vector<std::string> missing;
    for (const auto& gate : json::list(pod_, "spec.readinessGates")) {
      const auto type = json::str(gate, "conditionType");
      const auto* condition = kube::condition(pod_, type);
      if (condition == nullptr) {
        missing.push_back(fmt::format("corresponding condition of pod readiness gate \"{}\" does not exist.", type));
      } else if (!kube::condition_is_true(pod_, type)) {
        missing.push_back(fmt::format("the status of pod readiness gate \"{}\" is not \"True\", but {}", type,
                                      json::str(*condition, "status")));
      }
    }
    return join(missing, ", ");
  }

  // Others' conditions first, then the kubelet's in its order, which say what generation they are about.
  json::array in_order(const json::array& list) const {
    static constexpr std::array<std::string_view, 5> kOrder = {"PodReadyToStartContainers", "Initialized", "Ready",
                                                               "ContainersReady", "PodScheduled"};
    json::array out;
    for (const auto& condition : list) {
      if (std::ranges::find(kOrder, json::str(condition, "type")) == kOrder.end()) out.push_back(condition);
    }
    const auto* generation = json::find(pod_, "metadata.generation");
    for (const auto type : kOrder) {
      const auto at = std::ranges::find_if(list, [&](const auto& c) { return json::str(c, "type") == type; });
      if (at == list.end()) continue;
      json::object condition = at->as_object();
      if (!condition.contains("lastProbeTime")) condition["lastProbeTime"] = nullptr;
      if (generation != nullptr && type != "PodScheduled") condition["observedGeneration"] = *generation;
      out.push_back(std::move(condition));
    }
    return out;
  }

  const kube::Object& pod_;
  const PodSeen& seen_;
  Time now_;
  bool over_;
};

}  // namespace

json::value pod_status(const kube::Object& pod, const PodSeen& seen, const std::string& host_ip, Time now) {
  return Composing(pod, seen, now).compose(host_ip);
}

}  // namespace spoke::cluster
