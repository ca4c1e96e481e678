#include "cluster/api/registry.h"

#include <algorithm>

#include "base/random.h"
#include "base/strings.h"
#include "kube/apply.h"
#include "kube/patch.h"

namespace spoke::cluster {

using net::Task;

Tags tags_of(const ResourceType& type, const Object& object) {
  Tags tags;
  tags.labels = kube::labels_of(object);
  tags.uid = kube::uid(object);
  for (const auto& owner : json::list(object, "metadata.ownerReferences")) tags.owners.emplace_back(json::str(owner, "uid"));
  tags.fields = {{"metadata.name", std::string(kube::name(object))}};
  if (type.id.namespaced) tags.fields.emplace_back("metadata.namespace", kube::ns(object));
  if (type.fields) type.fields(object, tags.fields);
  return tags;
}

std::string render(Object object, Revision revision) {
  json::set(object, "metadata.resourceVersion", std::to_string(revision));
  auto& members = object.get_object();
  json::object ordered;
  ordered.reserve(members.size());
  for (const char* first : {"kind", "apiVersion", "metadata"})
    if (const auto it = members.find(first); it != members.end()) ordered.emplace(first, std::move(it->value()));
  for (auto& [name, value] : members)
    if (!ordered.contains(name)) ordered.emplace(name, std::move(value));
  return json::dump(ordered);
}

namespace {

std::string time_now() { return rfc3339(now()); }

kube::Manager manager(const ResourceType& type, const WriteOptions& options) {
  return {options.field_manager, type.id.api_version(), options.subresource, time_now()};
}

const kube::Schema& schema_of(const ResourceType& type) {
  static const kube::Schema any;
  return type.schema ? *type.schema : any;
}

json::object without_metadata_and_status(const Object& o) {
  json::object out = o.get_object();
  out.erase("metadata");
  out.erase("status");
  return out;
}

// Whether two states differ in more than who managed what, and when.
bool same_but_for_managers(Object a, Object b) {
  json::remove(a, "metadata.managedFields");
  json::remove(b, "metadata.managedFields");
  json::remove(a, "metadata.resourceVersion");
  json::remove(b, "metadata.resourceVersion");
  return a == b;
}

std::string success_status(const ResourceType& type, const Object& object) {
  json::object details{{"name", kube::name(object)}};
  if (!type.id.group.empty()) details["group"] = type.id.group;
  details["kind"] = type.id.plural;
  details["uid"] = kube::uid(object);
  return json::dump(json::object{
      {"kind", "Status"}, {"apiVersion", "v1"}, {"metadata", json::object()}, {"status", "Success"}, {"details", std::move(details)}});
}

void drop_finalizer(Object& o, std::string_view name) {
  json::value* list = json::find(o, "metadata.finalizers");
  if (list == nullptr || !list->is_array()) return;
  json::array kept;
  for (const auto& f : list->get_array())
    if (!f.is_string() || f.get_string() != name) kept.push_back(f);
  if (kept.empty())
    json::remove(o, "metadata.finalizers");
  else
    *list = std::move(kept);
}

}  // namespace

Registry::Registry(Store& store, Catalog& catalog, Admission& admission)
    : store_(store), catalog_(catalog), admission_(admission) {}

Object Registry::current(const ResourceType& type, std::string_view ns, std::string_view name) const {
  const Entry* entry = store_.latest(type.key(ns, name));
  if (entry == nullptr) throw kube::not_found(type.id.group, type.id.plural, name);
  return json::parse(*entry->body);
}

void Registry::decode(const ResourceType& type, Object& object, const WriteOptions& options,
                      std::vector<std::string>& warnings) const {
  if (!object.is_object()) throw kube::bad_request("the request body is not a JSON object");
  const std::string version = type.id.api_version();
  const std::string_view given_kind = kube::kind(object), given_version = json::str(object, "apiVersion");
  if (given_kind.empty() || given_version.empty()) {
    auto& members = object.get_object();
    if (given_kind.empty()) members["kind"] = type.id.kind;
    if (given_version.empty()) members["apiVersion"] = version;
  }
  if (kube::kind(object) != type.id.kind || json::str(object, "apiVersion") != version) {
    if (json::str(object, "apiVersion") != version && kube::kind(object) == type.id.kind)
      throw kube::bad_request(fmt::format("the API version in the data ({}) does not match the expected API version ({})",
                                          json::str(object, "apiVersion"), version));
    throw kube::bad_request(fmt::format("{} in version \"{}\" cannot be handled as a {}: no kind \"{}\" is registered for version \"{}\" in scheme",
                                        kube::kind(object), type.id.version, type.id.kind, kube::kind(object), json::str(object, "apiVersion")));
  }
  if (!type.schema) return;
  if (!type.custom)
    if (const auto wrong = kube::check_types(*type.schema, object))
      throw kube::bad_request(fmt::format("{} in version \"{}\" cannot be handled as a {}: {}", type.id.kind, type.id.version, type.id.kind, *wrong));
  std::vector<std::string> problems;
  for (const auto& path : kube::prune(*type.schema, object)) problems.push_back("unknown field \"" + path + "\"");
  if (problems.empty() || options.field_validation == FieldValidation::Ignore) return;
  if (options.field_validation == FieldValidation::Strict) {
    const std::string what = "strict decoding error: " + join(problems, ", ");
    throw kube::bad_request(type.custom ? what
                                        : fmt::format("{} in version \"{}\" cannot be handled as a {}: {}", type.id.kind,
                                                      type.id.version, type.id.kind, what));
  }
  warnings.insert(warnings.end(), problems.begin(), problems.end());
}

void Registry::check(const ResourceType& type, const Object* before, const Object& after) const {
  Causes causes;
  if (before == nullptr) {
    const std::string_view name = kube::name(after);
    if (name.empty())
      causes.push_back(kube::required("metadata.name", "name or generateName is required"));
    else
      for (const auto& why : type.check_name(name)) causes.push_back(kube::invalid_value("metadata.name", json::value(name), why));
  }
  for (auto& cause : kube::check_metadata(after)) causes.push_back(std::move(cause));
  if (type.custom && type.schema)
    for (auto& cause : kube::validate(*type.schema, after)) causes.push_back(std::move(cause));
  if (type.validate) type.validate(after, causes);
  if (before != nullptr && type.validate_update) type.validate_update(*before, after, causes);
  if (!causes.empty()) throw kube::invalid(type.id.group, type.id.kind, kube::name(after), causes);
}

Task<Outcome> Registry::write(const ResourceType& type, std::string ns, std::string name, const Object* before, Object after,
                              WriteOptions options, std::vector<std::string> warnings) {
  const bool created = before == nullptr;
  std::string body = render(std::move(after), options.dry_run && before != nullptr ? to_int(kube::resource_version(*before)).value_or(0)
                                                                                   : store_.next_revision());
  Outcome outcome{body, created ? 201 : 200, std::move(warnings)};
  if (options.dry_run) {
    if (created) {
      Object shown = json::parse(body);
      json::remove(shown, "metadata.resourceVersion");
      outcome.body = json::dump(shown);
      admission_.forget(type, shown);
    }
    if (type.from_storage) outcome.body = json::dump(type.from_storage(json::parse(outcome.body)));
    co_return outcome;
  }
  const Object stored = json::parse(body);
  Tags tags = tags_of(type, stored);
  if (type.from_storage) outcome.body = json::dump(type.from_storage(stored));
  co_await store_.put(type.key(type.id.namespaced ? ns : "", name), std::move(body), std::move(tags));
  if (type.storage == "apiextensions.k8s.io/customresourcedefinitions") catalog_.define(stored);
  co_return outcome;
}

Task<Outcome> Registry::create(const ResourceType& type, std::string ns, Object object, WriteOptions options) {
  std::vector<std::string> warnings;
  decode(type, object, options, warnings);
  if (json::find(object, "metadata") == nullptr) json::set(object, "metadata", json::object());
  const std::string given_ns(kube::ns(object));
  if (type.id.namespaced && !given_ns.empty() && given_ns != ns)
    throw kube::bad_request("the namespace of the provided object does not match the namespace sent on the request");
  if (type.id.namespaced)
    json::set(object, "metadata.namespace", ns);
  else
    json::remove(object, "metadata.namespace");
  if (kube::name(object).empty() && !json::str(object, "metadata.generateName").empty()) {
    std::string base(json::str(object, "metadata.generateName"));
    base.resize(std::min<size_t>(base.size(), 58));  // maxGeneratedNameLength
    json::set(object, "metadata.name", base + random_suffix(5));
  }
  admission_.check_namespace(type, ns, kube::name(object));
  if (!kube::resource_version(object).empty() && kube::resource_version(object) != "0")
    throw kube::internal_error("resourceVersion should not be set on objects to be created");
  for (const char* own : {"resourceVersion", "deletionTimestamp", "deletionGracePeriodSeconds", "selfLink", "managedFields"})
    json::remove(object, std::string("metadata.") + own);
  json::set(object, "metadata.uid", random_uuid());
  json::set(object, "metadata.creationTimestamp", time_now());
  if (type.has_generation)
    json::set(object, "metadata.generation", 1);
  else
    json::remove(object, "metadata.generation");

  if (type.to_storage) object = type.to_storage(std::move(object));
  if (type.custom && type.schema) kube::apply_defaults(*type.schema, object);
  if (type.has_status) json::remove(object, "status");
  if (type.defaults) type.defaults(object);
  // A Service's address is taken last, so that one that is refused costs none.
  const bool address_last = type.storage == "core/services";
  if (!address_last) admission_.admit(type, object);
  if (type.on_create) type.on_create(object);
  check(type, nullptr, object);
  const std::string name(kube::name(object));
  if (store_.latest(type.key(type.id.namespaced ? ns : "", name)) != nullptr)
    throw kube::already_exists(type.id.group, type.id.plural, name);
  if (address_last) admission_.admit(type, object);
  kube::track_update(schema_of(type), nullptr, object, manager(type, options));
  co_return co_await write(type, std::move(ns), name, nullptr, std::move(object), std::move(options), std::move(warnings));
}

Task<Outcome> Registry::update(const ResourceType& type, std::string ns, std::string name, Object object, WriteOptions options) {
  std::vector<std::string> warnings;
  decode(type, object, options, warnings);
  if (json::find(object, "metadata") == nullptr) json::set(object, "metadata", json::object());
  if (const std::string given(kube::name(object)); given != name) {
    if (given.empty()) throw kube::bad_request("metadata.name: Required value: must be set for an update");
    throw kube::bad_request(fmt::format("the name of the object ({}) does not match the name on the URL ({})", given, name));
  }
  if (const std::string given(kube::ns(object)); type.id.namespaced && !given.empty() && given != ns)
    throw kube::bad_request("the namespace of the provided object does not match the namespace sent on the request");
  const Entry* entry = store_.latest(type.key(type.id.namespaced ? ns : "", name));
  if (entry == nullptr) {
    if (!type.create_on_update || !options.subresource.empty()) throw kube::not_found(type.id.group, type.id.plural, name);
    if (!kube::resource_version(object).empty()) throw kube::not_found(type.id.group, type.id.plural, name);
    co_return co_await create(type, std::move(ns), std::move(object), std::move(options));
  }
  if (type.to_storage) object = type.to_storage(std::move(object));
  co_return co_await replace(type, std::move(ns), std::move(name), json::parse(*entry->body), std::move(object),
                             std::move(options), std::move(warnings), false);
}

Task<Outcome> Registry::patch(const ResourceType& type, std::string ns, std::string name, client::PatchType kind, json::value body,
                              WriteOptions options) {
  using client::PatchType;
  std::vector<std::string> warnings;
  const Entry* entry = store_.latest(type.key(type.id.namespaced ? ns : "", name));
  if (kind == PatchType::Apply) {
    decode(type, body, options, warnings);
    if (json::find(body, "metadata.managedFields") != nullptr) throw kube::bad_request("metadata.managedFields must be nil");
    if (const std::string given(kube::name(body)); !given.empty() && given != name)
      throw kube::bad_request(fmt::format("the name of the object ({}) does not match the name on the URL ({})", given, name));
    json::set(body, "metadata.name", name);
    if (type.id.namespaced) json::set(body, "metadata.namespace", ns);
    if (type.to_storage) body = type.to_storage(std::move(body));
    if (entry == nullptr) {
      if (!options.subresource.empty()) throw kube::not_found(type.id.group, type.id.plural, name);
      if (!kube::uid(body).empty() ) throw kube::conflict(type.id.group, type.id.plural, name, "uid mismatch: the provided object specified uid " + std::string(kube::uid(body)) + ", and no existing object was found");
      admission_.check_namespace(type, ns, name);
      Object object = kube::apply(schema_of(type), nullptr, std::move(body), manager(type, options), options.force);
      const json::array managed = json::list(object, "metadata.managedFields");
      if (type.from_storage) object = type.from_storage(std::move(object));
      // As a create, but the fields are the applier's; defaults belong to nobody.
      json::remove(object, "metadata.managedFields");
      json::set(object, "metadata.uid", random_uuid());
      json::set(object, "metadata.creationTimestamp", time_now());
      if (type.has_generation) json::set(object, "metadata.generation", 1);
      if (type.to_storage) object = type.to_storage(std::move(object));
      if (type.custom && type.schema) kube::apply_defaults(*type.schema, object);
      if (type.has_status) json::remove(object, "status");
      if (type.defaults) type.defaults(object);
      if (type.on_create) type.on_create(object);
      check(type, nullptr, object);
      admission_.admit(type, object);
      if (!managed.empty()) json::set(object, "metadata.managedFields", managed);
      co_return co_await write(type, std::move(ns), std::move(name), nullptr, std::move(object), std::move(options), std::move(warnings));
    }
    Object before = json::parse(*entry->body);
    if (const std::string given(kube::resource_version(body)); !given.empty() && given != kube::resource_version(before))
      throw kube::conflict(type.id.group, type.id.plural, name, "the object has been modified; please apply your changes to the latest version and try again");
    Object after = kube::apply(schema_of(type), before, std::move(body), manager(type, options), options.force);
    co_return co_await replace(type, std::move(ns), std::move(name), std::move(before), std::move(after), std::move(options), std::move(warnings), true);
  }
  if (entry == nullptr) throw kube::not_found(type.id.group, type.id.plural, name);
  Object before = json::parse(*entry->body);
  const Object shown = type.from_storage ? type.from_storage(before) : before;
  Object after;
  switch (kind) {
    case PatchType::Json: after = kube::json_patch(shown, body); break;
    case PatchType::Merge: after = kube::merge_patch(shown, body); break;
    case PatchType::Strategic:
      if (type.custom)
        throw kube::unsupported_media_type(
            "the body of the request was in an unknown format - accepted media types include: application/json-patch+json, "
            "application/merge-patch+json, application/apply-patch+yaml");
      after = kube::strategic_merge_patch(schema_of(type), shown, body);
      break;
    case PatchType::Apply: break;
  }
  decode(type, after, options, warnings);
  if (kube::name(after) != name)
    throw kube::bad_request(fmt::format("the name of the object ({}) does not match the name on the URL ({})", kube::name(after), name));
  if (type.to_storage) after = type.to_storage(std::move(after));
  co_return co_await replace(type, std::move(ns), std::move(name), std::move(before), std::move(after), std::move(options), std::move(warnings), false);
}

Task<Outcome> Registry::replace(const ResourceType& type, std::string ns, std::string name, Object before, Object after,
                                WriteOptions options, std::vector<std::string> warnings, bool applied) {
  constexpr std::string_view modified = "the object has been modified; please apply your changes to the latest version and try again";
  if (const std::string_view given = kube::resource_version(after); !given.empty() && given != "0" && given != kube::resource_version(before))
    throw kube::conflict(type.id.group, type.id.plural, name, modified);
  if (const std::string_view given = kube::uid(after); !given.empty() && given != kube::uid(before))
    throw kube::conflict(type.id.group, type.id.plural, name,
                         fmt::format("Precondition failed: UID in precondition: {}, UID in object meta: {}", given, kube::uid(before)));

  const bool status_only = options.subresource == "status";
  if (status_only) {
    // Of the object only the status is taken; of a built-in kind's metadata labels, annotations and finalizers, too.
    Object merged = before;
    if (const json::value* status = json::find(after, "status")) json::set(merged, "status", *status);
    else json::remove(merged, "status");
    if (!type.custom)
      for (const char* member : {"labels", "annotations", "finalizers"}) {
        const std::string path = std::string("metadata.") + member;
        if (const json::value* given = json::find(after, path)) json::set(merged, path, *given);
        else json::remove(merged, path);
      }
    if (const json::value* managed = json::find(after, "metadata.managedFields")) json::set(merged, "metadata.managedFields", *managed);
    after = std::move(merged);
  } else {
    for (const char* own : {"name", "namespace", "uid", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds", "generation", "selfLink", "generateName"}) {
      const std::string path = std::string("metadata.") + own;
      if (const json::value* was = json::find(before, path)) json::set(after, path, *was);
      else json::remove(after, path);
    }
    if (type.has_status) {
      if (const json::value* was = json::find(before, "status")) json::set(after, "status", *was);
      else json::remove(after, "status");
    }
    if (type.on_update) type.on_update(before, after);
    if (type.custom && type.schema) kube::apply_defaults(*type.schema, after);
    if (type.defaults) type.defaults(after);
    admission_.admit_update(type, after);
  }
  if (!applied && json::find(after, "metadata.managedFields") == nullptr)
    if (const json::value* was = json::find(before, "metadata.managedFields")) json::set(after, "metadata.managedFields", *was);
  if (type.custom && status_only && type.schema) kube::apply_defaults(*type.schema, after);
  check(type, &before, after);
  if (type.has_generation && !status_only && without_metadata_and_status(before) != without_metadata_and_status(after))
    json::set(after, "metadata.generation", json::num(before, "metadata.generation") + 1);
  if (!applied) kube::track_update(schema_of(type), before, after, manager(type, options));

  if (kube::deleting(after) && json::list(after, "metadata.finalizers").empty() &&
      !json::list(before, "metadata.finalizers").empty() && !(type.graceful && json::num(after, "metadata.deletionGracePeriodSeconds") > 0)) {
    if (type.storage != "core/namespaces" || json::list(after, "spec.finalizers").empty()) {
      Outcome outcome{json::dump(type.from_storage ? type.from_storage(after) : after), 200, std::move(warnings)};
      co_await erase(type, std::move(ns), std::move(name), std::move(after));
      co_return outcome;
    }
  }
  // A write that changes nothing is none: the revision stays, nobody is told.
  if (same_but_for_managers(before, after) && (!applied || json::members(before, "metadata")  == json::members(after, "metadata"))) {
    const Object& shown = before;
    co_return Outcome{json::dump(type.from_storage ? type.from_storage(shown) : shown), 200, std::move(warnings)};
  }
  co_return co_await write(type, std::move(ns), std::move(name), &before, std::move(after), std::move(options), std::move(warnings));
}

Task<> Registry::erase(const ResourceType& type, std::string ns, std::string name, Object last) {
  admission_.forget(type, last);
  Tags tags = tags_of(type, last);
  const std::string definition = type.storage == "apiextensions.k8s.io/customresourcedefinitions" ? name : "";
  co_await store_.erase(type.key(type.id.namespaced ? ns : "", name), render(std::move(last), store_.next_revision()), std::move(tags));
  if (!definition.empty()) catalog_.forget(definition);
}

Task<Outcome> Registry::remove(const ResourceType& type, std::string ns, std::string name, client::DeleteOptions options, bool dry_run) {
  Object object = current(type, type.id.namespaced ? ns : "", name);
  Admission::check_delete(type, name);
  if (!options.uid.empty() && options.uid != kube::uid(object))
    throw kube::conflict(type.id.group, type.id.plural, name,
                         fmt::format("the UID in the precondition ({}) does not match the UID in record ({}). The object might have been deleted and then recreated", options.uid, kube::uid(object)));
  if (!options.resource_version.empty() && options.resource_version != kube::resource_version(object))
    throw kube::conflict(type.id.group, type.id.plural, name,
                         fmt::format("the ResourceVersion in the precondition ({}) does not match the ResourceVersion in record ({}). The object might have been modified", options.resource_version, kube::resource_version(object)));

  const auto shown = [&](const Object& o) { return json::dump(type.from_storage ? type.from_storage(o) : o); };
  long grace = 0;
  if (type.graceful) {
    grace = options.grace_period_seconds.value_or(json::num(object, "spec.terminationGracePeriodSeconds", 30));
    const std::string_view phase = json::str(object, "status.phase");
    // Nothing runs of a pod that no node has, or that has ended.
    if (json::str(object, "spec.nodeName").empty() || phase == "Succeeded" || phase == "Failed") grace = 0;
  }
  const bool was_deleting = kube::deleting(object);
  if (!was_deleting) {
    if (options.propagation == "Foreground") json::make_array(object, "metadata.finalizers").emplace_back("foregroundDeletion");
    if (options.propagation == "Orphan") json::make_array(object, "metadata.finalizers").emplace_back("orphan");
  }
  const bool waits = !json::list(object, "metadata.finalizers").empty() ||
                     (type.storage == "core/namespaces" && !json::list(object, "spec.finalizers").empty());
  if (was_deleting && type.graceful && grace >= json::num(object, "metadata.deletionGracePeriodSeconds") && grace > 0)
    co_return Outcome{shown(object), 200, {}};
  if (was_deleting && waits && !(type.graceful && grace == 0 && json::num(object, "metadata.deletionGracePeriodSeconds") > 0))
    co_return Outcome{shown(object), type.storage == "core/namespaces" ? 409 : 200, {}};
  if (waits || grace > 0) {
    json::set(object, "metadata.deletionTimestamp", rfc3339(now() + std::chrono::seconds(grace)));
    json::set(object, "metadata.deletionGracePeriodSeconds", grace);
    if (type.has_generation && !was_deleting) json::set(object, "metadata.generation", json::num(object, "metadata.generation") + 1);
    if (type.storage == "core/namespaces") json::set(object, "status.phase", "Terminating");
    WriteOptions write_options;
    write_options.dry_run = dry_run;
    const Object before = current(type, type.id.namespaced ? ns : "", name);
    co_return co_await write(type, std::move(ns), std::move(name), &before, std::move(object), std::move(write_options), {});
  }
  Outcome outcome{type.graceful ? "" : success_status(type, object), 200, {}};
  if (type.graceful) {
    if (!was_deleting) {
      json::set(object, "metadata.deletionTimestamp", time_now());
      json::set(object, "metadata.deletionGracePeriodSeconds", 0);
    }
    outcome.body = shown(object);
  }
  if (!dry_run) co_await erase(type, std::move(ns), std::move(name), std::move(object));
  co_return outcome;
}

Task<> Registry::place(const ResourceType& type, std::string ns, std::string name, Object object) {
  const Object before = current(type, ns, name);
  co_await write(type, std::move(ns), std::move(name), &before, std::move(object), {}, {});
}

Task<> Registry::finalize_namespace(std::string name) {
  const ResourceType& type = *catalog_.find("", "v1", "namespaces");
  Object object = current(type, "", name);
  json::set(object, "spec", json::object());
  drop_finalizer(object, "kubernetes");
  if (json::list(object, "metadata.finalizers").empty()) {
    co_await erase(type, "", std::move(name), std::move(object));
    co_return;
  }
  const Object before = current(type, "", name);
  co_await write(type, "", std::move(name), &before, std::move(object), {}, {});
}

}  // namespace spoke::cluster
