// Pods of an application as people see them: phase, exit code, what holds them up.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "kube/meta.h"

namespace spoke::cli {

using kube::Object;

// spark-role and sparkoperator.k8s.io/app-name are Spark's and the operator's labels on pods.
bool is_driver(const Object& pod);
bool is_executor(const Object& pod);
std::string pods_selector(std::string_view app);   // a label selector for all of an application's pods
std::string container_of_role(const Object& pod);  // "spark-kubernetes-driver" or "spark-kubernetes-executor"

// As kubectl's STATUS column: the phase, or the reason why a container waits or has ended.
std::string pod_status(const Object& pod);
// The container whose log and exit code count: the one of that role's name; else, as a pod template may give it
// another, the one that Spark has told of its application; else the first. "" where there is none.
std::string main_container(const Object& pod);
const json::value* main_container_status(const Object& pod);  // null where it has no status yet
std::optional<int> exit_code(const Object& pod);              // of the main container; nothing while it has not ended
bool started(const Object& pod);                              // whether the main container runs or has run

}  // namespace spoke::cli
