// Reading collections: lists with selectors and pages, and watches.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cluster/api/resource_type.h"
#include "cluster/store/store.h"
#include "kube/selector.h"

namespace spoke::cluster {

// What of a collection is wanted.
struct Selection {
  std::string ns;  // "": all
  kube::LabelSelector labels;
  kube::FieldSelector fields;

  // Throws StatusError BadRequest for a field that the kind cannot be selected by.
  static Selection parse(const ResourceType& type, std::string_view ns, std::string_view labels,
                         std::string_view fields);
  bool matches(const Entry& entry) const;
};

struct ListQuery {
  std::string resource_version, resource_version_match, continue_token;
  std::int64_t limit = 0;
  std::int64_t timeout_seconds = 0;  // of a watch
};

struct Page {
  std::vector<Entry> entries;
  json::object metadata;  // of the list
};

// "resourceVersion: Invalid value: \"word\": ...", or "" where it is one or none. Each verb refuses it in its own way.
std::string revision_problem(std::string_view resource_version);

// Throws StatusError Expired, BadRequest, Timeout.
Page list(const Store& store, const ResourceType& type, const Selection& selection, const ListQuery& query);

// "ADDED", "MODIFIED", "DELETED", or "" where the event is none of this selection's. What comes to match a selector is
// added, what no longer does is deleted (as it was last seen to match, with the new revision).
struct Seen {
  std::string_view type;
  std::string body;
};
Seen seen_as(const Event& event, const Selection& selection);

}  // namespace spoke::cluster
