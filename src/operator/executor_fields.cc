#include "operator/executor_fields.h"

#include <algorithm>
#include <array>

#include "base/strings.h"
#include "kube/quantity.h"
#include "operator/labels.h"

namespace spoke::op {
namespace {

constexpr const char* kAnnotation = "spoke.dev/executor-fields";

// What Spark itself sets on executors, after the template's: a variable of that name would be without effect.
constexpr std::array<std::string_view, 12> kSparksOwn{
    "SPARK_USER",           "SPARK_DRIVER_URL",      "SPARK_EXECUTOR_CORES",    "SPARK_EXECUTOR_MEMORY",
    "SPARK_APPLICATION_ID", "SPARK_CONF_DIR",        "SPARK_EXECUTOR_ID",       "SPARK_RESOURCE_PROFILE_ID",
    "SPARK_CLASSPATH",      "SPARK_EXECUTOR_POD_IP", "SPARK_EXECUTOR_POD_NAME", "SPARK_LOCAL_DIRS"};

json::object operation(const char* what, std::string path, json::value value) {
  return {{"op", what}, {"path", std::move(path)}, {"value", std::move(value)}};
}

std::optional<json::value> parse(std::string_view text) {
  try {
    return json::parse(text);
  } catch (const json::ParseError&) {
    return std::nullopt;
  }
}

// The place of Spark's container; nothing where there is none.
std::optional<size_t> spark_container(const json::array& containers) {
  for (size_t i = 0; i < containers.size(); ++i) {
    const std::string_view name = json::str(containers[i], "name");
    if (name == kExecutorContainer || name == kOldExecutorContainer) return i;
  }
  return std::nullopt;
}

}  // namespace

bool is_sparks_own(const json::value& variable) {
  return std::ranges::find(kSparksOwn, json::str(variable, "name")) != kSparksOwn.end();
}

std::string kubernetes_memory(std::string_view text, const std::string& field) {
  std::string number = lower(trim(text));
  if (number.ends_with("b")) number.pop_back();
  constexpr std::string_view kUnits = "kmgtp";
  if (const size_t unit = number.empty() ? kUnits.npos : kUnits.find(number.back()); unit != kUnits.npos) {
    number.pop_back();
    number.append(1, "KMGTP"[unit]).append("i");
  } else {
    number = trim(text);
  }
  const auto canonical = kube::Quantity::canonical(number);
  if (!canonical) throw InvalidApplication(field, fmt::format("\"{}\" is no amount of memory, as 512m or 2Gi", text));
  return *canonical;
}

std::optional<json::object> executor_fields(const Spec& spec) {
  json::object out;
  if (spec.executor.memory_limit)
    out["memoryLimit"] = kubernetes_memory(*spec.executor.memory_limit, "spec.executor.memoryLimit");
  json::array env;
  std::ranges::copy_if(spec.executor.env, std::back_inserter(env), is_sparks_own);
  if (spec.spark_config_map) env.push_back(json::object{{"name", "SPARK_CONF_DIR"}, {"value", "/etc/spark/conf"}});
  if (!env.empty()) out["env"] = std::move(env);
  if (out.empty()) return std::nullopt;
  return out;
}

void annotate_executors(json::value& executor_template, const json::object& fields) {
  json::make_object(executor_template, "metadata.annotations")[kAnnotation] = json::dump(fields);
}

json::array executor_patch(const kube::Object& pod) {
  json::array out;
  const auto fields = parse(kube::annotation(pod, kAnnotation));
  const json::array& containers = json::list(pod, "spec.containers");
  const auto at = spark_container(containers);
  if (!fields || !at) return out;
  const json::value& container = containers[*at];
  const std::string path = fmt::format("/spec/containers/{}", *at);
  if (const std::string_view limit = json::str(*fields, "memoryLimit"); !limit.empty()) {
    if (json::find(container, "resources.limits") != nullptr)
      out.push_back(operation("add", path + "/resources/limits/memory", json::value(limit)));
    else if (json::find(container, "resources") != nullptr)
      out.push_back(operation("add", path + "/resources/limits", json::object{{"memory", limit}}));
    else
      out.push_back(operation("add", path + "/resources", json::object{{"limits", json::object{{"memory", limit}}}}));
  }
  const json::array& env = json::list(*fields, "env");
  if (env.empty()) return out;
  // In place of Spark's own of that name, whose place they take: of two, which one wins is not for sure.
  json::array variables;
  for (const auto& variable : json::list(container, "env"))
    if (std::ranges::none_of(env, [&](const auto& v) { return json::str(v, "name") == json::str(variable, "name"); }))
      variables.push_back(variable);
  for (const auto& variable : env) variables.push_back(variable);
  out.push_back(operation("add", path + "/env", std::move(variables)));
  return out;
}

}  // namespace spoke::op
