#include "cluster/api/present.h"

#include <algorithm>

#include "base/strings.h"
#include "data/yaml.h"

namespace spoke::cluster {
namespace {

struct MediaType {
  std::string name;
  std::string as, version, group;
};

MediaType read_media_type(std::string_view text) {
  MediaType out;
  bool first = true;
  for (const auto& part : split(text, ';')) {
    const std::string_view p = trim(part);
    if (std::exchange(first, false)) {
      out.name = lower(p);
      continue;
    }
    const auto equals = p.find('=');
    if (equals == std::string_view::npos) continue;
    const std::string_view name = trim(p.substr(0, equals)), value = trim(p.substr(equals + 1));
    if (name == "as") out.as = value;
    if (name == "v") out.version = value;
    if (name == "g") out.group = value;
  }
  return out;
}

Object as_served(const ResourceType& type, const std::string& body) {
  Object object = json::parse(body);
  return type.from_storage ? type.from_storage(std::move(object)) : object;
}

json::value partial(const Object& object) {
  json::object out{{"kind", "PartialObjectMetadata"}, {"apiVersion", "meta.k8s.io/v1"}};
  if (const json::value* metadata = json::find(object, "metadata")) out["metadata"] = *metadata;
  return out;
}

// Where Age stands: behind the columns that are always shown, before those of -o wide.
size_t age_position(const ResourceType& type) {
  size_t at = 0;
  while (at < type.columns.size() && (type.custom || type.columns[at].priority == 0)) ++at;
  return at;
}

json::array column_definitions(const ResourceType& type) {
  json::array out;
  const auto add = [&](const Column& c) {
    out.push_back(json::object{{"name", c.name},
                               {"type", c.type},
                               {"format", c.format},
                               {"description", c.description},
                               {"priority", c.priority}});
  };
  const Column age{"Age", type.custom ? "date" : "string", "",
                   "CreationTimestamp is a timestamp representing the server time when this object was created.", 0};
  if (type.name_column) add({"Name", "string", "name", "Name must be unique within a namespace.", 0});
  for (size_t i = 0; i <= type.columns.size(); ++i) {
    if (type.age_column && i == age_position(type)) add(age);
    if (i < type.columns.size()) add(type.columns[i]);
  }
  return out;
}

json::value row(const ResourceType& type, const Form& form, const std::string& body) {
  // Columns are derived from the stored form; the object goes out in the served one.
  const Object stored = json::parse(body);
  const json::array given = type.cells ? type.cells(stored) : json::array();
  json::array cells;
  if (type.name_column) cells.emplace_back(kube::name(stored));
  for (size_t i = 0; i <= given.size(); ++i) {
    if (type.age_column && i == age_position(type)) {
      const auto created = parse_rfc3339(json::str(stored, "metadata.creationTimestamp"));
      cells.emplace_back(created ? human_duration(now() - *created) : "<unknown>");
    }
    if (i < given.size()) cells.push_back(given[i]);
  }
  json::object out{{"cells", std::move(cells)}};
  if (type.row_conditions)
    if (json::array conditions = type.row_conditions(stored); !conditions.empty())
      out["conditions"] = std::move(conditions);
  switch (form.include) {
    case Form::Include::None: out["object"] = nullptr; break;
    case Form::Include::Metadata: out["object"] = partial(stored); break;
    case Form::Include::Object: out["object"] = type.from_storage ? type.from_storage(stored) : stored; break;
  }
  return out;
}

std::string written(const Form& form, std::string body) { return form.yaml ? yaml::dump(json::parse(body)) : body; }

}  // namespace

Form negotiate(std::string_view accept) {
  Form form;
  if (trim(accept).empty()) return form;
  bool known = false;  // a type that we write, though not in the wanted form
  for (const auto& part : split(accept, ',')) {
    const MediaType type = read_media_type(part);
    const bool json = type.name == "application/json" || type.name == "*/*";
    const bool yaml = type.name == "application/yaml";
    if (!json && !yaml) continue;
    form.yaml = yaml;
    if (type.as.empty()) return form;
    known = true;
    if (type.group != "meta.k8s.io" || type.version != "v1") continue;
    if (type.as == "Table")
      form.as = Form::As::Table;
    else if (type.as == "PartialObjectMetadata" || type.as == "PartialObjectMetadataList")
      form.as = Form::As::Metadata;
    else
      continue;
    return form;
  }
  if (known)
    throw kube::not_acceptable(
        "only the following media types are accepted: application/json, application/yaml, "
        "application/vnd.kubernetes.protobuf");
  throw kube::StatusError(406, "NotAcceptable",
                          "406: Not Acceptable\n\nAvailable representations: application/json, application/yaml, "
                          "application/vnd.kubernetes.protobuf",
                          json::object());
}

std::string present(const ResourceType& type, const Form& form, const std::string& body, bool header) {
  switch (form.as) {
    case Form::As::Object: return written(form, type.from_storage ? json::dump(as_served(type, body)) : body);
    case Form::As::Metadata: return written(form, json::dump(partial(json::parse(body))));
    case Form::As::Table: break;
  }
  json::object table{{"kind", "Table"}, {"apiVersion", "meta.k8s.io/v1"}};
  const Object object = json::parse(body);
  table["metadata"] = json::object{{"resourceVersion", kube::resource_version(object)}};
  if (header)
    table["columnDefinitions"] = column_definitions(type);
  else
    table["columnDefinitions"] = nullptr;
  table["rows"] = json::array{row(type, form, body)};
  return written(form, json::dump(table));
}

std::string present_list(const ResourceType& type, const Form& form, const std::vector<const std::string*>& bodies,
                         const json::object& metadata) {
  if (form.as == Form::As::Table) {
    json::array rows;
    for (const auto* body : bodies) rows.push_back(row(type, form, *body));
    return written(form, json::dump(json::object{{"kind", "Table"},
                                                 {"apiVersion", "meta.k8s.io/v1"},
                                                 {"metadata", metadata},
                                                 {"columnDefinitions", column_definitions(type)},
                                                 {"rows", std::move(rows)}}));
  }
  if (form.as == Form::As::Metadata) {
    json::array items;
    for (const auto* body : bodies) items.push_back(partial(json::parse(*body)));
    return written(form, json::dump(json::object{{"kind", "PartialObjectMetadataList"},
                                                 {"apiVersion", "meta.k8s.io/v1"},
                                                 {"metadata", metadata},
                                                 {"items", std::move(items)}}));
  }
  // Bodies are put together as they are stored. Items of built-in kinds have no kind and apiVersion of their own, and
  // every stored body starts with these two.
  json::object list_metadata = metadata;
  if (type.custom && !list_metadata.contains("continue"))
    list_metadata["continue"] = "";  // written without Go's omitempty
  const std::string head = json::dump(json::object{{"kind", type.id.kind}, {"apiVersion", type.id.api_version()}});
  const std::string_view opening = std::string_view(head).substr(0, head.size() - 1);
  std::string out = json::dump(json::object{
      {"kind", type.id.kind + "List"}, {"apiVersion", type.id.api_version()}, {"metadata", std::move(list_metadata)}});
  out.pop_back();
  out += ",\"items\":[";
  bool first = true;
  for (const auto* body : bodies) {
    if (!std::exchange(first, false)) out += ',';
    if (type.custom) {
      out += type.from_storage ? json::dump(as_served(type, *body)) : *body;
    } else if (!type.from_storage && body->starts_with(opening)) {
      out += '{';
      out += std::string_view(*body).substr(opening.size() + 1);
    } else {
      Object item = as_served(type, *body);
      json::remove(item, "kind");
      json::remove(item, "apiVersion");
      out += json::dump(item);
    }
  }
  out += "]}";
  return written(form, std::move(out));
}

}  // namespace spoke::cluster
