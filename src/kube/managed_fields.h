// metadata.managedFields: who owns which fields, as the object says it.
// Source: k8s.io/apimachinery/pkg/util/managedfields.
#pragma once

#include <compare>
#include <map>
#include <string>
#include <string_view>
#include <tuple>

#include "data/json.h"
#include "kube/field_set.h"

namespace spoke::kube {

// What tells one entry from another. Appliers are the same whatever the version they apply; updaters are not.
struct ManagerId {
  std::string name;
  std::string operation;    // "Apply" or "Update"
  std::string api_version;  // "" of appliers
  std::string subresource;

  bool applies() const { return operation == "Apply"; }
  std::string text() const;  // as conflicts name it: `"a"`, `"a" with subresource "status" using v1`

  // The order in which conflicts name managers: that of the JSON in which the API server keeps their identity, where
  // what has a subresource comes before what has none.
  auto key() const {
    return std::tuple<const std::string&, const std::string&, const std::string&, bool, const std::string&>(
        name, operation, api_version, subresource.empty(), subresource);
  }
  friend auto operator<=>(const ManagerId& a, const ManagerId& b) { return a.key() <=> b.key(); }
  friend bool operator==(const ManagerId& a, const ManagerId& b) { return a.key() == b.key(); }
};

struct Managed {
  FieldSet fields;
  std::string api_version;
  std::string time;  // "" where there is none: an applier that has changed nothing yet
};

using ManagedFields = std::map<ManagerId, Managed>;

// Throws Error where an entry is malformed. Null and no list read as no entries.
ManagedFields read_managed_fields(const json::value* entries);

// Sorted as the API server sorts: appliers first, then by time, name, version and subresource.
json::array write_managed_fields(const ManagedFields& managed);

// Puts the oldest updaters into one entry, "ancient-changes", so that there are at most ten.
void cap_updaters(ManagedFields& managed);

}  // namespace spoke::kube
