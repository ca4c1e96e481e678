#include "operator/controller.h"

#include <algorithm>
#include <boost/asio/this_coro.hpp>
#include <ctime>
#include <exception>

#include "base/heap.h"
#include "base/log.h"
#include "base/random.h"
#include "net/http.h"
#include "net/scope.h"
#include "operator/ids.h"
#include "operator/labels.h"
#include "operator/record.h"
#include "operator/submit.h"

namespace spoke::op {
namespace {

using kube::Object;
using net::Millis;
using net::Task;

// A thousand executors that start within a moment are one status, not a thousand.
constexpr Millis kExecutorPause{50};
constexpr Millis kAfterConflict{10};
constexpr size_t kServers = 4;
constexpr Millis kUntilCalm{250};
constexpr Duration kLongestUnserved = std::chrono::seconds(30);
constexpr Millis kStart{3000}, kBetweenTrims{10000};
constexpr std::clock_t kWork = CLOCKS_PER_SEC / 50;  // of processor time, in which there may be something to give back
// From an edit to the next attempt's end there are about as many; more would be a circle.
constexpr int kMostSteps = 12;

LastingText as_text(Object application) { return lasting(json::dump(project_application(std::move(application)))); }

std::optional<Object> from_text(const LastingText* text) {
  return text == nullptr ? std::nullopt : std::optional(json::parse(*text));
}

Millis in_millis(Duration d) { return std::chrono::ceil<Millis>(d); }

}  // namespace

Controller::Controller(net::Executor executor, client::Api& api, const ControllerOptions& options,
                       metrics::Registry& registry, std::function<bool(const Object&)> keep)
    : api_(api),
      options_(options),
      keep_(std::move(keep)),
      metrics_(registry, options.metrics),
      events_(executor, api, "spark-operator", options.instance),
      queue_(executor, "applications", options.workers, [this](std::string key) { return reconcile(std::move(key)); }),
      unserved_(executor, "services", kServers, [this](std::string key) { return serve_when_calm(std::move(key)); }),
      schedules_(executor, api, events_, options.namespaces, keep_, options.run_names),
      connects_(executor, api, events_, options.namespaces, keep_) {
  connects_.measure(registry);
  queue_.measure(registry, "spark-application-controller");
  schedules_.measure(registry);
  if (options_.namespaces.empty()) watch("");
  for (const auto& ns : options_.namespaces) watch(ns);
}

void Controller::watch(const std::string& ns) {
  applications_.push_back(std::make_unique<client::InformerOf<LastingText>>(
      api_,
      client::InformerOptionsOf<LastingText>{
          .resource = client::resources::spark_applications, .ns = ns, .keep = keep_, .project = as_text},
      [this](const LastingText* before, const LastingText* after) {
        application_changed(from_text(before), from_text(after));
      }));
  pods_.push_back(std::make_unique<client::InformerOf<Pod>>(
      api_,
      client::InformerOptionsOf<Pod>{
          .resource = client::resources::pods,
          .ns = ns,
          .label_selector = fmt::format("{}=true,!{}", label::launched_by, label::connect_name),
          .keep = keep_,
          .project = [this](const Object& pod) { return pod_reader_.read(pod); }},
      [this](const Pod* before, const Pod* after) { pod_changed(before, after); }));
}

bool Controller::synced() const {
  const auto is_synced = [](const auto& informer) { return informer->synced(); };
  return std::ranges::all_of(applications_, is_synced) && std::ranges::all_of(pods_, is_synced) && schedules_.synced();
}

Task<> Controller::run() {
  net::Scope scope(co_await net::this_executor());
  std::exception_ptr ended;
  try {
    scope.spawn("events", events_.run());
    for (auto& informer : applications_) scope.spawn("applications", informer->run());
    for (auto& informer : pods_) scope.spawn("pods", informer->run());
    schedules_.watch(scope);
    connects_.watch(scope);
    // Before all pods are known, a running application would look as if it had lost its executors.
    while (!synced()) co_await net::sleep_for(Millis(5));
    log::info("operator is ready", "namespaces", fmt::format("{}", fmt::join(options_.namespaces, ",")));
    scope.spawn("schedules", schedules_.run());
    scope.spawn("connects", connects_.run());
    scope.spawn("services", unserved_.run());
    scope.spawn("memory", give_memory_back());
    co_await queue_.run();
  } catch (...) {
    ended = std::current_exception();
  }
  co_await boost::asio::this_coro::reset_cancellation_state(boost::asio::disable_cancellation());
  co_await scope.close();
  co_await events_.flush();
  if (ended) std::rethrow_exception(ended);
}

// Each of many applications is large until its driver is made; what they leave behind is wanted by others.
Task<> Controller::give_memory_back() {
  std::clock_t before = 0;  // starting is work too
  for (;;) {
    co_await net::sleep_for(before == 0 ? kStart : kBetweenTrims);
    const bool worked = before == 0 || std::clock() - before > kWork;
    if (!worked || !queue_.calm()) continue;
    api_.rest();
    release_free_memory();
    release_unused_code();
    before = std::clock();
  }
}

void Controller::application_changed(const std::optional<Object>& before, const std::optional<Object>& after) {
  const Object* was = before ? &*before : nullptr;
  const Object* is = after ? &*after : nullptr;
  schedules_.application_changed(was, is);
  metrics_.application_changed(was, is);
  const std::string key = kube::key(after ? *after : *before);
  if (!after) {
    written_.erase(key);
    drivers_.erase(key);
    edited_.erase(key);
    return;
  }
  const Status status = read_status(*after);
  if (before && !status.submission_id.empty() && !fingerprint_in(status.submission_id) &&
      read_application(*before).fingerprint != read_application(*after).fingerprint)
    edited_[key] = status.submission_id;
  if (!needs_spec(status.state)) drivers_.erase(key);
  if (lacks_services(status)) unserved_.add(key);
  const bool waits = status.state == State::New && status.submission_id.empty();
  queue_.add(key, waits ? client::WorkQueue::Urgency::Urgent : client::WorkQueue::Urgency::Usual);
}

void Controller::pod_changed(const Pod* before, const Pod* after) {
  index_.update(before, after);
  if (before != nullptr && after != nullptr && *before == *after) return;
  const Pod& pod = after != nullptr ? *after : *before;
  const std::string key = application_of(pod);
  if (key.empty()) return;
  if (pod.role == Pod::Role::Executor) metrics_.executor_changed(before, after, [&] { return cached(key); });
  if (pod.role == Pod::Role::Driver)
    queue_.add(key);
  else
    queue_.add_after(key, kExecutorPause);
}

std::optional<Object> Controller::cached(const std::string& key) const {
  for (const auto& informer : applications_)
    if (const LastingText* found = informer->find(key)) return from_text(found);
  return std::nullopt;
}

std::optional<Application> Controller::find(const std::string& key) {
  std::optional<Application> found = find_newest(key);
  if (const auto edited = edited_.find(key); found && edited != edited_.end())
    found->edited = edited->second == found->status.submission_id;
  return found;
}

std::optional<Application> Controller::find_newest(const std::string& key) {
  const std::optional<Object> known = cached(key);
  if (!known) return std::nullopt;
  if (const auto newer = written_.find(key); newer != written_.end()) {
    if (newer->second.outdated.contains(std::string(kube::resource_version(*known)))) return newer->second.application;
    written_.erase(newer);
  }
  return read_application(*known);
}

Observed Controller::observe(const Application& app) const {
  Observed seen;
  for (const Pod* pod : index_.pods_of(app.key())) see(seen, app, *pod);
  return seen;
}

Task<> Controller::ask_for_driver(Observed& seen, const Application& app) {
  const auto labels = fmt::format("{}={},{}=driver", label::submission_id, app.status.submission_id, label::role);
  const client::List drivers = co_await api_.list(client::resources::pods, app.ns, {.label_selector = labels});
  for (const auto& pod : drivers.items) see(seen, app, PodReader().read(pod));
  seen.asked = true;
}

Task<> Controller::remove_application(const Application& app) {
  try {
    co_await api_.remove(client::resources::spark_applications, app.ns, app.name, {.uid = app.uid});
  } catch (const kube::StatusError& e) {
    if (e.code() != 404 && e.code() != 409) throw;
  }
}

Task<Wrote> Controller::write(Application& app, const Status& status) {
  // The first status of an attempt is written whole, whatever there was.
  const json::value before = app.status.submission_id.empty() ? json::value(json::object()) : to_json(app.status);
  const json::value wanted = to_json(status);
  const Version read{app.ns, app.name, app.resource_version};
  auto [outcome, after] = co_await write_status(api_, client::resources::spark_applications, read, before, wanted);
  if (outcome != Wrote::Yes) co_return outcome;
  if (status.state != app.status.state)
    log::info("application changed", "application", app.key(), "from", word_of(app.status.state), "to",
              word_of(status.state), "error", status.error_message);
  metrics_.status_written(app, status, now());
  Written& written = written_[app.key()];
  written.outdated.insert(app.resource_version);
  app = read_application(project_application(std::move(after)));
  written.application = app;
  co_return Wrote::Yes;
}

// Decides, with what deciding needs.
Task<Decision> Controller::next(const Application& app) {
  Observed seen = observe(app);
  Decision decision = decide(app, seen, now(), random_uuid(), options_.settings);
  if (decision.ask_api) {
    co_await ask_for_driver(seen, app);
    decision = decide(app, seen, now(), random_uuid(), options_.settings);
  }
  if (decision.create) decision = co_await submit_step(app, *decision.create);
  co_return decision;
}

// The driver, and at another time the word of it: by then all applications that have none may have theirs. But where
// the driver was made in an earlier life, at once: one that is killed again and again would never come to the words.
Task<Decision> Controller::submit_step(const Application& app, const Plan& plan) {
  const std::string key = app.key();
  if (const auto made = drivers_.find(key); made == drivers_.end() || made->second != app.status.submission_id) {
    const bool repeated = observe(app).driver.has_value();
    if (auto instead = co_await submit(api_, app, plan, options_.settings)) co_return *std::move(instead);
    if (!repeated) {
      drivers_[key] = app.status.submission_id;
      Decision later;
      later.look_again = Duration(0);
      co_return later;
    }
  }
  Decision decision = created(app, plan);
  follow_on(app, decision);
  co_return decision;
}

// The driver may run by then: one write says both.
void Controller::follow_on(const Application& app, Decision& decision) const {
  Application after = app;
  after.status = *decision.status;
  const Observed seen = observe(after);
  if (!seen.driver) return;
  Decision next = decide(after, seen, now(), "", options_.settings);
  if (!next.status || next.create || next.ask_api || !next.remove.empty()) return;
  decision.status = std::move(next.status);
  decision.events.insert(decision.events.end(), next.events.begin(), next.events.end());
}

Task<std::optional<Millis>> Controller::reconcile(std::string key) {
  std::optional<Application> app = find(key);
  for (int step = 0; app && step < kMostSteps; ++step) {
    const Decision decision = co_await next(*app);
    co_await remove(api_, *app, decision.remove);
    if (decision.take_back) co_await remove(api_, *app, removals_of(*decision.take_back));
    if (decision.remove_application) {
      co_await remove_application(*app);
      break;
    }
    if (decision.status) {
      const Wrote wrote = co_await write(*app, *decision.status);
      if (wrote == Wrote::Conflict) co_return kAfterConflict;
      if (wrote == Wrote::Gone) break;
      if (wrote == Wrote::Nothing) {
        if (decision.look_again) co_return in_millis(*decision.look_again);
        break;
      }
    }
    record(events_, kKind, *app, decision.events);
    if (decision.look_again) co_return in_millis(*decision.look_again);
    if (!decision.status) break;
  }
  co_return std::nullopt;
}

// Services and Ingresses take the API server long, and can wait until nothing else does, or for a while.
Task<std::optional<Millis>> Controller::serve_when_calm(std::string key) {
  const std::optional<Application> app = find(key);
  if (!app || app->deleting || !lacks_services(app->status)) co_return std::nullopt;
  const auto since = app->status.last_submission_attempt_time;
  if (!queue_.calm() && since && now() < *since + kLongestUnserved) co_return kUntilCalm;
  Decision decision;
  try {
    const Plan made = plan(*app, options_.settings.plan);
    decision = co_await serve(api_, *app, made, options_.settings);
  } catch (const InvalidApplication& e) {
    decision = unserved(*app, e.what());
  }
  Application written = *app;
  if (decision.status && co_await write(written, *decision.status) == Wrote::Conflict) co_return kAfterConflict;
  record(events_, kKind, *app, decision.events);
  co_return decision.look_again ? std::optional(in_millis(*decision.look_again)) : std::nullopt;
}

}  // namespace spoke::op
