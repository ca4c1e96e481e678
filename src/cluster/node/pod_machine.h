// What to do next about a pod: a pure function of its specification, of what is known of its containers, and of the
// time.
//
//   set up (sandbox, volumes) -> init containers, one after the other -> containers -> all ended, or the pod is to end
//   -> containers asked to end, killed when their grace is over -> torn down -> finished (its object may go)
//
// Level-based: it is asked again whenever something has changed and at `again`, and answers the same until it is done.
// Source of the rules: Kubernetes documentation, "Pod Lifecycle", "Sidecar Containers"; kubelet/kuberuntime.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "kube/meta.h"

namespace spoke::cluster {

// Doubling pauses between tries (client-go/util/flowcontrol). A pause that has not been used for twice the longest one
// begins anew.
struct BackOff {
  Duration first, longest;
  Duration delay{0};  // after the next failure; none after the first
  Time used{};        // when it was last grown

  Time next_try(Time failed, Time now) const { return now - used > 2 * longest ? failed : failed + delay; }
  void grow(Time now);
};

// Why something could not be done, and when it is tried again.
struct Setback {
  std::string reason;  // "ErrImagePull", "CreateContainerConfigError", ...
  std::string message;
  Time at;
  Time retry_at;
};

struct Ended {  // of one attempt of a container
  std::string container_id;
  int exit_code = 0;
  int signal = 0;
  std::string reason;  // "Completed", "Error", "OOMKilled", "StartError", "ContainerStatusUnknown"
  std::string message;
  std::optional<Time> started;
  Time finished;
};

struct ContainerSeen {
  enum class State { Waiting, Running, Ended };
  State state = State::Waiting;
  int restarts = 0;  // the number of the present attempt
  std::string id, image, image_id, user;
  Time started;
  std::optional<Ended> ended;      // state Ended
  std::optional<Ended> last;       // the attempt before
  bool starting = false;           // somebody is at it
  std::optional<Setback> setback;  // it could not be created

  bool startup_passed = false;  // true where it has no startup probe
  bool ready = false;
  std::string unhealthy;           // why it has to be stopped and started again; the event's message
  std::optional<long> stop_grace;  // seconds, of the probe that failed, instead of the pod's
  std::optional<Time> asked_to_end;
  bool killed = false;

  BackOff restart{std::chrono::seconds(10), std::chrono::minutes(5)};
  BackOff pull{std::chrono::seconds(10), std::chrono::minutes(5)};
};

struct PodSeen {
  enum class Setup { None, UnderWay, Done };
  Setup setup = Setup::None;
  std::optional<Setback> setup_setback;
  bool torn_down = false;
  bool gone = false;                            // no longer in the API
  Time accepted;                                // status.startTime
  std::string ip;                               // "" until it is set up
  std::string failure_reason, failure_message;  // why the pod as a whole was given up (Decision::give_up)
  std::map<std::string, ContainerSeen, std::less<>> containers;  // by name, init containers too
};

struct Decision {
  struct Ask {
    std::string container;
    std::string why;  // the event's message
  };
  struct GiveUp {
    std::string reason, message;
  };
  std::optional<GiveUp> give_up;  // to be remembered, before anything else
  bool set_up = false;
  std::vector<std::string> start;
  std::vector<Ask> ask_to_end;
  std::vector<std::string> kill;
  bool tear_down = false;
  bool finish = false;        // all is gone: the object too may go
  std::optional<Time> again;  // when to ask again without news
};

Decision decide(const kube::Object& pod, const PodSeen& seen, Time now);

// Whether nothing of the pod will run again: it is deleted, given up, ended, or was found so.
bool ending(const kube::Object& pod, const PodSeen& seen);

bool is_sidecar(const json::value& init_container);  // restartPolicy Always
bool is_init_container(const kube::Object& pod, std::string_view name);

// Whether a container that ended is started again (by restartPolicy; a sidecar always is).
bool restarts(const kube::Object& pod, const json::value& container, bool init, const Ended& ended);

const ContainerSeen& container_seen(const PodSeen& seen, const json::value& container);

// Seconds between being asked to end and being killed.
long grace_of(const kube::Object& pod, const PodSeen& seen, const ContainerSeen& container);

}  // namespace spoke::cluster
