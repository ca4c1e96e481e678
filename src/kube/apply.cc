#include "kube/apply.h"

#include <fmt/format.h>

#include <optional>
#include <utility>
#include <vector>

#include "base/strings.h"
#include "kube/field_set.h"
#include "kube/managed_fields.h"
#include "kube/meta.h"
#include "kube/status.h"
#include "kube/typed.h"

namespace spoke::kube {
namespace {

constexpr std::string_view kLastApplied = "kubectl.kubernetes.io/last-applied-configuration";
// Who owns what was there when an object is applied to for the first time that nobody was known to own.
constexpr std::string_view kBeforeFirstApply = "before-first-apply";

ManagerId id_of(const Manager& manager, std::string_view operation) {
  const std::string name = manager.name.empty() ? "unknown" : manager.name;
  const bool applies = operation == "Apply";
  return {name, std::string(operation), applies ? "" : manager.api_version, manager.subresource};
}

// Leaves out what the request cannot change, hence cannot own.
void drop_out_of_reach(FieldSet& fields, const Manager& manager) {
  if (manager.subresource == "status")
    fields.erase(field_element("spec"));
  else if (manager.has_status)
    fields.erase(field_element("status"));
}

void drop_out_of_reach(typed::Comparison& c, const Manager& manager) {
  for (FieldSet* fields : {&c.removed, &c.modified, &c.added}) drop_out_of_reach(*fields, manager);
}

// What nobody ever owns.
FieldSet without_bookkeeping(const FieldSet& fields) {
  static const FieldSet bookkeeping = FieldSet::from_json(json::parse(
      R"({"f:apiVersion": {}, "f:kind": {}, "f:metadata": {".": {}, "f:name": {}, "f:namespace": {},
          "f:creationTimestamp": {}, "f:selfLink": {}, "f:uid": {}, "f:clusterName": {}, "f:generation": {},
          "f:managedFields": {}, "f:resourceVersion": {}}})"));
  return fields.without(bookkeeping);
}

// Takes from all but `self` what has changed hands or is gone.
void dispossess(ManagedFields& managed, const FieldSet& changed, const FieldSet& removed, const ManagerId* self) {
  for (auto it = managed.begin(); it != managed.end();) {
    if (self == nullptr || it->first != *self) it->second.fields = it->second.fields.without(changed).without(removed);
    it = it->second.fields.empty() ? managed.erase(it) : std::next(it);
  }
}

ManagedFields read_or_none(const json::value* entries) {
  try {
    return read_managed_fields(entries);
  } catch (const Error&) {
    return {};
  }
}

const json::value* entries_of(const json::value& object) { return json::find(object, "metadata.managedFields"); }

void write(json::value& object, const ManagedFields& managed) {
  if (managed.empty())
    json::remove(object, "metadata.managedFields");
  else
    json::set(object, "metadata.managedFields", write_managed_fields(managed));
}

// --- apply ---

std::string gvk(const json::value& object) {
  const auto [group, version] = group_version(json::str(object, "apiVersion"));
  return fmt::format("{}/{}, Kind={}", group, version, kind(object));
}

void check(const Schema& schema, const json::value& live, const json::value& applied, const Manager& manager) {
  if (!applied.is_object()) throw bad_request("an object is needed to apply");
  if (json::str(applied, "apiVersion") != manager.api_version || (live.is_object() && kind(live) != kind(applied)))
    throw bad_request("invalid object type: " + gvk(applied));
  if (const json::value* entries = entries_of(applied); entries != nullptr && entries->is_array())
    throw bad_request("metadata.managedFields must be nil");
  const auto problems = typed::problems(schema, applied);
  if (problems.empty()) return;
  const std::string all = problems.size() == 1 ? problems[0] : "errors:\n  " + join(problems, "\n  ");
  throw StatusError(500, "",
                    fmt::format("failed to create typed patch object ({}/{}; {}): {}", ns(applied), name(applied),
                                gvk(applied), all));
}

struct Conflict {
  const ManagerId* owner;
  FieldSet fields;
};

StatusError conflict_error(const std::vector<Conflict>& conflicts) {
  json::array causes;
  std::vector<std::string> lines;
  for (const auto& c : conflicts) {
    lines.push_back(fmt::format("conflicts with {}:", c.owner->text()));
    for (const auto& path : c.fields.paths()) {
      causes.push_back(json::object{
          {"reason", "FieldManagerConflict"}, {"message", "conflict with " + c.owner->text()}, {"field", path}});
      lines.push_back("- " + path);
    }
  }
  const std::string message = causes.size() == 1
                                  ? fmt::format("Apply failed with 1 conflict: conflict with {}: {}",
                                                conflicts[0].owner->text(), lines[1].substr(2))
                                  : fmt::format("Apply failed with {} conflicts: {}", causes.size(), join(lines, "\n"));
  return {409, "Conflict", message, json::object{{"causes", std::move(causes)}}};
}

class Apply {
 public:
  Apply(const Schema& schema, const json::value& live, const json::value& applied, const Manager& manager)
      : schema_(schema), applied_(applied), manager_(manager), id_(id_of(manager, "Apply")), live_(live) {
    if (live_.is_null()) live_ = json::object();
    managed_ = read_or_none(entries_of(live_));
    json::remove(live_, "metadata.managedFields");
    if (managed_.empty()) adopt_existing();
  }

  json::value run(bool force) {
    std::optional<FieldSet> last;
    if (const auto before = managed_.find(id_); before != managed_.end()) last = before->second.fields;
    json::value merged = typed::merge(schema_, live_, applied_);
    FieldSet fields = typed::fields_of(schema_, applied_);
    drop_out_of_reach(fields, manager_);
    Managed& mine = managed_[id_];
    mine.fields = std::move(fields);
    mine.api_version = manager_.api_version;
    if (last && !last->empty()) merged = prune(std::move(merged), *last);

    typed::Comparison changes = typed::compare(schema_, live_, merged);
    drop_out_of_reach(changes, manager_);
    const FieldSet changed = changes.modified.united(changes.added);
    if (!force) refuse_conflicts(changed);
    dispossess(managed_, changed, changes.removed, &id_);
    own(!typed::equal(live_, merged));
    if (manager_.name == "kubectl") renew_last_applied(merged);
    write(merged, managed_);
    return merged;
  }

 private:
  // All that is there belongs to one updater from now on, so that an apply conflicts with it.
  void adopt_existing() {
    const auto changes = typed::compare(schema_, json::object(), live_);
    FieldSet fields = changes.added;
    drop_out_of_reach(fields, manager_);
    fields = without_bookkeeping(fields);
    if (fields.empty()) return;
    Manager before = manager_;
    before.name = kBeforeFirstApply;
    managed_[id_of(before, "Update")] = {std::move(fields), manager_.api_version, manager_.time};
  }

  // Takes away what this manager applied last time and does not apply now, but for what others own, and for what stands
  // around it and was never this manager's.
  json::value prune(json::value merged, const FieldSet& last_applied) const {
    const FieldSet last = typed::with_declared_fields(&schema_, last_applied);
    json::value pruned = typed::without(schema_, merged, last);

    FieldSet managed;
    for (const auto& [_, entry] : managed_) managed = managed.united(entry.fields);
    const auto all_of = [&](const json::value& v) {
      return typed::with_declared_fields(&schema_, typed::fields_of(schema_, v));
    };
    const FieldSet present = all_of(merged);
    const FieldSet kept = all_of(pruned).united(typed::with_declared_fields(&schema_, managed));
    pruned = typed::without(schema_, merged, present.without(kept));

    return typed::without(schema_, merged, present.without(all_of(pruned)).intersected(last));
  }

  void refuse_conflicts(const FieldSet& changed) const {
    std::vector<Conflict> conflicts;
    FieldSet all;
    for (const auto& [id, entry] : managed_) {
      if (id == id_) continue;
      FieldSet shared = entry.fields.intersected(changed);
      if (shared.empty()) continue;
      all = all.united(shared);
      conflicts.push_back({&id, std::move(shared)});
    }
    if (conflicts.empty()) return;
    if (const auto allowed = fields_last_applied()) {
      if (all.without(*allowed).empty()) return;
      std::vector<Conflict> rest;
      for (auto& c : conflicts)
        if (FieldSet left = c.fields.without(*allowed); !left.empty()) rest.push_back({c.owner, std::move(left)});
      conflicts = std::move(rest);
    }
    throw conflict_error(conflicts);
  }

  // kubectl's change from client-side to server-side apply: it may take over what its annotation says that it applied,
  // as long as that has not been changed since.
  std::optional<FieldSet> fields_last_applied() const {
    if (manager_.name != "kubectl") return std::nullopt;
    const std::string text(annotation(live_, kLastApplied));
    if (text.empty()) return std::nullopt;
    try {
      const json::value last = json::parse(text);
      if (json::str(last, "apiVersion") != manager_.api_version || !typed::problems(schema_, last).empty())
        return std::nullopt;
      const auto since = typed::compare(schema_, last, live_);
      return typed::fields_of(schema_, last).without(since.modified).without(since.added).without(since.removed);
    } catch (const Error&) {
      return std::nullopt;
    }
  }

  void renew_last_applied(json::value& object) const {
    if (annotation(object, kLastApplied).empty()) return;
    json::value last = applied_;
    if (json::value* annotations = json::find(last, "metadata.annotations");
        annotations != nullptr && annotations->is_object())
      annotations->get_object().erase(kLastApplied);
    json::make_object(object, "metadata.annotations")[kLastApplied] = json::dump(json::sorted(last)) + "\n";
  }

  void own(bool changed) {
    const auto mine = managed_.find(id_);
    if (mine == managed_.end()) return;
    mine->second.fields = without_bookkeeping(mine->second.fields);
    if (mine->second.fields.empty())
      managed_.erase(mine);
    else if (changed)
      mine->second.time = manager_.time;
  }

  const Schema& schema_;
  const json::value& applied_;
  const Manager& manager_;
  const ManagerId id_;
  json::value live_;
  ManagedFields managed_;
};

// --- update ---

// `managedFields: []` and `managedFields: [{}]`
bool resets(const json::value* entries) {
  if (entries == nullptr || !entries->is_array()) return false;
  const auto& list = entries->get_array();
  return list.empty() || (list.size() == 1 && list[0].is_object() && list[0].get_object().empty());
}

// The owners before the request: those that it brings, which a client may have edited, or the ones stored.
ManagedFields owners_before(const json::value& before, const json::value& after, const Manager& manager) {
  if (manager.subresource.empty()) {
    if (resets(entries_of(after))) return {};
    if (ManagedFields brought = read_or_none(entries_of(after)); !brought.empty()) return brought;
  }
  return read_or_none(entries_of(before));
}

}  // namespace

json::value apply(const Schema& schema, const json::value& live, json::value applied, const Manager& manager,
                  bool force) {
  check(schema, live, applied, manager);
  return Apply(schema, live, applied, manager).run(force);
}

void track_update(const Schema& schema, const json::value& before, json::value& after, const Manager& manager) {
  ManagedFields managed = owners_before(before, after, manager);
  json::remove(after, "metadata.managedFields");
  // Who owns an object whose owners were forgotten is not known from one update.
  if (managed.empty() && before.is_object()) return;

  typed::Comparison changes = typed::compare(schema, before.is_object() ? before : json::value(json::object()), after);
  drop_out_of_reach(changes, manager);
  const FieldSet changed = changes.modified.united(changes.added);
  dispossess(managed, changed, changes.removed, nullptr);
  if (FieldSet mine = without_bookkeeping(changed); !mine.empty()) {
    Managed& entry = managed[id_of(manager, "Update")];
    entry = {entry.fields.united(mine), manager.api_version, manager.time};
  }
  cap_updaters(managed);
  write(after, managed);
}

void keep_times_if_unchanged(const json::value& before, json::value& after) {
  const json::value *was = entries_of(before), *is = entries_of(after);
  if (was == nullptr || is == nullptr || !was->is_array() || !is->is_array()) return;
  const auto &old_entries = was->get_array(), &new_entries = is->get_array();
  if (old_entries.size() != new_entries.size()) return;
  const auto timeless = [](const json::value& entry) {
    json::value copy = entry;
    json::remove(copy, "time");
    return copy;
  };
  for (size_t i = 0; i < old_entries.size(); ++i)
    if (!typed::equal(timeless(old_entries[i]), timeless(new_entries[i]))) return;
  json::value kept = after;
  json::set(kept, "metadata.managedFields", *was);
  if (typed::equal(kept, before)) after = std::move(kept);
}

}  // namespace spoke::kube
