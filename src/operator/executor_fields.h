// What of an executor neither a Spark property nor a pod template can say, for Spark writes over it: its memory limit,
// and variables that Spark sets too. It goes to executors as an annotation of their template, which the webhook carries
// out. So the webhook needs nothing but the pod, and without it executors run, with Spark's own.
#pragma once

#include <optional>

#include "operator/application.h"

namespace spoke::op {

// Whether it is a variable that Spark sets on executors after the template's, which is then without effect.
bool is_sparks_own(const json::value& variable);

// {"memoryLimit": "2Gi", "env": [...]}; nothing where there is none. Throws InvalidApplication.
std::optional<json::object> executor_fields(const Spec& spec);
// Puts them into the executors' template.
void annotate_executors(json::value& executor_template, const json::object& fields);

// The JSON Patch that carries out an executor's annotation; empty where it has none, or one that makes no sense.
json::array executor_patch(const kube::Object& pod);

// "512m" as Java means it (MiB), not as Kubernetes does (thousandths); canonical. Throws InvalidApplication.
std::string kubernetes_memory(std::string_view text, const std::string& field);

}  // namespace spoke::op
