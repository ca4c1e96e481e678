#include "submit/create.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>

#include "data/yaml.h"
#include "net/http.h"
#include "net/parallel.h"

namespace spoke::submit {
namespace {

using client::Resource;
using client::resource_of;
using kube::Object;
using kube::StatusError;
using net::Task;

constexpr std::string_view kPodName = "spark.kubernetes.driver.pod.name";

class Creation {
 public:
  Creation(client::Api& api, spark::DriverObjects objects, const json::array& more_rights)
      : api_(api), objects_(std::move(objects)), role_(role_for(objects_, more_rights)) {}

  Task<Created> run() {
    std::vector<Object> groups;
    std::exception_ptr failure;
    try {
      for (const auto& group : objects_.pre_resources) co_await apply(group, &groups.emplace_back());
      created_.pod = co_await make_pod();
      spark::own(objects_, created_.pod);
      co_await make_rest();
    } catch (...) {
      failure = std::current_exception();
    }
    if (failure) {
      if (!created_.pod.is_object()) created_.pod = co_await find_lost_pod();
      const bool gone = !created_.pod.is_object() || co_await take_back(created_.pod);
      for (const auto& group : groups)
        if (group.is_object()) co_await take_back(group);
      if (!gone) say_what_is_left(failure);
      std::rethrow_exception(failure);
    }
    co_return std::move(created_);
  }

 private:
  Task<Object> make_pod() {
    try {
      co_return co_await api_.create(client::resources::pods, objects_.ns, objects_.pod);
    } catch (const StatusError& e) {
      refuse(objects_.pod, "create", e);
    }
  }

  Task<> make_rest() {
    std::vector<Object> rest = objects_.pre_resources;
    rest.insert(rest.end(), objects_.resources.begin(), objects_.resources.end());
    rest.push_back(objects_.config_map);
    created_.others.resize(rest.size());
    std::vector<Task<>> tasks;
    for (size_t i = 0; i < rest.size(); ++i) tasks.push_back(apply(rest[i], &created_.others[i]));
    for (const auto& thrown : co_await net::all_of(std::move(tasks)))
      if (thrown) std::rethrow_exception(thrown);
  }

  Task<> apply(Object object, Object* made) {
    client::PatchOptions options;
    options.field_manager = "spoke";
    options.force = true;
    try {
      *made = co_await api_.patch(resource_of(object), objects_.ns, kube::name(object), client::PatchType::Apply,
                                  object, options);
    } catch (const StatusError& e) {
      refuse(object, "patch", e);
    }
  }

  // The pod that was created although the answer was lost: a slow admission webhook, a connection that broke.
  Task<Object> find_lost_pod() {
    try {
      Object pod = co_await api_.get(client::resources::pods, objects_.ns, kube::name(objects_.pod));
      if (kube::label(pod, "spark-app-selector") == objects_.app_id) co_return pod;
    } catch (const StatusError&) {
    } catch (const net::ConnectionError&) {
    }
    co_return Object();
  }

  [[noreturn]] void say_what_is_left(const std::exception_ptr& failure) const {
    std::string why;
    try {
      std::rethrow_exception(failure);
    } catch (const std::exception& e) {
      why = e.what();
    }
    fail("{}; the pod {} is left, and could not be deleted: delete it with `spoke submit --kill {}`", why,
         kube::name(created_.pod), objects_.submission_id());
  }

  // Whether it is gone.
  Task<bool> take_back(const Object& object) {
    client::DeleteOptions options;
    options.uid = kube::uid(object);
    options.propagation = "Background";
    try {
      co_await api_.remove(resource_of(object), objects_.ns, kube::name(object), options);
      co_return true;
    } catch (const StatusError& e) {
      co_return e.code() == 404 || e.code() == 409;  // 409: another has its name by now
    } catch (const net::ConnectionError&) {
    }
    co_return false;
  }

  [[noreturn]] void refuse(const Object& object, std::string_view verb, const StatusError& e) const {
    submit::refuse(objects_, object, verb, e, role_);
  }

  client::Api& api_;
  spark::DriverObjects objects_;
  std::string role_;
  Created created_;
};

}  // namespace

net::Task<Created> create_driver(client::Api& api, spark::DriverObjects objects, json::array more_rights) {
  Creation creation(api, std::move(objects), more_rights);
  co_return co_await creation.run();
}

void refuse(const spark::DriverObjects& objects, const Object& object, std::string_view verb, const StatusError& e,
            const std::string& role) {
  const Resource resource = resource_of(object);
  const std::string what =
      fmt::format("cannot create {} {}/{}: {}", resource.kind, objects.ns, kube::name(object), e.message());
  if (e.code() == 403 && e.message().find(" cannot ") != std::string::npos)  // not a quota's or an admission's
    throw Forbidden(
        fmt::format("{}; the verb {} on {} in the namespace {} is missing{}", what,
                    verb == "patch" ? "patch (and create)" : verb, resource.plural, objects.ns,
                    resource.kind == "NetworkPolicy"
                        ? ", or leave the policy out with --conf spark.kubernetes.driver.pod.excludedFeatureSteps="
                          "org.apache.spark.deploy.k8s.features.NetworkPolicyFeatureStep"
                        : ""),
        role);
  std::string remedy;
  if (e.is("AlreadyExists"))
    remedy = fmt::format("; delete it with `spoke submit --kill {}:{}`, or choose another name with {}", objects.ns,
                         kube::name(object), kPodName);
  else if (e.message().find("error looking up service account") != std::string::npos)
    remedy =
        "; create the service account, or name another with spark.kubernetes.authenticate.driver.serviceAccountName";
  else if (e.code() == 404 && e.message().find("namespaces") != std::string::npos)
    remedy = "; create the namespace, or name another with spark.kubernetes.namespace";
  throw NotCreated(what + remedy, e.code(), e.is("AlreadyExists"));
}

std::string role_for(const spark::DriverObjects& objects, const json::array& more_rights) {
  std::map<std::string, json::array> plurals;  // by group
  const auto add = [&](const Object& object) {
    const Resource resource = resource_of(object);
    auto& of_group = plurals[resource.group];
    if (std::find(of_group.begin(), of_group.end(), json::value(resource.plural)) == of_group.end())
      of_group.emplace_back(resource.plural);
  };
  for (const auto& object : objects.pre_resources) add(object);
  for (const auto& object : objects.resources) add(object);
  add(objects.config_map);
  json::array rules = {json::object{{"apiGroups", json::array{""}},
                                    {"resources", json::array{"pods"}},
                                    {"verbs", json::array{"create", "get", "list", "watch", "delete"}}}};
  rules.push_back(json::object{
      {"apiGroups", json::array{""}}, {"resources", json::array{"pods/log"}}, {"verbs", json::array{"get"}}});
  for (auto& [group, names] : plurals)
    rules.push_back(json::object{{"apiGroups", json::array{json::value(group)}},
                                 {"resources", names},
                                 {"verbs", json::array{"create", "patch"}}});
  rules.insert(rules.end(), more_rights.begin(), more_rights.end());
  return yaml::dump(json::object{{"apiVersion", "rbac.authorization.k8s.io/v1"},
                                 {"kind", "Role"},
                                 {"metadata", json::object{{"name", "spark-submit"}, {"namespace", objects.ns}}},
                                 {"rules", std::move(rules)}});
}

}  // namespace spoke::submit
