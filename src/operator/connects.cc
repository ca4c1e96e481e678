#include "operator/connects.h"

#include <algorithm>

#include "base/log.h"
#include "base/strings.h"
#include "operator/labels.h"
#include "operator/record.h"
#include "operator/submit.h"

namespace spoke::op {
namespace {

using client::resources::spark_connects;
using kube::Object;
using net::Millis;
using net::Task;

constexpr size_t kWorkers = 4;
constexpr Millis kAfterConflict{10};
constexpr Millis kUntilSynced{20};
constexpr Millis kWhileAnotherGoes{2000};
constexpr const char* kManager = "spoke-operator";

Object project(Object connect) {
  json::remove(connect, "metadata.managedFields");
  return connect;
}

std::string connect_of(const Object& made) {
  const std::string_view name = kube::label(made, label::connect_name);
  return name.empty() ? "" : fmt::format("{}/{}", kube::ns(made), name);
}

bool is_executor_of(const Object& made) {
  return kube::kind(made) == "Pod" && kube::label(made, label::role) == "executor";
}

}  // namespace

Connects::Connects(net::Executor executor, client::Api& api, client::EventRecorder& events,
                   const std::vector<std::string>& namespaces, const std::function<bool(const Object&)>& keep)
    : api_(api),
      events_(events),
      queue_(executor, "connects", kWorkers, [this](std::string key) { return reconcile(std::move(key)); }) {
  const auto watch = [&](const std::string& ns) {
    connects_.push_back(std::make_unique<client::Informer>(
        api_, client::InformerOptions{.resource = spark_connects, .ns = ns, .keep = keep, .project = project},
        [this](const Object*, const Object* after) {
          if (after != nullptr) queue_.add(kube::key(*after));
        }));
    using namespace client::resources;
    for (const auto* resource : {&pods, &services, &config_maps})
      made_.push_back(std::make_unique<client::Informer>(
          api_,
          client::InformerOptions{.resource = *resource,
                                  .ns = ns,
                                  .label_selector = std::string(label::connect_name),
                                  .keep = keep,
                                  .project =
                                      [kind = resource->kind](Object made) {
                                        json::set(made, "kind", kind);  // which a list may leave out
                                        return project_connected(std::move(made));
                                      }},
          [this](const Object* before, const Object* after) { made_changed(before, after); }));
  };
  if (namespaces.empty()) watch("");
  for (const auto& ns : namespaces) watch(ns);
}

void Connects::made_changed(const Object* before, const Object* after) {
  const auto name_of = [](const Object& made) { return fmt::format("{}/{}", kube::kind(made), kube::name(made)); };
  if (before != nullptr) {
    const auto made = made_of_.find(connect_of(*before));
    if (made != made_of_.end() && made->second.erase(name_of(*before)) > 0 && made->second.empty())
      made_of_.erase(made);
  }
  if (after != nullptr) made_of_[connect_of(*after)][name_of(*after)] = after;
  queue_.add(connect_of(after != nullptr ? *after : *before));
}

bool Connects::synced() const {
  const auto is_synced = [](const auto& informer) { return informer->synced(); };
  return std::ranges::all_of(connects_, is_synced) && std::ranges::all_of(made_, is_synced);
}

void Connects::watch(net::Scope& scope) {
  for (auto& informer : connects_) scope.spawn("connects", informer->run());
  for (auto& informer : made_) scope.spawn("made of connects", informer->run());
}

// By itself: where the kind is not there, or may not be seen, applications go on.
Task<> Connects::run() {
  while (!synced()) co_await net::sleep_for(kUntilSynced);
  co_await queue_.run();
}

ConnectSeen Connects::see(const std::string& key) const {
  ConnectSeen seen;
  const auto all = made_of_.find(key);
  if (all == made_of_.end()) return seen;
  for (const auto& [name, made] : all->second) {
    if (is_executor_of(*made)) {
      std::string phase(json::str(*made, "status.phase", "pending"));
      std::ranges::transform(phase, phase.begin(), [](unsigned char c) { return std::tolower(c); });
      ++seen.executors[phase];
    } else if (kube::kind(*made) == "Pod") {
      seen.pod = made;
    } else if (kube::kind(*made) == "Service") {
      seen.service = made;
    } else {
      seen.config_map = made;
    }
  }
  return seen;
}

// False where a pod stands in the way that is about to go.
Task<bool> Connects::carry_out(const Object& connect, const ConnectDecision& decision) {
  const std::string ns(kube::ns(connect));
  if (decision.remove) co_await remove(api_, ns, *decision.remove);
  for (const auto& object : decision.apply)
    co_await api_.patch(client::resource_of("v1", kube::kind(object)), ns, kube::name(object), client::PatchType::Apply,
                        object, {.field_manager = kManager, .force = true});
  if (!decision.create) co_return true;
  try {
    co_await api_.create(client::resources::pods, ns, *decision.create);
    log::info("Connect server made", "connect", kube::key(connect));
    co_return true;
  } catch (const kube::StatusError& e) {
    if (!e.is("AlreadyExists")) throw;
  }
  // By a try before whose answer was lost, or somebody else's, whose labels are not ours.
  const Object there = co_await api_.get(client::resources::pods, ns, kube::name(*decision.create));
  if (!kube::owned_by(there, kube::uid(connect)) && !kube::deleting(there))
    throw kube::conflict("", "pods", kube::name(there), "it is another's");
  co_return false;
}

Task<std::optional<Millis>> Connects::reconcile(std::string key) {
  const Object* cached = nullptr;
  for (const auto& informer : connects_)
    if (const Object* found = informer->find(key)) cached = found;
  if (cached == nullptr) co_return std::nullopt;
  const Object connect = *cached;
  ConnectDecision decision = decide(connect, see(key), now());
  std::string refusal;
  bool in_the_way = false;
  try {
    in_the_way = !co_await carry_out(connect, decision);
  } catch (const kube::StatusError& e) {
    if (is_passing(e)) throw;
    refusal = e.message();
  }
  if (!refusal.empty()) decision = not_made(connect, see(key), refusal, now());
  const struct : Version {
    std::string uid;
  } about{
      {std::string(kube::ns(connect)), std::string(kube::name(connect)), std::string(kube::resource_version(connect))},
      std::string(kube::uid(connect))};
  const json::value before = json::members(connect, "status");
  if (decision.status) {
    const auto wrote = co_await write_status(api_, spark_connects, about, before, *decision.status);
    if (wrote.outcome == Wrote::Conflict) co_return kAfterConflict;
  }
  record(events_, kConnectKind, about, decision.events, kConnectApiVersion);
  if (in_the_way) co_return kWhileAnotherGoes;
  if (!decision.look_again) co_return std::nullopt;
  co_return std::chrono::ceil<Millis>(*decision.look_again);
}

}  // namespace spoke::op
