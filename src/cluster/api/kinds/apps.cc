// Deployment, ReplicaSet, StatefulSet, ControllerRevision. Source: pkg/apis/apps/v1/defaults.go,
// pkg/apis/apps/validation.
#include <algorithm>

#include "base/strings.h"
#include "cluster/api/kinds/templates.h"

namespace spoke::cluster::kinds {
namespace {

std::string ready_of(const Object& o) {
  return fmt::format("{}/{}", json::num(o, "status.readyReplicas"), json::num(o, "spec.replicas"));
}

void add_template_columns(std::vector<Column>& columns, bool selector) {
  for (auto& column : template_columns()) columns.push_back(std::move(column));
  if (selector) columns.push_back({"Selector", "string", "", "Label selector for pods.", 1});
}

// A number, or a part of all: "25%".
bool is_zero(const json::value* value) {
  return value != nullptr && (*value == json::value(0) || *value == json::value("0%"));
}

void default_deployment(Object& o) {
  default_to(o, "spec.replicas", 1);
  default_to(o, "spec.strategy.type", "RollingUpdate");
  if (json::str(o, "spec.strategy.type") == "RollingUpdate") {
    default_to(o, "spec.strategy.rollingUpdate.maxUnavailable", "25%");
    default_to(o, "spec.strategy.rollingUpdate.maxSurge", "25%");
  }
  default_to(o, "spec.revisionHistoryLimit", 10);
  default_to(o, "spec.progressDeadlineSeconds", 600);
  default_template(o);
}

void validate_strategy(const Object& o, Causes& causes) {
  const std::string_view type = json::str(o, "spec.strategy.type");
  const json::value* rolling = json::find(o, "spec.strategy.rollingUpdate");
  if (!one_of({"Recreate", "RollingUpdate"}, type)) {
    Cause cause = kube::not_supported("spec.strategy", type, {"Recreate", "RollingUpdate"});
    cause.message = fmt::format(
        R"(Unsupported value: {{"Type":{},"RollingUpdate":null}}: supported values: "Recreate", "RollingUpdate")",
        json::dump(json::value(type)));
    causes.push_back(std::move(cause));
  } else if (type == "Recreate") {
    if (rolling != nullptr && !rolling->is_null())
      causes.push_back(kube::forbidden_field("spec.strategy.rollingUpdate",
                                             "may not be specified when strategy `type` is 'Recreate'"));
  } else {
    validate_count_or_percent(o, "spec.strategy.rollingUpdate.maxUnavailable", 100, causes);
    validate_count_or_percent(o, "spec.strategy.rollingUpdate.maxSurge", std::nullopt, causes);
    const json::value* unavailable = json::find(o, "spec.strategy.rollingUpdate.maxUnavailable");
    if (is_zero(unavailable) && is_zero(json::find(o, "spec.strategy.rollingUpdate.maxSurge")))
      causes.push_back(kube::invalid_value("spec.strategy.rollingUpdate.maxUnavailable", *unavailable,
                                           "may not be 0 when `maxSurge` is 0"));
  }
}

void validate_deployment(const Object& o, Causes& causes) {
  validate_count(o, "spec.replicas", causes);
  validate_lasting_template(o, "deployment", causes);
  validate_strategy(o, causes);
  validate_count(o, "spec.minReadySeconds", causes);
  validate_count(o, "spec.revisionHistoryLimit", causes);
  validate_count(o, "spec.progressDeadlineSeconds", causes);
  if (const json::value* deadline = json::find(o, "spec.progressDeadlineSeconds");
      deadline != nullptr && json::num(o, "spec.progressDeadlineSeconds") <= json::num(o, "spec.minReadySeconds"))
    causes.push_back(
        kube::invalid_value("spec.progressDeadlineSeconds", *deadline, "must be greater than minReadySeconds"));
}

void default_stateful_set(Object& o) {
  default_to(o, "spec.podManagementPolicy", "OrderedReady");
  default_to(o, "spec.updateStrategy.type", "RollingUpdate");
  if (json::str(o, "spec.updateStrategy.type") == "RollingUpdate")
    default_to(o, "spec.updateStrategy.rollingUpdate.partition", 0);
  default_to(o, "spec.persistentVolumeClaimRetentionPolicy.whenDeleted", "Retain");
  default_to(o, "spec.persistentVolumeClaimRetentionPolicy.whenScaled", "Retain");
  default_to(o, "spec.replicas", 1);
  default_to(o, "spec.revisionHistoryLimit", 10);
  default_template(o);
  if (json::value* claims = json::find(o, "spec.volumeClaimTemplates"); claims != nullptr && claims->is_array())
    for (auto& claim : claims->get_array()) {
      if (!claim.is_object()) continue;
      default_to(claim, "apiVersion", "v1");
      default_to(claim, "kind", "PersistentVolumeClaim");
      default_to(claim, "spec.volumeMode", "Filesystem");
      default_to(claim, "status.phase", "Pending");
    }
}

void validate_stateful_set(const Object& o, Causes& causes) {
  const std::string_view management = json::str(o, "spec.podManagementPolicy");
  if (!one_of({"OrderedReady", "Parallel"}, management))
    causes.push_back(kube::invalid_value("spec.podManagementPolicy", json::value(management),
                                         "must be 'OrderedReady' or 'Parallel'"));
  const std::string_view strategy = json::str(o, "spec.updateStrategy.type");
  if (!one_of({"OnDelete", "RollingUpdate"}, strategy))
    causes.push_back(kube::invalid_value("spec.updateStrategy", *json::find(o, "spec.updateStrategy"),
                                         "must be 'RollingUpdate' or 'OnDelete'"));
  for (const char* member : {"whenDeleted", "whenScaled"}) {
    const std::string path = std::string("spec.persistentVolumeClaimRetentionPolicy.") + member;
    if (const std::string_view policy = json::str(o, path); !one_of({"Delete", "Retain"}, policy))
      causes.push_back(kube::not_supported(path, policy, {"Delete", "Retain"}));
  }
  validate_count(o, "spec.replicas", causes);
  validate_count(o, "spec.minReadySeconds", causes);
  validate_count(o, "spec.ordinals.start", causes);
  validate_count(o, "spec.updateStrategy.rollingUpdate.partition", causes);
  // Its pods have a volume of each claim's name, too.
  Object with_claims = o;
  auto& volumes = json::make_array(with_claims, "spec.template.spec.volumes");
  for (const auto& claim : json::list(o, "spec.volumeClaimTemplates")) {
    const std::string_view name = kube::name(claim);
    if (std::ranges::none_of(volumes, [&](const auto& volume) { return json::str(volume, "name") == name; }))
      volumes.push_back(json::object{{"name", name}, {"emptyDir", json::object()}});
  }
  validate_lasting_template(with_claims, "statefulset", causes);
}

void validate_stateful_set_update(const Object& before, const Object& after, Causes& causes) {
  json::value was = *json::find(before, "spec"), is = *json::find(after, "spec");
  for (json::value* spec : {&was, &is})
    for (const char* may_change : {"replicas", "ordinals", "template", "updateStrategy", "revisionHistoryLimit",
                                   "persistentVolumeClaimRetentionPolicy", "minReadySeconds"})
      json::remove(*spec, may_change);
  if (was != is)
    causes.push_back(kube::forbidden_field(
        "spec",
        "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', "
        "'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden"));
}

ResourceType scaled_kind(const char* plural, const char* kind, const char* short_name) {
  ResourceType type = builtin("apps", "v1", plural, kind, true);
  type.short_names = {short_name};
  type.categories = {"all"};
  type.has_status = type.has_generation = true;
  type.scale = ResourceType::Scale{".spec.replicas", ".status.replicas", ".spec.selector"};
  return type;
}

ResourceType deployments() {
  ResourceType type = scaled_kind("deployments", "Deployment", "deploy");
  type.defaults = default_deployment;
  type.on_create = [](Object& o) { json::set(o, "status", json::object()); };
  type.validate = validate_deployment;
  type.validate_update = [](const Object& before, const Object& after, Causes& causes) {
    validate_unchanged(before, after, "spec.selector", causes);
  };
  type.columns = {{"Ready", "string", "", "Number of the pod with ready state"},
                  {"Up-to-date", "string", "",
                   "Total number of non-terminating pods targeted by this deployment that have the desired template "
                   "spec."},
                  {"Available", "string", "",
                   "Total number of available non-terminating pods (ready for at least minReadySeconds) targeted by "
                   "this deployment."},
                  {"Age", "string", "", ""}};
  add_template_columns(type.columns, true);
  type.age_column = false;
  type.cells = [](const Object& o) {
    json::array cells{ready_of(o), json::num(o, "status.updatedReplicas"), json::num(o, "status.availableReplicas"),
                      age_of(o)};
    template_cells(o, cells);
    cells.emplace_back(label_selector_text(o));
    return cells;
  };
  return type;
}

ResourceType replica_sets() {
  ResourceType type = scaled_kind("replicasets", "ReplicaSet", "rs");
  type.defaults = [](Object& o) {
    default_to(o, "spec.replicas", 1);
    default_template(o);
  };
  type.on_create = [](Object& o) { json::set(o, "status", json::object{{"replicas", 0}}); };
  type.validate = [](const Object& o, Causes& causes) {
    validate_count(o, "spec.replicas", causes);
    validate_count(o, "spec.minReadySeconds", causes);
    validate_lasting_template(o, "replicaset", causes);
  };
  type.validate_update = [](const Object& before, const Object& after, Causes& causes) {
    validate_unchanged(before, after, "spec.selector", causes);
  };
  type.columns = {{"Desired", "integer", "", "The number of desired pods."},
                  {"Current", "integer", "", "The most recently observed number of non-terminating pods."},
                  {"Ready", "integer", "",
                   "The number of non-terminating pods targeted by this ReplicaSet with a Ready Condition."},
                  {"Age", "string", "", ""}};
  add_template_columns(type.columns, true);
  type.age_column = false;
  type.cells = [](const Object& o) {
    json::array cells{json::num(o, "spec.replicas"), json::num(o, "status.replicas"),
                      json::num(o, "status.readyReplicas"), age_of(o)};
    template_cells(o, cells);
    cells.emplace_back(label_selector_text(o));
    return cells;
  };
  return type;
}

ResourceType stateful_sets() {
  ResourceType type = scaled_kind("statefulsets", "StatefulSet", "sts");
  type.check_name = kube::check_dns1123_label;  // its pods have labels of it
  type.defaults = default_stateful_set;
  type.on_create = [](Object& o) { json::set(o, "status", json::object{{"availableReplicas", 0}, {"replicas", 0}}); };
  type.validate = validate_stateful_set;
  type.validate_update = validate_stateful_set_update;
  type.columns = {{"Ready", "string", "", "Number of the pod with ready state"}, {"Age", "string", "", ""}};
  add_template_columns(type.columns, false);
  type.age_column = false;
  type.cells = [](const Object& o) {
    json::array cells{ready_of(o), age_of(o)};
    template_cells(o, cells);
    return cells;
  };
  return type;
}

ResourceType controller_revisions() {
  ResourceType type = builtin("apps", "v1", "controllerrevisions", "ControllerRevision", true);
  type.validate_update = [](const Object& before, const Object& after, Causes& causes) {
    validate_unchanged(before, after, "data", causes);
  };
  type.columns = {{"Controller", "string", "", "Controller of the object"},
                  {"Revision", "string", "", "Revision indicates the revision of the state represented by Data."}};
  type.cells = [](const Object& o) {
    const json::value* owner = kube::controller_of(o);
    std::string controller = "<none>";
    if (owner != nullptr) {
      const std::string group(kube::group_version(json::str(*owner, "apiVersion")).first);
      controller =
          fmt::format("{}.{}/{}", lower(std::string(json::str(*owner, "kind"))), group, json::str(*owner, "name"));
    }
    return json::array{controller, json::num(o, "revision")};
  };
  return type;
}

}  // namespace

void add_apps(std::vector<ResourceType>& out) {
  out.push_back(deployments());
  out.push_back(replica_sets());
  out.push_back(stateful_sets());
  out.push_back(controller_revisions());
}

}  // namespace spoke::cluster::kinds
