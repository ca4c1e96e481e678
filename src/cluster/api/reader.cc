#include "cluster/api/reader.h"

#include <algorithm>

#include "base/strings.h"
#include "cluster/api/json_text.h"
#include "cluster/api/registry.h"
#include "kube/go_text.h"

namespace spoke::cluster {
namespace {

std::string field_of(const Entry& entry, std::string_view name) {
  for (const auto& [field, value] : entry.tags->fields)
    if (field == name) return value;
  return "";
}

[[noreturn]] void refuse_token(std::string_view why) {
  throw kube::bad_request(fmt::format("invalid continue token: continue key is not valid: {}", why));
}

// Kinds that have a function for their fields word it in their own way; the rest know two.
kube::StatusError unknown_field(const ResourceType& type, const std::string& field) {
  if (!type.field_names.empty() || type.custom) return kube::bad_request("field label not supported: " + field);
  return kube::bad_request(fmt::format(
      "{} is not a known field selector: only \"metadata.name\", \"metadata.namespace\"", kube::go_quoted(field)));
}

struct Place {
  Revision revision;
  std::string after;
};

std::string token_of(const Place& place) {
  std::string token =
      base64(json::dump(json::object{{"v", "meta.k8s.io/v1"}, {"rv", place.revision}, {"start", place.after}}));
  token = replace_all(replace_all(std::move(token), "+", "-"), "/", "_");
  return token.substr(0, token.find('='));
}

Place place_of(const std::string& token) {
  // Without padding, as Go's RawURLEncoding writes it.
  std::string padded = replace_all(replace_all(token, "-", "+"), "_", "/");
  while (padded.size() % 4 != 0) padded += '=';
  const auto text = from_base64(padded);
  if (!text) refuse_token("illegal base64 data");
  if (const auto problem = json_problem(*text)) refuse_token(*problem);
  json::value v;
  try {
    v = json::parse(*text);
  } catch (const Error& e) {
    refuse_token(e.what());
  }
  if (json::str(v, "v") != "meta.k8s.io/v1" || json::num(v, "rv") <= 0 || json::str(v, "start").empty())
    refuse_token("incorrect encoded start resourceVersion (version meta.k8s.io/v1)");
  return {json::num(v, "rv"), std::string(json::str(v, "start"))};
}

}  // namespace

Selection Selection::parse(const ResourceType& type, std::string_view ns, std::string_view labels,
                           std::string_view fields) {
  Selection out{std::string(ns), kube::LabelSelector::parse(labels), kube::FieldSelector::parse(fields)};
  for (const auto& r : out.fields.requirements()) {
    const bool known = r.field == "metadata.name" || (r.field == "metadata.namespace" && type.id.namespaced) ||
                       std::find(type.field_names.begin(), type.field_names.end(), r.field) != type.field_names.end();
    if (!known) throw unknown_field(type, r.field);
  }
  return out;
}

bool Selection::matches(const Entry& entry) const {
  if (!labels.empty() && !labels.matches(entry.tags->labels)) return false;
  if (fields.empty()) return true;
  std::string held;
  return fields.matches([&](std::string_view name) {
    held = field_of(entry, name);
    return std::string_view(held);
  });
}

std::string revision_problem(std::string_view version) {
  if (version.empty()) return "";
  if (const auto number = to_int(version); number && *number >= 0) return "";
  return kube::invalid_value("resourceVersion", json::value(version),
                             fmt::format("strconv.ParseUint: parsing {}: invalid syntax", kube::go_quoted(version)))
      .message.insert(0, "resourceVersion: ");
}

Page list(const Store& store, const ResourceType& type, const Selection& selection, const ListQuery& query) {
  Revision at = 0;
  std::string after;
  const std::string prefix = type.prefix(selection.ns);
  if (!query.continue_token.empty()) {
    if (!query.resource_version.empty() && query.resource_version != "0")
      throw kube::bad_request("specifying resource version is not allowed when using continue");
    const Place place = place_of(query.continue_token);
    at = place.revision;
    after = place.after;
    if (!after.starts_with(prefix)) refuse_token("invalid continue token");
    if (at < store.oldest_event())
      throw kube::expired(
          "The provided continue parameter is too old to display a consistent list result. You can start a new list "
          "without "
          "the continue parameter, or use the continue token in this response to retrieve the remainder of the "
          "results. "
          "Continuing with the provided token results in an inconsistent list - objects that were created, modified, "
          "or "
          "deleted between the time the first chunk was returned and now may show up in the list.");
  } else if (!query.resource_version.empty() && query.resource_version != "0") {
    if (const std::string problem = revision_problem(query.resource_version); !problem.empty())
      throw kube::bad_request("invalid resource version: " + problem);
    const auto wanted = to_int(query.resource_version);
    if (*wanted > store.revision())
      throw kube::StatusError(
          504, "Timeout",
          fmt::format("Timeout: Too large resource version: {}, current: {}", *wanted, store.revision()),
          json::object{{"causes", json::array{json::object{{"reason", "ResourceVersionTooLarge"},
                                                           {"message", "Too large resource version"}}}},
                       {"retryAfterSeconds", 1}});
    // "Exact", and a limit without a match, mean that very revision; otherwise anything not older will do: now.
    if (query.resource_version_match == "Exact" || (query.resource_version_match.empty() && query.limit > 0))
      at = *wanted;
  }
  if (at == store.revision()) at = 0;

  // What any version will do for is answered from a cache, which knows no pages.
  const std::int64_t limit = query.resource_version == "0" && query.continue_token.empty() ? 0 : query.limit;
  Page page;
  const Revision shown = at != 0 ? at : store.revision();
  std::string last;
  std::int64_t remaining = 0;
  for (auto& [key, entry] : store.range(prefix, at, after)) {
    if (!selection.matches(entry)) continue;
    if (limit > 0 && static_cast<std::int64_t>(page.entries.size()) == limit) {
      ++remaining;
      continue;
    }
    last = key;
    page.entries.push_back(std::move(entry));
  }
  page.metadata["resourceVersion"] = std::to_string(shown);
  if (remaining > 0) {
    page.metadata["continue"] = token_of({shown, last});
    // With a selector the count would need reading the rest; Kubernetes leaves it out then.
    if (selection.labels.empty() && selection.fields.empty()) page.metadata["remainingItemCount"] = remaining;
  }
  return page;
}

Seen seen_as(const Event& event, const Selection& selection) {
  const bool before = event.before && selection.matches(*event.before);
  if (event.type == Event::Type::Delete) return before ? Seen{"DELETED", *event.entry.body} : Seen{"", ""};
  const bool after = selection.matches(event.entry);
  if (after) return {before ? "MODIFIED" : "ADDED", *event.entry.body};
  if (!before) return {"", ""};
  return {"DELETED", render(json::parse(*event.before->body), event.entry.revision)};
}

}  // namespace spoke::cluster
