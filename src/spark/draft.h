// A driver under construction: what the feature steps change, one after the other.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "kube/meta.h"
#include "spark/pod_template.h"
#include "spark/submission.h"

namespace spoke::spark {

// Names of a submission's objects.
struct Names {
  std::string prefix;
  std::string driver_pod;
  std::string service;
  std::string config_map;
};

struct Draft {
  Names names;
  Properties labels;  // of the driver pod, by which its Service finds it

  kube::Object pod;                         // without Spark's container
  json::value container;                    // which is this
  Properties properties;                    // what the steps add to the configuration, or replace in it
  std::vector<kube::Object> pre_resources;  // needed before the pod
  std::vector<kube::Object> resources;      // belong to the pod, in the order of the steps
  std::vector<std::string> warnings;

  void add_env(std::string_view name, std::string_view value);
  void add_env_from(std::string_view name, json::object source);                       // a `valueFrom`
  void add_volume(std::string_view name, std::string_view kind, json::object source);  // {name, kind: source}
  void add_mount(std::string_view volume, std::string_view path);
  void add_mount(json::object mount);
};

// The start of a draft: names, labels, and the driver's pod template or an empty pod. Throws InvalidConf.
Draft start_draft(const Submission& submission);

// {apiVersion, kind, metadata: {name}}.
kube::Object named_object(std::string_view api_version, std::string_view kind, std::string_view name);

// An immutable ConfigMap; `data` is left out where it is empty.
kube::Object immutable_config_map(std::string_view name, const Properties& data);

json::object to_object(const Properties& properties);

// {{APP_ID}} in a label's or annotation's value; a driver has no {{EXECUTOR_ID}}, which becomes nothing.
std::string substitute_ids(std::string value, std::string_view app_id);

// Puts every entry into the object at `path`, which is made only where there is something to put.
void merge(json::value& object, std::string_view path, const Properties& entries);

}  // namespace spoke::spark
