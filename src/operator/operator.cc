#include "operator/operator.h"

#include "base/log.h"
#include "net/http.h"
#include "net/scope.h"
#include "operator/crds.h"

namespace spoke::op {
namespace {

using kube::Object;
using net::Millis;
using net::Task;

constexpr Millis kBetweenInstalls{500};
constexpr Millis kBetweenLooks{1000};

// Nothing can be watched before the API server knows the kinds.
Task<> ensure_crds(client::Api& api) {
  for (;;) {
    std::string problem;
    try {
      co_await install_crds(api);
      co_return;
    } catch (const kube::StatusError& e) {
      if (e.is("Forbidden")) {
        log::info("may not install the CustomResourceDefinitions, and takes them to be there", "error", e.message());
        co_return;
      }
      problem = e.message();
    } catch (const net::ConnectionError& e) {
      problem = e.what();
    }
    log::warn("cannot install the CustomResourceDefinitions, trying again", "error", problem);
    co_await net::sleep_for(kBetweenInstalls);
  }
}

// A controller that cannot go on must not be one that leads and does nothing.
Task<> run_noting(Controller& controller, std::exception_ptr& failure) {
  try {
    co_await controller.run();
  } catch (const std::exception& e) {
    if (net::is_cancelled(e)) throw;
    failure = std::current_exception();
  }
}

}  // namespace

int shard_of(std::string_view ns, int shards) {
  std::uint64_t hash = 14695981039346656037U;  // FNV-1a
  for (const char c : ns) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211U;
  return static_cast<int>(hash % static_cast<std::uint64_t>(shards));
}

Operator::~Operator() = default;

Operator::Share Operator::share() const {
  Share out;
  if (election_) out.shards = election_->mine();
  if (namespaces_) {
    out.namespaces.emplace(options_.namespaces.begin(), options_.namespaces.end());
    if (namespaces_->synced())
      for (const auto& [name, ns] : namespaces_->all()) out.namespaces->emplace(name);
  }
  return out;
}

std::function<bool(const Object&)> Operator::keep_of(const Share& share) const {
  const int count = options_.election ? options_.election->shards : 1;
  const bool all = !share.shards || std::ssize(*share.shards) == count;
  if (all && !share.namespaces) return {};
  return [count, all, share](const Object& object) {
    const std::string ns(kube::ns(object));
    return (all || share.shards->contains(shard_of(ns, count))) &&
           (!share.namespaces || share.namespaces->contains(ns));
  };
}

Task<> Operator::changed() {
  if (election_)
    co_await election_->changed();
  else
    co_await namespaces_changed_->wait_for(kBetweenLooks);
}

Task<> Operator::while_it_is(Share share, const std::exception_ptr& failure) {
  while (this->share() == share && !failure) co_await changed();
  if (failure) std::rethrow_exception(failure);
}

// One controller after the other.
Task<> Operator::work() {
  const net::Executor executor = co_await net::this_executor();
  for (;;) {
    const Share mine = share();
    if (election_) {
      election_->at_work(*mine.shards);
      metrics_
          .family("leader_election_master_status", "Shards that this replica works on, by the name of their Lease",
                  metrics::Kind::Gauge)
          .set({{"name", options_.election->name}}, static_cast<double>(mine.shards->size()));
    }
    if ((mine.shards && mine.shards->empty()) || (mine.namespaces && mine.namespaces->empty())) {
      co_await changed();
      continue;
    }
    if (mine.shards) log::info("leading", "shards", fmt::format("{}", fmt::join(*mine.shards, ",")));
    if (mine.namespaces) log::info("selected", "namespaces", fmt::format("{}", fmt::join(*mine.namespaces, ",")));
    net::Scope scope(executor);
    ControllerOptions options = options_;
    if (mine.namespaces) options.namespaces.clear();  // it watches all, and keeps these
    Controller controller(executor, api_, options, metrics_, keep_of(mine));
    std::exception_ptr failure;
    scope.spawn("controller", run_noting(controller, failure));
    co_await scope.during(while_it_is(mine, failure));
    log::info("no longer responsible for the same namespaces");
  }
}

Task<> Operator::run() {
  if (options_.install_crds) co_await ensure_crds(api_);
  const net::Executor executor = co_await net::this_executor();
  if (!options_.election && options_.namespace_selector.empty()) {
    Controller controller(executor, api_, options_, metrics_);
    co_await controller.run();
    co_return;
  }
  net::Scope scope(executor);
  if (options_.election) {
    election_ = std::make_unique<client::Election>(executor, api_, *options_.election);
    scope.spawn("leases", election_->run());
  }
  if (!options_.namespace_selector.empty()) {
    namespaces_changed_ = std::make_unique<net::Event>(executor);
    namespaces_ = std::make_unique<client::Informer>(
        api_,
        client::InformerOptions{
            .resource = client::resources::namespaces,
            .label_selector = options_.namespace_selector,
            .project = [](Object ns) { return json::object{{"metadata", json::object{{"name", kube::name(ns)}}}}; }},
        [this](const Object*, const Object*) { namespaces_changed_->notify(); });
    scope.spawn("namespaces", namespaces_->run());
  }
  co_await scope.during(work());
}

}  // namespace spoke::op
