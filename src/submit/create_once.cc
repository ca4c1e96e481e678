#include "submit/create_once.h"

#include <fmt/format.h>

#include <optional>
#include <utility>
#include <vector>

#include "net/parallel.h"
#include "submit/create.h"

namespace spoke::submit {
namespace {

using client::resource_of;
using kube::Object;
using kube::StatusError;
using net::Task;

constexpr int kTryAgain = 503;

bool lives(const Object& pod) {
  const auto phase = json::str(pod, "status.phase");
  return phase != "Succeeded" && phase != "Failed";
}

class Once {
 public:
  Once(client::Api& api, spark::DriverObjects objects)
      : api_(api), objects_(std::move(objects)), role_(role_for(objects_, {})) {}

  Task<MadeOnce> run() {
    if (auto pod = co_await find(objects_.pod)) {
      made_ = taken_over(*std::move(pod));
    } else {
      std::vector<Object> groups;
      for (const auto& group : objects_.pre_resources) groups.push_back(co_await make(group));
      std::exception_ptr refused;
      try {
        made_ = co_await make_pod();
      } catch (const NotCreated& e) {
        if (is_passing(e.code())) throw;
        refused = std::current_exception();
      }
      if (refused) {
        for (const auto& group : groups) co_await remove(group);
        std::rethrow_exception(refused);
      }
    }
    if (!lives(made_.pod)) co_return std::move(made_);
    spark::own(objects_, made_.pod);
    std::exception_ptr failure;
    try {
      co_await make_rest();
    } catch (const NotCreated& e) {
      if (made_.found || is_passing(e.code())) throw;
      failure = std::current_exception();
    }
    if (failure) {  // it will never be whole
      co_await remove(made_.pod);
      std::rethrow_exception(failure);
    }
    co_return std::move(made_);
  }

 private:
  // Of the API server, not of the object: the same may be taken at another time.
  static bool is_passing(int code) { return code == 409 || code == 429 || code >= 500; }

  MadeOnce taken_over(Object pod) const {
    if (kube::label(pod, kSubmissionIdLabel) != kube::label(objects_.pod, kSubmissionIdLabel))
      refuse(objects_, objects_.pod, "create", kube::already_exists("", "pods", kube::name(pod)), role_);
    if (kube::deleting(pod))
      throw NotCreated(fmt::format("the pod {}/{} of an earlier try is being deleted; try again when it is gone",
                                   objects_.ns, kube::name(pod)),
                       kTryAgain);
    return {std::move(pod), true};
  }

  Task<MadeOnce> make_pod() {
    std::optional<StatusError> refusal;
    try {
      co_return MadeOnce{co_await api_.create(client::resources::pods, objects_.ns, objects_.pod), false};
    } catch (const StatusError& e) {
      refusal = e;
    }
    // Another replica may have been faster.
    if (refusal->is("AlreadyExists"))
      if (auto pod = co_await find(objects_.pod)) co_return taken_over(*std::move(pod));
    refuse(objects_, objects_.pod, "create", *refusal, role_);
  }

  Task<> make_rest() {
    std::vector<Task<>> tasks;
    for (const auto& group : objects_.pre_resources) tasks.push_back(hand_over(group));
    for (const auto& object : objects_.resources) tasks.push_back(make_owned(object));
    tasks.push_back(make_owned(objects_.config_map));
    for (const auto& thrown : co_await net::all_of(std::move(tasks)))
      if (thrown) std::rethrow_exception(thrown);
  }

  // What is there is not written over: a ConfigMap of Spark's is immutable, and says when it was made.
  Task<Object> make(Object object) {
    std::optional<StatusError> refusal;
    try {
      co_return co_await api_.create(resource_of(object), objects_.ns, object);
    } catch (const StatusError& e) {
      refusal = e;
    }
    if (refusal->is("AlreadyExists"))
      if (auto there = co_await find(object)) co_return *std::move(there);
    refuse(objects_, object, "create", *refusal, role_);
  }

  Task<> make_owned(Object object) {
    const Object there = co_await make(object);
    const json::value* owner = kube::controller_of(there);
    if (owner != nullptr && json::str(*owner, "uid") == kube::uid(made_.pod)) co_return;
    throw NotCreated(fmt::format("the {} {}/{} of an earlier try is still there; try again when it is gone",
                                 kube::kind(object), objects_.ns, kube::name(object)),
                     kTryAgain);
  }

  Task<> hand_over(Object group) {
    try {
      co_await api_.patch(resource_of(group), objects_.ns, kube::name(group), client::PatchType::Apply, group,
                          {.field_manager = "spoke", .force = true});
    } catch (const StatusError& e) {
      refuse(objects_, group, "patch", e, role_);
    }
  }

  Task<std::optional<Object>> find(const Object& object) {
    try {
      co_return co_await api_.get(resource_of(object), objects_.ns, kube::name(object));
    } catch (const StatusError& e) {
      if (e.code() == 404) co_return std::nullopt;
      refuse(objects_, object, "get", e, role_);
    }
  }

  Task<> remove(const Object& object) {
    client::DeleteOptions options;
    options.uid = kube::uid(object);
    options.propagation = "Background";
    try {
      co_await api_.remove(resource_of(object), objects_.ns, kube::name(object), options);
    } catch (const StatusError& e) {
      if (e.code() != 404 && e.code() != 409) throw;  // 409: another has its name by now
    }
  }

  client::Api& api_;
  spark::DriverObjects objects_;
  std::string role_;
  MadeOnce made_;
};

}  // namespace

net::Task<MadeOnce> create_once(client::Api& api, spark::DriverObjects objects) {
  Once once(api, std::move(objects));
  co_return co_await once.run();
}

}  // namespace spoke::submit
