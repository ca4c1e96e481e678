#include "operator/schedules.h"

#include <algorithm>

#include "base/log.h"
#include "operator/labels.h"
#include "operator/record.h"
#include "operator/submit.h"

namespace spoke::op {
namespace {

using client::resources::scheduled_spark_applications;
using client::resources::spark_applications;
using kube::Object;
using net::Millis;
using net::Task;

constexpr size_t kWorkers = 4;
constexpr Millis kAfterConflict{10};

Object project(Object scheduled) {
  json::remove(scheduled, "metadata.managedFields");
  return scheduled;
}

}  // namespace

Schedules::Schedules(net::Executor executor, client::Api& api, client::EventRecorder& events,
                     const std::vector<std::string>& namespaces, const std::function<bool(const Object&)>& keep,
                     Precision precision)
    : api_(api),
      events_(events),
      precision_(precision),
      queue_(executor, "schedules", kWorkers, [this](std::string key) { return reconcile(std::move(key)); }) {
  const auto watch = [this, &keep](const std::string& ns) {
    informers_.push_back(std::make_unique<client::Informer>(
        api_,
        client::InformerOptions{.resource = scheduled_spark_applications, .ns = ns, .keep = keep, .project = project},
        [this](const Object*, const Object* after) {
          if (after != nullptr) queue_.add(kube::key(*after));
        }));
  };
  if (namespaces.empty()) watch("");
  for (const auto& ns : namespaces) watch(ns);
}

void Schedules::application_changed(const Object* before, const Object* after) {
  if (const std::string schedule = runs_.update(before, after); !schedule.empty()) queue_.add(schedule);
}

bool Schedules::synced() const {
  return std::ranges::all_of(informers_, [](const auto& informer) { return informer->synced(); });
}

void Schedules::watch(net::Scope& scope) {
  for (auto& informer : informers_) scope.spawn("schedules", informer->run());
}

Task<> Schedules::run() { co_await queue_.run(); }

// With the run made, or with what came instead.
Task<ScheduleDecision> Schedules::make(const Scheduled& scheduled, ScheduleDecision decision) {
  std::string why;
  try {
    co_await api_.create(spark_applications, scheduled.ns, *decision.create);
    log::info("run made", "schedule", scheduled.key(), "application", kube::name(*decision.create));
    co_return decision;
  } catch (const kube::StatusError& e) {
    if (is_passing(e)) throw;
    why = e.message();
    if (!e.is("AlreadyExists")) co_return not_made(scheduled, std::move(decision), why);
  }
  const Object there = co_await api_.get(spark_applications, scheduled.ns, kube::name(*decision.create));
  if (kube::owned_by(there, scheduled.uid)) co_return decision;  // by a try before
  co_return not_made(scheduled, std::move(decision), why);
}

Task<std::optional<Millis>> Schedules::reconcile(std::string key) {
  const Object* cached = nullptr;
  for (const auto& informer : informers_)
    if (const Object* found = informer->find(key)) cached = found;
  if (cached == nullptr) co_return std::nullopt;
  const Scheduled scheduled = read_scheduled(*cached);
  ScheduleDecision decision = decide(scheduled, runs_.runs_of(key), now(), precision_);
  for (const auto& run : decision.remove) co_await remove(api_, scheduled.ns, run);
  if (decision.create) decision = co_await make(scheduled, std::move(decision));
  const Version read{scheduled.ns, scheduled.name, scheduled.resource_version};
  const json::value before = to_json(scheduled.status);
  if (decision.status) {
    const json::value after = to_json(*decision.status);
    const auto wrote = co_await write_status(api_, scheduled_spark_applications, read, before, after);
    if (wrote.outcome == Wrote::Conflict) co_return kAfterConflict;
  }
  record(events_, kScheduledKind, scheduled, decision.events);
  if (!decision.look_again) co_return std::nullopt;
  co_return std::chrono::ceil<Millis>(*decision.look_again);
}

}  // namespace spoke::op
