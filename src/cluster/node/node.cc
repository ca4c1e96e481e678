#include "cluster/node/node.h"

#include <algorithm>
#include <boost/asio/this_coro.hpp>
#include <map>
#include <vector>

#include "base/log.h"
#include "base/strings.h"
#include "client/informer.h"
#include "cluster/node/dial.h"
#include "cluster/node/log_reader.h"
#include "cluster/node/netlink.h"
#include "cluster/node/node_object.h"
#include "cluster/node/pod_worker.h"
#include "net/async.h"

namespace spoke::cluster {

namespace asio = boost::asio;

Ipv4 NodeContext::take_address() {
  const auto address = next_address(network, addresses, last_address);
  if (!address) fail("no address of {} is left for a pod", options.pod_network);
  addresses.insert(*address);
  return last_address = *address;
}

namespace {

// Files of volumes follow their config maps and secrets at the kubelet's pace.
constexpr auto kRefresh = std::chrono::seconds(60);

NodeOptions checked(NodeOptions options) {
  if (!parse_network(options.pod_network))
    fail("\"{}\" is no network for pods; an example is 10.85.0.0/16", options.pod_network);
  if (!parse_ipv4(options.gateway)) fail("\"{}\" is no address for the bridge", options.gateway);
  make_dirs(options.data_dir / "pods", 0750);
  // Mounts are found again by their full path.
  options.data_dir = std::filesystem::canonical(options.data_dir);
  return options;
}

// What a pod's container is waiting for, as the kubelet words it where there is no log yet.
std::string waiting_words(const kube::Object& pod, const ContainerSeen* c) {
  if (c != nullptr && c->setback) {
    if (c->setback->reason == "ErrImagePull") return "trying and failing to pull image";
    return c->setback->reason;
  }
  return json::list(pod, "spec.initContainers").empty() ? "ContainerCreating" : "PodInitializing";
}

std::string names_of(const json::array& containers) {
  std::vector<std::string> names;
  for (const auto& container : containers) names.emplace_back(json::str(container, "name"));
  return "[" + join(names, " ") + "]";
}

// The container that a request for logs means. Throws StatusError BadRequest.
std::string chosen_container(const kube::Object& pod, const std::string& asked) {
  const auto& containers = json::list(pod, "spec.containers");
  const auto& init = json::list(pod, "spec.initContainers");
  if (!asked.empty()) {
    if (find_container(pod, asked) == nullptr)
      throw kube::bad_request(fmt::format("container {} is not valid for pod {}", asked, kube::name(pod)));
    return asked;
  }
  if (containers.size() == 1) return std::string(json::str(containers.front(), "name"));
  std::string message = fmt::format("a container name must be specified for pod {}, choose one of: {}", kube::name(pod),
                                    names_of(containers));
  if (!init.empty()) message += fmt::format(" or one of the init containers: {}", names_of(init));
  throw kube::bad_request(message);
}

}  // namespace

struct Node::Impl {
  Impl(client::Api& a, ResolveImage i, NodeOptions o) : api(a), images(std::move(i)), options(checked(std::move(o))) {}

  client::Api& api;
  ResolveImage images;
  NodeOptions options;
  std::unique_ptr<NodeContext> context;
  std::map<std::string, std::shared_ptr<PodWorker>, std::less<>> workers;  // by uid
  std::map<std::string, PodRecord, std::less<>> records;                   // of an earlier process, not yet taken up

  net::Task<> start() {
    const Machine machine = co_await net::on_worker([] { return inspect_machine(); });
    const NodeInfo info = co_await net::on_worker(
        [machine, dir = options.data_dir, gateway = options.gateway] { return read_node_info(machine, dir, gateway); });
    const auto executor = co_await net::this_executor();
    context.reset(new NodeContext{api,
                                  images,
                                  options,
                                  machine,
                                  *parse_network(options.pod_network),
                                  *parse_ipv4(options.gateway),
                                  info.host_ip,
                                  options.data_dir / "runtime",
                                  executor,
                                  client::EventRecorder(executor, api, "kubelet", options.name),
                                  net::Scope(executor),
                                  {},
                                  0,
                                  {}});
    make_dirs(context->state_dir, 0700);
    context->addresses.insert(context->gateway);
    read_records();
    co_await register_node(api, options.name, machine, info);
    context->scope.spawn("lease", keep_lease(api, options.name));
    context->scope.spawn("events", context->events.run());
    context->scope.spawn("volumes", refresh());
    log::info("node is ready", "node", options.name, "runtime", machine.runtime, "pods", records.size());
  }

  void read_records() {
    for (const auto& entry : std::filesystem::directory_iterator(options.data_dir / "pods")) {
      auto record = read_record(PodDir{entry.path()});
      if (!record) {
        log::warn("a pod's folder has no record, and is removed", "folder", entry.path().string());
        context->scope.spawn("stray folder", remove_stray(PodDir{entry.path()}));
        continue;
      }
      if (record->ip != 0) context->addresses.insert(record->ip);
      context->last_address = std::max(context->last_address, record->ip);
      records.emplace(entry.path().filename().string(), std::move(*record));
    }
  }

  static net::Task<> remove_stray(PodDir dir) {
    std::vector<ContainerFiles> attempts;
    std::error_code none;
    for (const auto& container : std::filesystem::directory_iterator(dir.containers(), none)) {
      for (const auto& attempt : std::filesystem::directory_iterator(container.path(), none))
        attempts.push_back({attempt.path()});
    }
    for (const auto& files : attempts) co_await clean_up_container(files);
    co_await net::on_worker([dir] {
      unmount_below(dir.dir);
      std::filesystem::remove_all(dir.dir);
    });
  }

  void changed(const kube::Object* before, const kube::Object* after) {
    if (before != nullptr && (after == nullptr || kube::uid(*before) != kube::uid(*after))) {
      const auto gone = workers.find(kube::uid(*before));
      if (gone != workers.end()) gone->second->removed();
    }
    if (after == nullptr) return;
    const auto known = workers.find(kube::uid(*after));
    if (known != workers.end()) return known->second->update(*after);
    std::optional<PodRecord> record;
    if (const auto at = records.find(kube::uid(*after)); at != records.end()) {
      record = std::move(at->second);
      records.erase(at);
    }
    add(*after, std::move(record));
  }

  std::shared_ptr<PodWorker> add(kube::Object pod, std::optional<PodRecord> record) {
    const std::string uid(kube::uid(pod));
    auto worker = std::make_shared<PodWorker>(*context, std::move(pod), std::move(record));
    workers[uid] = worker;
    context->scope.spawn("pod " + kube::key(worker->pod()), follow(worker, uid));
    return worker;
  }

  net::Task<> follow(std::shared_ptr<PodWorker> worker, std::string uid) {
    co_await worker->run();
    workers.erase(uid);
  }

  // Once the pods of the API are known: what is here of others goes.
  net::Task<> clear_orphans(const client::Informer& informer) {
    while (!informer.synced()) co_await net::sleep_for(std::chrono::milliseconds(10));
    for (auto& [uid, record] : std::exchange(records, {})) {
      log::info("a pod was deleted while nobody looked", "pod", kube::key(record.pod));
      kube::Object pod = record.pod;
      add(std::move(pod), std::move(record))->removed();
    }
    remove_stray_links();
  }

  // Cables of pods that left nothing else behind.
  void remove_stray_links() const {
    std::error_code none;
    for (const auto& port : std::filesystem::directory_iterator("/sys/class/net/" + options.bridge + "/brif", none)) {
      const std::string name = port.path().filename().string();
      const bool used = std::ranges::any_of(context->addresses, [&](Ipv4 address) {
        Sandbox s;
        s.address = address;
        return s.link() == name;
      });
      if (!used && name.starts_with("spoke")) Netlink().remove_link(name);
    }
  }

  net::Task<> refresh() {
    for (;;) {
      co_await net::sleep_for(kRefresh);
      std::vector<std::shared_ptr<PodWorker>> all;
      for (const auto& [uid, worker] : workers) all.push_back(worker);
      for (const auto& worker : all) co_await worker->refresh_volumes();
    }
  }

  net::Task<> work() {
    co_await start();
    client::InformerOptions mine;
    mine.resource = client::resources::pods;
    mine.field_selector = "spec.nodeName=" + options.name;
    mine.project = [](kube::Object pod) {
      json::remove(pod, "metadata.managedFields");
      return pod;
    };
    client::Informer informer(api, mine, [this](const auto* before, const auto* after) { changed(before, after); });
    context->scope.spawn("orphans", clear_orphans(informer));
    co_await informer.run();
  }
};

Node::Node(client::Api& api, image::ImageStore& images, NodeOptions options)
    : Node(api, [&images](const std::string& name) { return images.resolve(name); }, std::move(options)) {}
Node::Node(client::Api& api, ResolveImage images, NodeOptions options)
    : impl_(std::make_unique<Impl>(api, std::move(images), std::move(options))) {}
Node::~Node() = default;

client::Task<> Node::run() {
  std::exception_ptr end;
  try {
    co_await impl_->work();
  } catch (...) {
    end = std::current_exception();
  }
  if (impl_->context) *impl_->context->closing = true;
  // Containers run on: their monitors are processes of their own. What this process has under way for them ends here.
  co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
  if (impl_->context) co_await impl_->context->scope.close();
  impl_->workers.clear();
  if (end) std::rethrow_exception(end);
}

client::Task<Fd> Node::dial(const client::Object& pod, std::uint16_t port) {
  if (!impl_->context) fail("the node is starting");
  co_return co_await dial_pod(impl_->context->dir_of(kube::uid(pod)), json::flag(pod, "spec.hostNetwork"), port);
}

client::Task<> Node::logs(const client::Object& pod, LogOptions options,
                          std::function<client::Task<>(std::string_view)> write) {
  const std::string name = chosen_container(pod, options.container);
  const auto worker = impl_->workers.find(kube::uid(pod));
  const ContainerSeen* c = nullptr;
  if (worker != impl_->workers.end()) {
    const auto at = worker->second->seen().containers.find(name);
    if (at != worker->second->seen().containers.end()) c = &at->second;
  }
  const bool began = c != nullptr && c->state != ContainerSeen::State::Waiting;
  if (!began && options.previous)
    throw kube::bad_request(
        fmt::format("previous terminated container \"{}\" in pod \"{}\" not found", name, kube::name(pod)));
  if (!began)
    throw kube::bad_request(fmt::format("container \"{}\" in pod \"{}\" is waiting to start: {}", name, kube::name(pod),
                                        waiting_words(pod, c)));
  int attempt = c->restarts;
  if (options.previous) {
    const auto* spec = find_container(pod, name);
    // While it waits to be started again, the one that ended last is both the present and the previous one.
    const bool waits = c->state == ContainerSeen::State::Ended && !ending(pod, worker->second->seen()) &&
                       restarts(pod, *spec, is_init_container(pod, name), *c->ended);
    if (!waits && !c->last)
      throw kube::bad_request(
          fmt::format("previous terminated container \"{}\" in pod \"{}\" not found", name, kube::name(pod)));
    if (!waits) --attempt;
    options.follow = false;
  }
  co_await read_log({worker->second->dir().attempt(name, attempt)}, std::move(options), std::move(write));
}

}  // namespace spoke::cluster
