#include "cluster/api/registry.h"

#include <algorithm>

#include "base/random.h"
#include "base/strings.h"
#include "cluster/api/object_changes.h"
#include "cluster/api/scale.h"
#include "kube/apply.h"
#include "kube/go_text.h"
#include "kube/patch.h"

namespace spoke::cluster {

using client::PatchType;
using net::Task;

Tags tags_of(const ResourceType& type, const Object& object) {
  Tags tags;
  tags.labels = kube::labels_of(object);
  tags.uid = kube::uid(object);
  for (const auto& owner : json::list(object, "metadata.ownerReferences"))
    tags.owners.emplace_back(json::str(owner, "uid"));
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

constexpr std::string_view kModified =
    "the object has been modified; please apply your changes to the latest version and try again";
constexpr size_t kMaxGeneratedBase = 58;  // names.maxGeneratedNameLength
constexpr int kGeneratedNameTries = 8;    // RetryGenerateName

kube::Manager manager(const ResourceType& type, const WriteOptions& options) {
  return {options.field_manager, type.id.api_version(), options.subresource, rfc3339(now()), type.has_status};
}

const kube::Schema& schema_of(const ResourceType& type) {
  static const kube::Schema any;
  return type.schema ? *type.schema : any;
}

// A status of its own is checked by itself: its messages name the members from there.
void validate_status(const kube::Schema& schema, const Object& object, Causes& causes) {
  const json::value* status = json::find(object, "status");
  const auto of = schema.properties.find("status");
  if (status == nullptr || of == schema.properties.end()) return;
  for (auto& cause : kube::validate(*of->second, *status)) {
    cause.field = cause.field.empty() ? "status" : "status." + cause.field;
    causes.push_back(std::move(cause));
  }
}

Object served(const ResourceType& type, Object stored) {
  return type.from_storage ? type.from_storage(std::move(stored)) : stored;
}
Object to_store(const ResourceType& type, Object given) {
  return type.to_storage ? type.to_storage(std::move(given)) : given;
}

// In the form in which it is kept; what has another version there is in that form already.
void normalize(const ResourceType& type, Object& object) {
  if (!type.to_storage) to_canonical(type, object);
}

void refuse_other_namespace(const ResourceType& type, std::string_view given, std::string_view ns) {
  if (type.id.namespaced && !given.empty() && given != ns)
    throw kube::bad_request("the namespace of the provided object does not match the namespace sent on the request");
}

kube::StatusError other_name(std::string_view given, std::string_view name) {
  return kube::bad_request(
      fmt::format("the name of the object ({}) does not match the name on the URL ({})", given, name));
}

}  // namespace

Registry::Registry(Store& store, Catalog& catalog, Admission& admission)
    : store_(store), catalog_(catalog), admission_(admission) {}

Object Registry::current(const ResourceType& type, std::string_view ns, std::string_view name) const {
  const Entry* entry = store_.latest(type.key(ns, name));
  if (entry == nullptr) throw kube::not_found(type.id.group, type.id.plural, name);
  return json::parse(*entry->body);
}

void Registry::check(const ResourceType& type, const Object* before, const Object& after,
                     const std::string& subresource, Causes causes) const {
  if (before == nullptr) {
    const std::string_view name = kube::name(after);
    if (name.empty())
      causes.push_back(kube::required("metadata.name", "name or generateName is required"));
    else
      for (const auto& why : type.check_name(name))
        causes.push_back(kube::invalid_value("metadata.name", json::value(name), why));
  }
  for (auto& cause : kube::check_metadata(after)) causes.push_back(std::move(cause));
  if (type.custom && type.schema && subresource == "status")
    validate_status(*type.schema, after, causes);
  else if (type.custom && type.schema) {
    for (auto& cause : check_scale(type, after)) causes.push_back(std::move(cause));
    for (auto& cause : kube::validate(*type.schema, after)) causes.push_back(std::move(cause));
  }
  if (type.validate) type.validate(after, causes);
  if (before != nullptr && type.validate_update) type.validate_update(*before, after, causes);
  // Refused as the kind that is kept, which of events.k8s.io's is core's.
  if (!causes.empty())
    throw kube::invalid(type.storage.starts_with("core/") ? "" : type.id.group, type.id.kind, kube::name(after),
                        causes);
}

// etcd's limit, so that what fits here fits anywhere.
constexpr size_t kLargest = 1536UL << 10U;

Task<Outcome> Registry::write(const ResourceType& type, std::string ns, std::string name, const Object* before,
                              Object after, WriteOptions options, std::vector<std::string> warnings) {
  const bool created = before == nullptr;
  if (options.permit) options.permit(before, after);
  if (options.dry_run) {
    if (created)
      json::remove(after, "metadata.resourceVersion");
    else
      json::set(after, "metadata.resourceVersion", std::string(kube::resource_version(*before)));
    co_return Outcome{json::dump(served(type, std::move(after))), created ? 201 : 200, std::move(warnings)};
  }
  std::string body = render(std::move(after), store_.next_revision());
  const Object stored = json::parse(body);
  Outcome outcome{type.from_storage ? json::dump(served(type, stored)) : body, created ? 201 : 200,
                  std::move(warnings)};
  Tags tags = tags_of(type, stored);
  try {
    if (body.size() > kLargest)
      throw kube::request_too_large(fmt::format("Request entity too large: an object may have {} bytes", kLargest));
    co_await store_.put(type.key(type.id.namespaced ? ns : "", name), std::move(body), std::move(tags));
  } catch (...) {
    admission_.undo(type, before, stored);
    throw;
  }
  if (type.storage == kDefinitions) catalog_.define(stored);
  co_return outcome;
}

Task<Outcome> Registry::create(const ResourceType& type, std::string ns, Object object, WriteOptions options) {
  std::vector<std::string> warnings;
  try {
    warnings = decode(catalog_, type, object, options.field_validation, options.duplicates);
  } catch (const Undecodable& e) {
    throw e.refusal(type);
  }
  refuse_other_namespace(type, kube::ns(object), ns);
  if (const auto version = kube::resource_version(object); !version.empty() && version != "0")
    throw kube::unclassified("resourceVersion should not be set on objects to be created");
  co_return co_await insert(type, std::move(ns), std::move(object), std::move(options), std::move(warnings), false);
}

// `applied`: its managed fields are said already.
Task<Outcome> Registry::insert(const ResourceType& type, std::string ns, Object object, WriteOptions options,
                               std::vector<std::string> warnings, bool applied) {
  if (json::find(object, "metadata") == nullptr) json::set(object, "metadata", json::object());
  if (type.id.namespaced)
    json::set(object, "metadata.namespace", ns);
  else
    json::remove(object, "metadata.namespace");
  admission_.check_namespace(type, ns, kube::name(object));
  for (const char* own : {"resourceVersion", "deletionTimestamp", "deletionGracePeriodSeconds", "selfLink"})
    json::remove(object, std::string("metadata.") + own);
  json::set(object, "metadata.uid", random_uuid());
  json::set(object, "metadata.creationTimestamp", rfc3339(now()));
  if (type.has_generation) json::set(object, "metadata.generation", 1);
  if (type.has_status && !type.status_on_create) json::remove(object, "status");
  if (type.custom && type.schema) kube::apply_defaults(*type.schema, object);
  if (type.defaults) type.defaults(object);
  // Before the kind and admission add to it: what they add belongs to nobody.
  if (!applied) kube::track_update(schema_of(type), nullptr, object, manager(type, options));

  const std::string base(std::string_view(json::str(object, "metadata.generateName")).substr(0, kMaxGeneratedBase));
  const bool generated = kube::name(object).empty() && !base.empty();
  for (int i = 0; generated && i < kGeneratedNameTries; ++i) {
    json::set(object, "metadata.name", base + random_suffix(5));
    if (store_.latest(type.key(type.id.namespaced ? ns : "", kube::name(object))) == nullptr) break;
  }
  object = to_store(type, std::move(object));
  admission_.admit(type, object);
  if (type.on_create) type.on_create(object);
  normalize(type, object);
  check(type, nullptr, object, "", {});
  const std::string name(kube::name(object));
  admission_.allow(type, object);
  if (const Entry* entry = store_.latest(type.key(type.id.namespaced ? ns : "", name))) {
    const kube::StatusError exists = kube::already_exists(type.id.group, type.id.plural, name);
    if (!kube::deleting(json::parse(*entry->body))) throw exists;
    throw kube::StatusError(exists.code(), exists.reason(), "object is being deleted: " + exists.message(),
                            exists.details());
  }
  admission_.allocate(type, nullptr, object, options.dry_run);
  co_return co_await write(type, std::move(ns), name, nullptr, std::move(object), std::move(options),
                           std::move(warnings));
}

Task<Outcome> Registry::update(const ResourceType& type, std::string ns, std::string name, Object object,
                               WriteOptions options) {
  std::vector<std::string> warnings;
  try {
    warnings = decode(catalog_, type, object, options.field_validation, options.duplicates);
  } catch (const Undecodable& e) {
    throw e.refusal(type);
  }
  if (json::find(object, "metadata") == nullptr) json::set(object, "metadata", json::object());
  if (const std::string given(kube::name(object)); given.empty())
    throw kube::bad_request(
        fmt::format("the name of the object ({} based on URL) was undeterminable: name must be provided", name));
  else if (given != name)
    throw other_name(given, name);
  refuse_other_namespace(type, kube::ns(object), ns);
  const std::string_view version = kube::resource_version(object);
  const Entry* entry = store_.latest(type.key(type.id.namespaced ? ns : "", name));
  if (entry == nullptr) {
    if (!type.create_on_update || !options.subresource.empty() || !version.empty())
      throw kube::not_found(type.id.group, type.id.plural, name);
    co_return co_await insert(type, std::move(ns), std::move(object), std::move(options), std::move(warnings), false);
  }
  Object stored = json::parse(*entry->body);
  if (const std::string_view given = kube::uid(object); !given.empty() && given != kube::uid(stored))
    throw kube::conflict(
        type.id.group, type.id.plural, name,
        fmt::format("Precondition failed: UID in precondition: {}, UID in object meta: {}", given, kube::uid(stored)));
  if ((version.empty() || version == "0") && !type.unconditional_update)
    throw kube::invalid(
        type.id.group, type.id.plural, name,
        {kube::invalid_value("metadata.resourceVersion", json::value(0), "must be specified for an update")});
  co_return co_await replace(type, std::move(ns), std::move(name), std::move(stored), std::move(object),
                             std::move(options), std::move(warnings), false);
}

Task<Outcome> Registry::apply(const ResourceType& type, std::string ns, std::string name, json::value body,
                              WriteOptions options) {
  const std::string api_version(json::str(body, "apiVersion"));
  if (kube::kind(body) != type.id.kind || api_version != type.id.api_version()) {
    const auto [group, version] = kube::group_version(api_version);
    throw kube::bad_request(fmt::format("invalid object type: {}/{}, Kind={}", group, version, kube::kind(body)));
  }
  if (const std::string given(kube::name(body)); !given.empty() && given != name) throw other_name(given, name);
  refuse_other_namespace(type, kube::ns(body), ns);
  const Entry* entry = store_.latest(type.key(type.id.namespaced ? ns : "", name));
  if (entry == nullptr) {
    if (!options.subresource.empty()) throw kube::not_found(type.id.group, type.id.plural, name);
    if (const auto uid = kube::uid(body); !uid.empty())
      throw kube::conflict(
          type.id.group, type.id.plural, name,
          fmt::format("uid mismatch: the provided object specified uid {}, and no existing object was found", uid));
    Object object = kube::apply(schema_of(type), nullptr, std::move(body), manager(type, options), options.force);
    json::set(object, "metadata.name", name);
    to_canonical(type, object);
    co_return co_await insert(type, std::move(ns), std::move(object), std::move(options), {}, true);
  }
  Object stored = json::parse(*entry->body);
  if (const std::string given(kube::resource_version(body)); !given.empty() && given != kube::resource_version(stored))
    throw kube::conflict(type.id.group, type.id.plural, name, kModified);
  Object after =
      kube::apply(schema_of(type), served(type, stored), std::move(body), manager(type, options), options.force);
  to_canonical(type, after);
  co_return co_await replace(type, std::move(ns), std::move(name), std::move(stored), std::move(after),
                             std::move(options), {}, true);
}

Task<Outcome> Registry::patch(const ResourceType& type, std::string ns, std::string name, PatchType kind,
                              json::value body, WriteOptions options) {
  if (kind == PatchType::Apply)
    co_return co_await apply(type, std::move(ns), std::move(name), std::move(body), std::move(options));
  Object stored = current(type, type.id.namespaced ? ns : "", name);
  const Object shown = served(type, stored);
  Object after;
  if (kind == PatchType::Json) after = kube::json_patch(shown, body);
  if (kind == PatchType::Merge) after = kube::merge_patch(shown, body);
  if (kind == PatchType::Strategic) {
    if (type.custom)
      throw kube::unsupported_media_type(
          "the body of the request was in an unknown format - accepted media types include: "
          "application/json-patch+json, "
          "application/merge-patch+json, application/apply-patch+yaml");
    after = kube::strategic_merge_patch(schema_of(type), shown, body);
  }
  std::vector<std::string> warnings;
  const json::value patched =
      kind == PatchType::Strategic ? json::value(kube::go_printed(body)) : json::value(json::dump(after));
  try {
    warnings = decode(catalog_, type, after, options.field_validation, options.duplicates);
  } catch (const Undecodable& e) {
    throw e.refusal_of_patch(patched);
  }
  if (kube::name(after) != name) throw other_name(kube::name(after), name);
  refuse_other_namespace(type, kube::ns(after), ns);
  co_return co_await replace(type, std::move(ns), std::move(name), std::move(stored), std::move(after),
                             std::move(options), std::move(warnings), false);
}

Task<Outcome> Registry::replace(const ResourceType& type, std::string ns, std::string name, Object stored, Object after,
                                WriteOptions options, std::vector<std::string> warnings, bool applied) {
  const Object before = served(type, stored);
  if (const std::string_view given = kube::resource_version(after);
      !given.empty() && given != "0" && given != kube::resource_version(stored)) {
    if (!to_int(given))
      throw kube::unclassified(fmt::format("strconv.ParseUint: parsing {}: invalid syntax", kube::go_quoted(given)));
    throw kube::conflict(type.id.group, type.id.plural, name, kModified);
  }
  Causes causes;
  settle_metadata(before, after, causes);
  const bool whole = options.subresource.empty();
  if (options.subresource == "status") after = with_status_of(type, before, after);
  if (options.subresource == "finalize") after = with_finalizers_of(before, after);
  if (whole && type.has_status) keep_status(before, after);
  if (whole && type.on_update) type.on_update(before, after);
  if (type.custom && type.schema) kube::apply_defaults(*type.schema, after);
  if (type.defaults) type.defaults(after);
  if (!applied) kube::track_update(schema_of(type), before, after, manager(type, options));
  after = to_store(type, std::move(after));
  if (whole) Admission::admit_update(type, after);
  normalize(type, after);
  check(type, &stored, after, options.subresource, std::move(causes));
  if (whole) admission_.allocate(type, &stored, after, options.dry_run);
  if (counts_as_generation(type, stored, after))
    json::set(after, "metadata.generation", json::num(stored, "metadata.generation") + 1);

  // The last finalizer gone, so is the object. It is told as it was stored, without a revision of its own.
  if (kube::deleting(stored) && has_finalizers(stored) != has_finalizers(after) && !has_finalizers(after) &&
      json::num(stored, "metadata.deletionGracePeriodSeconds") == 0 &&
      (type.storage != "core/namespaces" || json::list(after, "spec.finalizers").empty())) {
    Outcome outcome{json::dump(served(type, std::move(after))), 200, std::move(warnings)};
    if (!options.dry_run) co_await erase(type, std::move(ns), std::move(name), std::move(stored));
    co_return outcome;
  }
  // A write that changes nothing is none: the revision stays, nobody is told.
  kube::keep_times_if_unchanged(stored, after);
  if (same_state(stored, after)) co_return Outcome{json::dump(before), 200, std::move(warnings)};
  co_return co_await write(type, std::move(ns), std::move(name), &stored, std::move(after), std::move(options),
                           std::move(warnings));
}

Task<> Registry::place(const ResourceType& type, std::string ns, std::string name, Object object) {
  const Object before = current(type, ns, name);
  normalize(type, object);
  co_await write(type, std::move(ns), std::move(name), &before, std::move(object), {}, {});
}

}  // namespace spoke::cluster
