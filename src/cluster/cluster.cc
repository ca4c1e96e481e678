#include "cluster/cluster.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "base/error.h"
#include "base/log.h"
#include "base/strings.h"
#include "client/http_api.h"
#include "cluster/api/api_server.h"
#include "cluster/api/local_api.h"
#include "cluster/bootstrap.h"
#include "cluster/control/controllers.h"
#include "cluster/dns/dns_server.h"
#include "cluster/identity.h"
#include "cluster/node/machine.h"
#include "cluster/node/node.h"
#include "image/image_store.h"
#include "image/registry/pull.h"
#include "kube/patch.h"
#include "net/async.h"
#include "net/scope.h"
#include "operator/crds.h"
#include "operator/executor_fields.h"
#include "operator/operator.h"

namespace spoke::cluster {

using net::Task;

namespace {

// One process a data folder. The lock goes with the process, however it ends.
Fd take_lock(const Paths& paths) {
  Fd fd(::open(paths.lock().c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (!fd) fail_errno("open " + paths.lock().string());
  if (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0)
    fail("a cluster runs already with its data in {}: stop it with `spoke down`, or use another XDG_DATA_HOME",
         paths.root.string());
  // For whoever has to end it, before it has told more of itself.
  const std::string pid = std::to_string(::getpid()) + "\n";
  if (::ftruncate(fd.get(), 0) != 0 || ::pwrite(fd.get(), pid.data(), pid.size(), 0) < 0)
    fail_errno("write " + paths.lock().string());
  return fd;
}

LogOptions log_options(const net::Query& query) {
  const auto number = [&](std::string_view name) -> std::optional<long> {
    const auto value = to_int(query.get(name));
    return value ? std::optional<long>(*value) : std::nullopt;
  };
  return {std::string(query.get("container")),
          query.flag("follow"),
          query.flag("previous"),
          query.flag("timestamps"),
          number("tailLines"),
          number("sinceSeconds"),
          std::string(query.get("sinceTime")),
          number("limitBytes")};
}

// Everything that lives as long as the cluster does, in the order in which it is made.
struct Parts {
  Parts(net::Executor executor, const ClusterOptions& options)
      : identity(load_identity(options.paths,
                               {"localhost", "127.0.0.1", kGateway, kServiceIp, "kubernetes", "kubernetes.default",
                                "kubernetes.default.svc", "kubernetes.default.svc.cluster.local"})),
        store(
            executor, options.paths.database(),
            [this](const std::string& key, const std::string& body) { return tag(key, body); },
            [this](const std::string& key, const std::string& body) { define(key, body); }),
        admission(store, kServiceNetwork),
        registry(store, catalog, admission),
        authenticator(store, identity.token_key, identity.admin_token),
        authorizer(store),
        api(executor, registry, authenticator, authorizer),
        server(executor, {identity.server.key, identity.server.cert},
               [this](net::Exchange& x) -> Task<> { return api.handle(x); }),
        local(registry, "spoke"),
        images(options.paths.images(), options.aliases, options.spark_homes),
        operator_api(executor, target(options)) {
    if (options.spark_operator)
      admission.amend_pods([](Object& pod) {
        if (const json::array patch = op::executor_patch(pod); !patch.empty()) pod = kube::json_patch(pod, patch);
      });
    if (!options.node) return;
    NodeOptions of_node = node_options(options);
    of_node.pull = [this, registries = options.registries](
                       const std::string& name, const std::vector<std::string>& secrets,
                       const std::function<bool()>& stop) { return pull(registries, name, secrets, stop); };
    node = std::make_unique<Node>(local, images, std::move(of_node));
    api.set_log_source(
        [this](const Object& pod, const net::Query& query, std::function<Task<>(std::string_view)> write) {
          return node->logs(pod, log_options(query), std::move(write));
        });
    api.set_pod_dialer([this](const Object& pod, std::uint16_t port) { return node->dial(pod, port); });
  }

  NodeOptions node_options(const ClusterOptions& options) {
    NodeOptions out;
    out.data_dir = options.paths.node();
    out.pod_network = kPodNetwork;
    out.gateway = kGateway;
    out.service_network = kServiceNetwork;
    out.service_host = kServiceIp;
    out.ca_pem = identity.ca.cert;
    out.token = [this](std::string ns, std::string account, std::string pod, std::string pod_uid,
                       long seconds) -> Task<std::string> {
      return token(std::move(ns), std::move(account), std::move(pod), std::move(pod_uid), seconds);
    };
    return out;
  }

  // On a worker. The pod's own credentials come first, then those of who started the cluster.
  std::int64_t pull(const image::RegistryOptions& registries, const std::string& name,
                    const std::vector<std::string>& secrets, const std::function<bool()>& stop) {
    image::Keyring keys;
    try {
      for (const std::string& secret : secrets) keys.add(secret);
      keys.add(image::Keyring::of_user());
    } catch (const Error& e) {
      throw image::ImageError(
          fmt::format("{}: a secret of imagePullSecrets, or Docker's configuration of this machine "
                      "is of no use: {}",
                      name, e.what()));
    }
    return image::pull_image(images, image::Registries(std::move(keys), registries), name, nullptr, stop);
  }

  Task<std::string> token(std::string ns, std::string account, std::string pod, std::string pod_uid, long seconds) {
    const Object object = registry.current(*catalog.find("", "v1", "serviceaccounts"), ns, account);
    co_return authenticator.sign(ns, object, pod, pod_uid, {}, now(), seconds);
  }

  // The operator talks to the API as it would to any cluster's.
  client::Target target(const ClusterOptions& options) const {
    client::Target out;
    out.server.host = "127.0.0.1";
    out.server.port = std::to_string(options.port);
    out.server.ca_pem = identity.ca.cert;
    out.bearer_token = identity.admin_token;
    out.user_agent = "spoke-operator";
    return out;
  }

  // Definitions come first: of an object whose kind is not known there would be no owner and no label.
  void define(const std::string& key, const std::string& body) {
    if (!key.starts_with(std::string(kDefinitions) + "/")) return;
    try {
      catalog.define(json::parse(body));
    } catch (const std::exception& e) {
      log::error("a definition is left out", "key", key, "error", e.what());
    }
  }

  // As an object was tagged when it was written.
  Tags tag(const std::string& key, const std::string& body) {
    for (const auto& type : catalog.all())
      if (key.starts_with(type->storage + "/")) return tags_of(*type, json::parse(body));
    return {};
  }

  ClusterIdentity identity;
  Catalog catalog;
  Store store;
  Admission admission;
  Registry registry;
  Authenticator authenticator;
  Authorizer authorizer;
  ApiServer api;
  net::HttpServer server;
  LocalApi local;
  image::ImageStore images;
  std::unique_ptr<Node> node;
  client::HttpApi operator_api;
};

// Until it is ready, what goes wrong in the node or its network ends the cluster: somebody waits for it.
struct Start {
  explicit Start(net::Executor executor) : settled(std::move(executor)) {}
  net::Event settled;
  bool ready = false;
  std::exception_ptr failure;
};

// The node's Ready condition is what `up` waits for.
Task<> until_node_is_ready(Registry& registry, Start& start) {
  const ResourceType& nodes = *registry.catalog().find("", "v1", "nodes");
  auto events = registry.store().subscribe(nodes.prefix(""), registry.store().revision());
  for (;;) {
    for (const auto& [key, entry] : registry.store().range(nodes.prefix("")))
      if (kube::condition_is_true(json::parse(*entry.body), "Ready")) {
        start.ready = true;
        start.settled.notify();
        co_return;
      }
    co_await events->next();
  }
}

Task<> run_operator(client::HttpApi& api) {
  co_await op::install_crds(api);
  op::OperatorOptions options;
  options.settings.plan.webhook = true;  // its part for pods is done in this process (Parts)
  op::Operator controller(api, std::move(options));
  co_await controller.run();
}

// A loop of the cluster ends only with the cluster: what goes wrong in it (a full disk, say) may be right again later.
Task<> keep(std::string name, std::function<Task<>()> loop, Start* start = nullptr) {
  for (;;) {
    try {
      co_await loop();
    } catch (const std::exception& e) {
      if (net::is_cancelled(e)) throw;
      if (start != nullptr && !start->ready) {
        start->failure = std::current_exception();
        start->settled.notify();
        co_return;
      }
      log::error("begins again after an error", "loop", name, "error", e.what());
    }
    co_await net::sleep_for(std::chrono::seconds(1));
  }
}

Task<> serve(const ClusterOptions& options, Parts& parts, const std::function<void()>& ready) {
  const net::Executor executor = co_await net::this_executor();
  net::Scope scope(executor);
  Start start(executor);
  std::exception_ptr failure;
  try {
    co_await bootstrap(parts.registry, kServiceIp, kGateway, options.port);
    Registry& registry = parts.registry;
    const std::string volumes = options.node ? options.paths.volumes().string() : "";
    for (auto& controller : controllers(registry, parts.identity.ca.cert, volumes))
      scope.spawn(controller.name, keep(controller.name, std::move(controller.run)));
    if (options.node) {
      scope.spawn("names",
                  keep("names", [&] { return run_services(parts.local, parts.node_options(options)); }, &start));
      scope.spawn("node", keep("node", [&] { return parts.node->run(); }, &start));
      scope.spawn("node's start", until_node_is_ready(registry, start));
      co_await start.settled.wait();
      if (start.failure) std::rethrow_exception(start.failure);
    }
    if (options.spark_operator)
      scope.spawn("operator", keep("operator", [&] { return run_operator(parts.operator_api); }));
    ready();

    boost::asio::signal_set signals(executor, SIGTERM, SIGINT);
    const int signal = co_await signals.async_wait(boost::asio::use_awaitable);
    log::info("stopping", "signal", signal);
  } catch (...) {
    failure = std::current_exception();
  }
  co_await parts.server.close();
  co_await scope.close();
  co_await parts.store.close();
  if (failure) std::rethrow_exception(failure);
}

}  // namespace

void run_cluster(const ClusterOptions& options, const std::function<void()>& ready) {
  make_dirs(options.paths.root, 0700);
  const Fd lock = take_lock(options.paths);
  std::filesystem::remove(options.paths.state());  // of a process that was killed
  if (options.node) inspect_machine();             // what it lacks is said before anything is begun
  boost::asio::io_context loop(1);
  Parts parts(loop.get_executor(), options);
  std::exception_ptr failure;
  Fd network;
  try {
    parts.server.listen("127.0.0.1", options.port);
    if (options.node) {
      network = set_up_network(parts.node_options(options));
      DnsOptions dns;
      dns.address = kGateway;
      check_dns_address(dns);
      parts.server.listen(kGateway, options.port);
    }
  } catch (...) {
    failure = std::current_exception();
  }
  if (failure) {
    boost::asio::co_spawn(loop, parts.server.close(), boost::asio::detached);
    loop.run();
    std::rethrow_exception(failure);
  }
  boost::asio::co_spawn(loop, serve(options, parts, ready), [&](const std::exception_ptr& e) {
    failure = e;
    loop.stop();
  });
  loop.run();
  if (failure) std::rethrow_exception(failure);
}

}  // namespace spoke::cluster
