#include "operator/submit.h"

#include "base/log.h"
#include "net/parallel.h"

namespace spoke::op {
namespace {

using client::Api;
using client::Resource;
using client::resource_of;
using kube::Object;
using kube::StatusError;
using net::Task;

// The API server will never have it as it is.
class Refused : public Error {
  using Error::Error;
};

// Something is in the way that is about to go, or missing that may be about to come.
class HeldUp : public Error {
 public:
  HeldUp(const std::string& by, Duration patience) : Error(by), patience_(patience) {}
  Duration patience() const { return patience_; }

 private:
  Duration patience_;
};

// What one submission does.
class Submitter {
 public:
  Submitter(Api& api, const Application& app, const Settings& settings) : api_(api), app_(app), settings_(settings) {}

  Task<std::optional<Decision>> make_driver(const Plan& plan);
  Task<Decision> serve(const Plan& plan);

 private:
  // Does `work`; what it decides where it was refused or held up.
  Task<std::optional<Decision>> attempt(Task<> work);
  Task<> driver(const Plan& plan);
  Task<> rest(const Plan& plan, std::string& ui_address);
  Task<Object> create(const Resource& resource, const Object& object);
  Task<> make(Object object, Object* made);
  Task<> make_standing(Object object, Object* made);
  Task<Object> update(const Resource& resource, const Object& object);
  Task<> hand_over(Object object, json::value owner);
  Task<Object> settle(const Resource& resource, const Object& object);
  [[noreturn]] void give_up(const Object& object, const StatusError& e) const;
  std::string named(const Object& object) const {
    return fmt::format("{} {}/{}", kube::kind(object), app_.ns, kube::name(object));
  }

  Api& api_;
  const Application& app_;
  const Settings& settings_;
};

// Throws the one that decides: a refusal is final, whatever else went wrong.
void rethrow(const std::vector<std::exception_ptr>& thrown) {
  std::exception_ptr first;
  for (const auto& e : thrown) {
    if (!e) continue;
    if (!first) first = e;
    try {
      std::rethrow_exception(e);
    } catch (const Refused&) {
      throw;
    } catch (...) {
    }
  }
  if (first) std::rethrow_exception(first);
}

// kubectl apply makes the account and the application at the same moment, in any order.
bool account_is_missing(const StatusError& e) {
  return e.message().find("error looking up service account") != std::string::npos;
}

void Submitter::give_up(const Object& object, const StatusError& e) const {
  std::string why = fmt::format("cannot create {}: {}", named(object), e.message());
  if (account_is_missing(e)) {
    why += "; create the service account, or name another in spec.driver.serviceAccount";
    throw HeldUp(why, settings_.account_grace);
  }
  // 409 without AlreadyExists is a race, as between two pods for one quota.
  if (is_passing(e) || e.code() == 409) throw Error(why);
  throw Refused(why);
}

// The object is there already, or so it was said: whose is it?
Task<Object> Submitter::settle(const Resource& resource, const Object& object) {
  Object existing = co_await api_.get(resource, app_.ns, kube::name(object));
  switch (claim(app_, existing)) {
    case Claim::Ours: break;
    case Claim::Leaving:
      throw HeldUp(
          fmt::format("{} of an earlier run still exists; delete it, and create the application again", named(object)),
          settings_.patience);
    case Claim::Foreign: {
      const bool pod = kube::kind(object) == "Pod";
      throw Refused(fmt::format("{} already exists, and is not this application's; delete it{}", named(object),
                                pod ? ", or choose another name with spec.driver.podName" : ""));
    }
  }
  // The pod that owned it is gone, and another has come since.
  const json::value* wanted = json::find(object, "metadata.ownerReferences");
  const json::value* owner = kube::controller_of(existing);
  if (wanted != nullptr && owner != nullptr && json::str(*owner, "kind") == "Pod" &&
      json::str(*owner, "uid") != json::str(wanted->at(0), "uid"))
    co_await hand_over(existing, wanted->at(0));
  co_return existing;
}

// Null where it is there already.
Task<Object> Submitter::create(const Resource& resource, const Object& object) {
  try {
    co_return co_await api_.create(resource, app_.ns, object);
  } catch (const StatusError& e) {
    if (!e.is("AlreadyExists")) give_up(object, e);
  }
  co_return nullptr;
}

// Makes the object, or finds that an earlier try has. `made` gets it as the API server has it.
Task<> Submitter::make(Object object, Object* made) {
  const Resource resource = resource_of(object);
  Object answer = co_await create(resource, object);
  if (answer.is_null()) answer = co_await settle(resource, object);
  if (made != nullptr) *made = std::move(answer);
}

// What an attempt before has left is made into what it is to be now.
Task<> Submitter::make_standing(Object object, Object* made) {
  const Resource resource = resource_of(object);
  Object answer = co_await create(resource, object);
  if (answer.is_null()) {
    const Object existing = co_await api_.get(resource, app_.ns, kube::name(object));
    const json::value* owner = kube::controller_of(existing);
    const bool ours = owner != nullptr && json::str(*owner, "uid") == app_.uid && !kube::deleting(existing);
    if (!ours) answer = co_await settle(resource, object);
  }
  if (answer.is_null()) answer = co_await update(resource, object);
  if (made != nullptr) *made = std::move(answer);
}

Task<Object> Submitter::update(const Resource& resource, const Object& object) {
  try {
    co_return co_await api_.patch(resource, app_.ns, kube::name(object), client::PatchType::Apply, object,
                                  {.field_manager = "spoke-operator", .force = true});
  } catch (const StatusError& e) {
    give_up(object, e);
  }
}

Task<> Submitter::hand_over(Object object, json::value owner) {
  const Resource resource = resource_of(object);
  json::value body = json::object{{"metadata", json::object{{"ownerReferences", json::array{std::move(owner)}}}}};
  try {
    co_await api_.patch(resource, app_.ns, kube::name(object), client::PatchType::Merge, std::move(body), {});
  } catch (const StatusError& e) {
    if (!e.is("Forbidden")) throw Error(fmt::format("cannot make {} the driver's: {}", named(object), e.message()));
    log::warn("may not hand over to the driver, so it stays until the application goes", "object", named(object),
              "error", e.message());
  }
}

// What the driver's pod cannot start without; and all where nothing in status would tell later that some is missing.
bool comes_first(const Plan& plan, const Object& standing) {
  return kube::kind(standing) == "ConfigMap" || kube::kind(standing) == "PodGroup" ||
         plan.web_ui.web_ui_service_name.empty();
}

Task<> Submitter::driver(const Plan& plan) {
  std::vector<Task<>> tasks;
  for (const auto& object : plan.before) tasks.push_back(make(object, nullptr));
  for (const auto& object : plan.standing)
    if (comes_first(plan, object)) tasks.push_back(make_standing(object, nullptr));
  rethrow(co_await net::all_of(std::move(tasks)));

  Object wanted = plan.pod;
  json::set(wanted, "metadata.namespace", json::value(app_.ns));
  Object pod;
  co_await make(std::move(wanted), &pod);

  const json::value owner = driver_reference(kube::name(pod), kube::uid(pod));
  tasks.clear();
  for (auto object : plan.owned) {
    json::set(object, "metadata.ownerReferences", json::array{owner});
    tasks.push_back(make(std::move(object), nullptr));
  }
  rethrow(co_await net::all_of(std::move(tasks)));
}

Task<> Submitter::rest(const Plan& plan, std::string& ui_address) {
  Object ui;
  std::vector<Task<>> tasks;
  for (const auto& object : plan.standing)
    if (!comes_first(plan, object))
      tasks.push_back(make_standing(object, kube::name(object) == plan.web_ui.web_ui_service_name ? &ui : nullptr));
  rethrow(co_await net::all_of(std::move(tasks)));
  ui_address = json::str(ui, "spec.clusterIP");
}

Task<std::optional<Decision>> Submitter::attempt(Task<> work) {
  try {
    co_await std::move(work);
  } catch (const Refused& e) {
    co_return refused(app_, e.what());
  } catch (const HeldUp& e) {
    co_return held_up(app_, e.what(), now(), app_.extras.submission_timeout.value_or(e.patience()));
  }
  co_return std::nullopt;
}

Task<std::optional<Decision>> Submitter::make_driver(const Plan& plan) { co_return co_await attempt(driver(plan)); }

Task<Decision> Submitter::serve(const Plan& plan) {
  std::string ui_address;
  auto instead = co_await attempt(rest(plan, ui_address));
  if (!instead) co_return served(app_, ui_address);
  if (instead->look_again) co_return std::move(*instead);
  co_return unserved(app_, instead->status->error_message);
}

}  // namespace

Task<std::optional<Decision>> submit(Api& api, const Application& app, const Plan& plan, const Settings& settings) {
  Submitter submitter(api, app, settings);
  co_return co_await submitter.make_driver(plan);
}

Task<Decision> serve(Api& api, const Application& app, const Plan& plan, const Settings& settings) {
  Submitter submitter(api, app, settings);
  co_return co_await submitter.serve(plan);
}

Task<StatusWrite> write_status(Api& api, const Resource& resource, const Version& read, const json::value& before,
                               const json::value& after) {
  json::value body = json::object{{"metadata", json::object{{"resourceVersion", read.resource_version}}},
                                  {"status", status_patch(before, after)}};
  try {
    Object object = co_await api.patch(resource, read.ns, read.name, client::PatchType::Merge, std::move(body),
                                       {.subresource = "status"});
    const bool same = kube::resource_version(object) == read.resource_version;
    co_return StatusWrite{same ? Wrote::Nothing : Wrote::Yes, std::move(object)};
  } catch (const StatusError& e) {
    if (e.is("Conflict")) co_return StatusWrite{Wrote::Conflict, {}};
    if (e.is("NotFound")) co_return StatusWrite{Wrote::Gone, {}};
    throw;
  }
}

bool is_passing(const StatusError& e) {
  return e.code() == 401 || e.code() == 408 || e.code() == 429 || e.code() >= 500;
}

Task<> remove(Api& api, const std::string& ns, const Removal& removal) {
  try {
    co_await api.remove(client::resource_of(removal.api_version, removal.kind), ns, removal.name, {.uid = removal.uid});
  } catch (const StatusError& e) {
    // 403: it goes with its owner, later; 409: it is another of that name.
    if (e.code() != 403 && e.code() != 404 && e.code() != 409) throw;
    if (e.code() == 403)
      log::warn("may not delete what is not needed any more", "kind", removal.kind, "name", removal.name, "error",
                e.message());
  }
}

// Of what has that name, if it is the application's, or was until it was handed over to its driver.
Task<std::string> find_uid(Api& api, const Application& app, const Removal& removal) {
  try {
    const Object existing =
        co_await api.get(client::resource_of(removal.api_version, removal.kind), app.ns, removal.name);
    const bool ours = kube::owned_by(existing, app.uid) || claim(app, existing) == Claim::Ours;
    co_return ours ? std::string(kube::uid(existing)) : "";
  } catch (const StatusError& e) {
    if (e.code() != 404) throw;
    co_return "";
  }
}

Task<> remove(Api& api, const Application& app, std::vector<Removal> removals) {
  for (auto& removal : removals) {
    if (removal.uid.empty()) removal.uid = co_await find_uid(api, app, removal);
    if (!removal.uid.empty()) co_await remove(api, app.ns, removal);
  }
}

std::vector<Removal> removals_of(const Plan& plan) {
  std::vector<Removal> out;
  const auto add = [&out](const Object& object) {
    out.push_back({std::string(json::str(object, "apiVersion")), std::string(kube::kind(object)),
                   std::string(kube::name(object)), ""});
  };
  add(plan.pod);
  for (const auto& object : plan.owned) add(object);
  for (const auto& object : plan.before) add(object);
  for (const auto& object : plan.standing) add(object);
  return out;
}

}  // namespace spoke::op
