#include "cluster/api/kinds/templates.h"

#include "base/strings.h"
#include "kube/selector.h"

namespace spoke::cluster::kinds {
namespace {

const json::value& at_or_empty(const Object& o, std::string_view path) {
  static const json::value none = json::object();
  const json::value* found = json::find(o, path);
  return found != nullptr && !found->is_null() ? *found : none;
}

void validate_selector(const Object& o, std::string_view kind, Causes& causes) {
  const json::value* selector = json::find(o, "spec.selector");
  const json::value& labels_there = at_or_empty(o, "spec.template.metadata.labels");
  constexpr const char* kMismatch = "`selector` does not match template `labels`";
  if (selector == nullptr || selector->is_null()) {
    causes.push_back(kube::required("spec.selector", ""));
    causes.push_back(kube::invalid_value("spec.template.metadata.labels", labels_there, kMismatch));
    return;
  }
  if (json::members(*selector, "matchLabels").empty() && json::list(*selector, "matchExpressions").empty()) {
    causes.push_back(
        kube::invalid_value("spec.selector", *selector, fmt::format("empty selector is invalid for {}", kind)));
    return;
  }
  try {
    const kube::Labels labels = kube::labels_of(at_or_empty(o, "spec.template"));
    if (!kube::LabelSelector::from_object(*selector).matches(labels))
      causes.push_back(kube::invalid_value("spec.template.metadata.labels", labels_there, kMismatch));
  } catch (const kube::StatusError& e) {
    causes.push_back(kube::invalid_value("spec.selector", *selector, e.message()));
  }
}

}  // namespace

void default_template(Object& o) {
  json::value* spec = json::find(o, "spec.template.spec");
  if (spec != nullptr) default_pod_spec(*spec);
}

void validate_template(const Object& o, std::string_view kind, Causes& causes) {
  validate_selector(o, kind, causes);
  for (auto& cause : kube::check_metadata(at_or_empty(o, "spec.template")))
    if (cause.field.starts_with("metadata.labels") || cause.field.starts_with("metadata.annotations")) {
      cause.field = "spec.template." + cause.field;
      causes.push_back(std::move(cause));
    }
  validate_pod_spec(at_or_empty(o, "spec.template.spec"), "spec.template.spec", causes);
}

void validate_lasting_template(const Object& o, std::string_view kind, Causes& causes) {
  validate_template(o, kind, causes);
  if (const std::string_view policy = json::str(o, "spec.template.spec.restartPolicy");
      policy == "Never" || policy == "OnFailure")
    causes.push_back(kube::not_supported("spec.template.spec.restartPolicy", policy, {"Always"}));
  if (json::find(o, "spec.template.spec.activeDeadlineSeconds") != nullptr)
    causes.push_back(kube::forbidden_field("spec.template.spec.activeDeadlineSeconds",
                                           fmt::format("activeDeadlineSeconds in {} is not Supported", kind)));
}

void validate_count(const Object& o, const std::string& path, Causes& causes) {
  const json::value* count = json::find(o, path);
  if (count != nullptr && count->is_int64() && count->get_int64() < 0)
    causes.push_back(kube::invalid_value(path, *count, "must be greater than or equal to 0"));
}

void validate_unchanged(const Object& before, const Object& after, const std::string& path, Causes& causes) {
  const json::value &was = at_or_empty(before, path), &is = at_or_empty(after, path);
  if (was != is) causes.push_back(kube::invalid_value(path, is, "field is immutable"));
}

std::vector<Column> template_columns() {
  return {{"Containers", "string", "", "Names of each container in the template.", 1},
          {"Images", "string", "", "Images referenced by each container in the template.", 1}};
}

void template_cells(const Object& o, json::array& cells) {
  std::vector<std::string> names, images;
  for (const auto& container : json::list(o, "spec.template.spec.containers")) {
    names.emplace_back(json::str(container, "name"));
    images.emplace_back(json::str(container, "image"));
  }
  cells.emplace_back(join(names, ","));
  cells.emplace_back(join(images, ","));
}

std::string label_selector_text(const Object& o) {
  const std::string text = kube::LabelSelector::from_object(at_or_empty(o, "spec.selector")).text();
  return text.empty() ? "<none>" : text;
}

}  // namespace spoke::cluster::kinds
