// One pod on this node: a loop that asks decide() what to do, sets it going, and writes the status.
//
// Whatever takes long (pulling, mounting, starting, hooks, probes) runs beside the loop, changes what is seen, and
// wakes it. All of it is on the one event loop; only what blocks goes to a thread.
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <string>

#include "cluster/node/container.h"
#include "cluster/node/env.h"
#include "cluster/node/node_context.h"
#include "cluster/node/pod_machine.h"
#include "cluster/node/pod_record.h"
#include "cluster/node/sandbox.h"
#include "cluster/node/volume_files.h"
#include "net/async.h"

namespace spoke::cluster {

class PodWorker : public std::enable_shared_from_this<PodWorker> {
 public:
  // `record`: of a pod that an earlier process began with.
  PodWorker(NodeContext& node, kube::Object pod, std::optional<PodRecord> record);

  void update(kube::Object pod);  // as the API has it now
  void removed();                 // the API has it no longer
  net::Task<> run();              // until nothing is left of it on this machine
  net::Task<> refresh_volumes();  // config maps, secrets and tokens as they are now

  const kube::Object& pod() const { return pod_; }
  const PodSeen& seen() const { return seen_; }
  const PodDir& dir() const { return dir_; }

 private:
  struct Live {  // a container that runs
    ContainerFiles files;
    ContainerRecord record;
    json::value spec;                           // as it was started
    std::unique_ptr<RunningContainer> running;  // null where its monitor has died
  };
  using LivePtr = std::shared_ptr<Live>;
  struct Clearing {  // while something takes a container's leftovers away, the pod's folder has to stay
    explicit Clearing(PodWorker& worker) : w(worker) { ++w.clearing_; }
    ~Clearing() {
      --w.clearing_;
      w.wake_.notify();
    }
    PodWorker& w;
  };

  // pod_worker.cc: the loop
  void act(const Decision& decision);
  void spawn(const std::string& what, net::Task<> task);
  net::Task<bool> write_status();
  net::Task<bool> finish();
  void normal(std::string_view reason, const std::string& message);
  void warning(std::string_view reason, const std::string& message);

  // pod_resume.cc: what an earlier process left
  void resume(const PodRecord& record);
  void resume_container(const json::value& spec);
  // A container that our status tells of and this machine knows nothing of, since its folder was removed or lost: it
  // counts as ended, so that what must not run twice (restartPolicy Never) does not.
  void recall(const json::value& spec);
  net::Task<> clear_attempt(ContainerFiles files);
  net::Task<> clear_lost_attempt(std::string name, ContainerFiles files);

  // pod_setup.cc: sandbox and volumes
  net::Task<> set_up();
  net::Task<> try_set_up();
  net::Task<> mount_volumes();
  net::Task<Sources> fetch(SourceNames names);
  net::Task<std::vector<std::pair<std::string, kube::Object>>> fetch_claimed();
  net::Task<> fetch_tokens();
  net::Task<> tear_down();
  Sandbox sandbox() const;

  // pod_start.cc: a container's beginning
  net::Task<> start(std::string name);
  net::Task<> create(std::string name, int attempt);
  net::Task<image::Image> pull(json::value spec);
  struct Here {
    std::optional<image::Image> image;
    std::string why;  // there is none
  };
  net::Task<Here> look(std::string name);
  net::Task<image::Image> pull_from_registry(std::string name, std::string why);
  net::Task<std::vector<std::string>> pull_secrets();
  net::Task<LivePtr> prepare(json::value spec, image::Image image, int attempt);
  net::Task<> launch(std::string name, LivePtr live, int attempt);

  // pod_follow.cc: its life and its end
  net::Task<> follow(std::string name, LivePtr live);
  void ended(const std::string& name, const ContainerFiles& files);
  void watch_over(const std::string& name);
  net::Task<> probe(std::string name, std::string kind);
  bool count_probe(const std::string& name, const std::string& kind, const json::value& probe, bool success);
  net::Task<> ask_to_end(std::string name, std::string why);
  bool is_live(const std::string& name, const LivePtr& live) const;

  NodeContext& node_;
  kube::Object pod_;
  PodDir dir_;
  PodSeen seen_;
  std::optional<PodRecord> record_;  // to be taken up
  bool recorded_ = false;
  bool final_ = false;  // it had ended before we came: its status is not ours to write again
  Ipv4 ip_ = 0;
  BackOff setup_back_off_{std::chrono::milliseconds(50), std::chrono::minutes(2)};
  std::map<std::string, LivePtr> live_;
  Tokens tokens_;
  std::map<std::pair<std::string, size_t>, Time> token_ends_;  // when to ask for a newer one
  int clearing_ = 0;
  // Told to threads that pull for it.
  std::shared_ptr<std::atomic<bool>> unwanted_ = std::make_shared<std::atomic<bool>>(false);
  json::value written_;  // the status that the API has from us
  net::Event wake_;
};

}  // namespace spoke::cluster
