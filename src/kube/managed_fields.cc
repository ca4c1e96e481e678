#include "kube/managed_fields.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/time.h"
#include "kube/go_text.h"

namespace spoke::kube {
namespace {

constexpr size_t kMaxUpdaters = 10;
constexpr std::string_view kOldUpdates = "ancient-changes";

// Entries are ordered by the second.
std::int64_t seconds(const std::string& time) {
  const auto parsed = parse_rfc3339(time);
  return parsed ? std::chrono::floor<std::chrono::seconds>(*parsed).time_since_epoch().count() : 0;
}

}  // namespace

std::string ManagerId::text() const {
  std::string out = go_quoted(name);
  if (!subresource.empty()) out += " with subresource " + go_quoted(subresource);
  if (!applies()) out += " using " + api_version;
  return out;
}

ManagedFields read_managed_fields(const json::value* entries) {
  ManagedFields out;
  if (entries == nullptr || entries->is_null()) return out;
  if (!entries->is_array()) fail("managedFields: must be a list");
  for (const auto& entry : entries->get_array()) {
    ManagerId id{.name = std::string(json::str(entry, "manager")),
                 .operation = std::string(json::str(entry, "operation")),
                 .api_version = std::string(json::str(entry, "apiVersion")),
                 .subresource = std::string(json::str(entry, "subresource"))};
    if (id.operation != "Apply" && id.operation != "Update")
      fail("managedFields: operation must be `Apply` or `Update`");
    if (id.api_version.empty()) fail("managedFields: apiVersion must not be empty");
    if (json::str(entry, "fieldsType") != "FieldsV1") fail("managedFields: fieldsType must be FieldsV1");
    Managed managed{.fields = {}, .api_version = id.api_version, .time = std::string(json::str(entry, "time"))};
    if (const json::value* fields = json::find(entry, "fieldsV1")) managed.fields = FieldSet::from_json(*fields);
    if (id.applies()) id.api_version.clear();
    out[std::move(id)] = std::move(managed);
  }
  return out;
}

json::array write_managed_fields(const ManagedFields& managed) {
  struct Row {
    const ManagerId* id;
    const Managed* managed;
    std::int64_t seconds;
    auto key() const { return std::tie(id->operation, seconds, id->name, managed->api_version, id->subresource); }
  };
  std::vector<Row> rows;
  for (const auto& [id, entry] : managed) rows.push_back({&id, &entry, seconds(entry.time)});
  std::sort(rows.begin(), rows.end(), [](const Row& a, const Row& b) { return a.key() < b.key(); });

  json::array out;
  for (const Row& row : rows) {
    json::object entry{
        {"manager", row.id->name}, {"operation", row.id->operation}, {"apiVersion", row.managed->api_version}};
    if (!row.managed->time.empty()) entry["time"] = row.managed->time;
    entry["fieldsType"] = "FieldsV1";
    entry["fieldsV1"] = row.managed->fields.to_json();
    if (!row.id->subresource.empty()) entry["subresource"] = row.id->subresource;
    out.push_back(std::move(entry));
  }
  return out;
}

void cap_updaters(ManagedFields& managed) {
  struct Updater {
    std::int64_t seconds;
    ManagerId id;
    auto operator<=>(const Updater&) const = default;
  };
  std::vector<Updater> updaters;
  for (const auto& [id, entry] : managed)
    if (!id.applies()) updaters.push_back({seconds(entry.time), id});
  if (updaters.size() <= kMaxUpdaters) return;
  std::sort(updaters.begin(), updaters.end());

  size_t left = updaters.size();
  std::map<std::string, ManagerId> first;  // of each version: it becomes the bucket when a second one goes there
  for (const auto& [_, id] : updaters) {
    if (left <= kMaxUpdaters) return;
    const auto [oldest, none_before] = first.try_emplace(id.api_version, id);
    if (none_before) continue;
    const ManagerId bucket{std::string(kOldUpdates), "Update", id.api_version, ""};
    if (!managed.contains(bucket)) {
      auto node = managed.extract(oldest->second);
      node.key() = bucket;
      managed.insert(std::move(node));
    }
    if (id == bucket) continue;
    auto merged = managed.extract(id);
    Managed& into = managed[bucket];
    into.fields = into.fields.united(merged.mapped().fields);
    into.time = merged.mapped().time;  // the later of both
    --left;
  }
}

}  // namespace spoke::kube
