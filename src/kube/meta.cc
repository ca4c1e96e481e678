#include "kube/meta.h"

namespace spoke::kube {

std::string key(const Object& o) {
  return ns(o).empty() ? std::string(name(o)) : std::string(ns(o)) + "/" + std::string(name(o));
}

namespace {
std::string_view member(const Object& o, std::string_view map, std::string_view name) {
  const auto& members = json::members(o, map);
  const auto it = members.find(name);
  return it != members.end() && it->value().is_string() ? std::string_view(it->value().get_string())
                                                        : std::string_view();
}
}  // namespace

std::string_view label(const Object& o, std::string_view name) { return member(o, "metadata.labels", name); }
std::string_view annotation(const Object& o, std::string_view name) { return member(o, "metadata.annotations", name); }

const json::value* controller_of(const Object& o) {
  for (const auto& owner : json::list(o, "metadata.ownerReferences"))
    if (json::flag(owner, "controller")) return &owner;
  return nullptr;
}

bool owned_by(const Object& o, std::string_view owner_uid) {
  for (const auto& owner : json::list(o, "metadata.ownerReferences"))
    if (json::str(owner, "uid") == owner_uid) return true;
  return false;
}

json::value controller_ref(const Object& owner) {
  return json::object{{"apiVersion", json::str(owner, "apiVersion")},
                      {"kind", kind(owner)},
                      {"name", name(owner)},
                      {"uid", uid(owner)},
                      {"controller", true},
                      {"blockOwnerDeletion", true}};
}

const json::value* condition(const Object& o, std::string_view type) {
  for (const auto& c : json::list(o, "status.conditions"))
    if (json::str(c, "type") == type) return &c;
  return nullptr;
}

bool condition_is_true(const Object& o, std::string_view type) {
  const json::value* c = condition(o, type);
  return c != nullptr && json::str(*c, "status") == "True";
}

void set_condition(Object& o, std::string_view type, std::string_view status, std::string_view reason,
                   std::string_view message, std::string_view now) {
  auto& conditions = json::make_array(o, "status.conditions");
  auto it =
      std::find_if(conditions.begin(), conditions.end(), [&](const auto& c) { return json::str(c, "type") == type; });
  if (it == conditions.end()) {
    conditions.push_back(json::object{{"type", type}});
    it = conditions.end() - 1;
  }
  auto& c = it->get_object();
  if (json::str(*it, "status") != status) c["lastTransitionTime"] = now;
  c["status"] = status;
  if (reason.empty())
    c.erase("reason");
  else
    c["reason"] = reason;
  if (message.empty())
    c.erase("message");
  else
    c["message"] = message;
}

std::pair<std::string, std::string> group_version(std::string_view api_version) {
  const auto slash = api_version.find('/');
  if (slash == std::string_view::npos) return {"", std::string(api_version)};
  return {std::string(api_version.substr(0, slash)), std::string(api_version.substr(slash + 1))};
}

}  // namespace spoke::kube
