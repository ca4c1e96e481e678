#include "cluster/api/object_changes.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/strings.h"
#include "kube/go_text.h"
#include "kube/meta.h"

namespace spoke::cluster {
namespace {

void keep(const Object& before, Object& after, const std::string& path) {
  if (const json::value* was = json::find(before, path))
    json::set(after, path, *was);
  else
    json::remove(after, path);
}

// A member that stays where it is left out, and may not become another one.
void keep_or_refuse(const Object& before, Object& after, const std::string& path, Causes& causes) {
  const json::value *was = json::find(before, path), *is = json::find(after, path);
  if (is == nullptr || is->is_null() || *is == json::value("")) return keep(before, after, path);
  if (was == nullptr || *was != *is) causes.push_back(kube::invalid_value(path, *is, "field is immutable"));
}

void refuse_new_finalizers(const Object& before, const Object& after, Causes& causes) {
  const auto& had = json::list(before, "metadata.finalizers");
  std::vector<std::string> added;
  for (const auto& f : json::list(after, "metadata.finalizers"))
    if (f.is_string() && std::find(had.begin(), had.end(), f) == had.end())
      added.push_back(kube::go_quoted(json::to_string(f.get_string())));
  if (added.empty()) return;
  causes.push_back(kube::forbidden_field(
      "metadata.finalizers",
      fmt::format("no new finalizers can be added if the object is being deleted, found new finalizers []string{{{}}}",
                  join(added, ", "))));
}

json::object without(const Object& o, std::initializer_list<std::string_view> names) {
  json::object out = o.get_object();
  for (const auto name : names) out.erase(name);
  return out;
}

}  // namespace

void settle_metadata(const Object& before, Object& after, Causes& causes) {
  Causes found;
  for (const char* own : {"name", "namespace", "creationTimestamp", "generation", "selfLink"})
    keep(before, after, std::string("metadata.") + own);
  for (const char* fixed : {"uid", "deletionTimestamp", "deletionGracePeriodSeconds"})
    keep_or_refuse(before, after, std::string("metadata.") + fixed, found);
  if (kube::deleting(before)) refuse_new_finalizers(before, after, found);
  // The API server checks metadata before the kind's own checks and again among them, and tells both findings.
  for (int i = 0; i < 2; ++i) causes.insert(causes.end(), found.begin(), found.end());
}

Object with_status_of(const ResourceType& type, const Object& before, const Object& after) {
  Object merged = before;
  keep(after, merged, "status");
  keep(after, merged, "metadata.managedFields");
  if (!type.custom)
    for (const char* member : {"labels", "annotations", "finalizers"})
      keep(after, merged, std::string("metadata.") + member);
  return merged;
}

Object with_finalizers_of(const Object& before, const Object& after) {
  Object merged = before;
  keep(after, merged, "spec.finalizers");
  keep(after, merged, "metadata.managedFields");
  return merged;
}

void keep_status(const Object& before, Object& after) { keep(before, after, "status"); }

bool counts_as_generation(const ResourceType& type, const Object& before, const Object& after) {
  if (!type.has_generation) return false;
  if (without(before, {"metadata", "status"}) != without(after, {"metadata", "status"})) return true;
  return type.generation_by_labels &&
         json::members(before, "metadata.labels") != json::members(after, "metadata.labels");
}

bool same_state(Object a, Object b) {
  json::remove(a, "metadata.resourceVersion");
  json::remove(b, "metadata.resourceVersion");
  return a == b;
}

bool has_finalizers(const Object& object) { return !json::list(object, "metadata.finalizers").empty(); }

void drop_finalizer(Object& object, std::string_view name) {
  json::array kept;
  for (const auto& f : json::list(object, "metadata.finalizers"))
    if (!f.is_string() || f.get_string() != name) kept.push_back(f);
  if (kept.empty())
    json::remove(object, "metadata.finalizers");
  else
    json::set(object, "metadata.finalizers", std::move(kept));
}

}  // namespace spoke::cluster
