#include "operator/quota.h"

#include <map>
#include <optional>

#include "kube/quantity.h"
#include "operator/executor_fields.h"
#include "operator/gang.h"
#include "operator/plan.h"

namespace spoke::op {
namespace {

using kube::Quantity;

constexpr std::int64_t kMebi = 1 << 20;

Quantity mebibytes(std::int64_t count) { return Quantity::of(product(count, kMebi)); }

// Where a pod says no limit, what it asks for has to do.
std::int64_t limit_milli(const PodSpec& pod, const std::string& request) {
  const std::string& text = pod.core_limit ? *pod.core_limit : request;
  const auto value = Quantity::parse(text);
  if (!value) throw InvalidApplication(pod.field + ".coreLimit", fmt::format("\"{}\" is no quantity", text));
  return value->milli();
}

std::int64_t memory_limit(const PodSpec& pod, std::int64_t request_mib) {  // bytes
  if (!pod.memory_limit) return product(request_mib, kMebi);
  return Quantity::parse(kubernetes_memory(*pod.memory_limit, pod.field + ".memoryLimit"))->value();
}

std::string text_of(const Quantity& amount, const std::string& name) {
  const std::string plain =
      name.ends_with("memory") ? fmt::format("{}Ki", amount.value() >> 10U) : fmt::format("{}m", amount.milli());
  return Quantity::canonical(plain).value_or(plain);
}

std::map<std::string, Quantity> wanted_by(const Spec& spec, const Gang& gang) {
  const Quantity cpu = Quantity::of_milli(gang.milli_cpus()), memory = mebibytes(gang.memory_mib());
  const Quantity memory_limits =
      Quantity::of(sum(memory_limit(spec.driver, gang.driver.memory_mib),
                       product(gang.executors, memory_limit(spec.executor, gang.executor.memory_mib))));
  return {
      {"cpu", cpu},
      {"requests.cpu", cpu},
      {"limits.cpu", Quantity::of_milli(sum(limit_milli(spec.driver, gang.driver.cpu),
                                            product(gang.executors, limit_milli(spec.executor, gang.executor.cpu))))},
      {"memory", memory},
      {"requests.memory", memory},
      {"limits.memory", memory_limits},
      {"pods", Quantity::of(sum(1, gang.executors))}};
}

std::optional<Quantity> quantity(const kube::Object& quota, std::string_view where, const std::string& name) {
  const json::object& all = json::members(quota, where);
  const json::value* v = all.if_contains(name);
  if (v == nullptr || !v->is_string()) return std::nullopt;
  return Quantity::parse(v->get_string());
}

}  // namespace

std::string over_quota(const Application& app, const Spec& spec, const std::vector<const kube::Object*>& quotas) {
  if (quotas.empty()) return "";
  const spark::Submission submission = submission_of(app, spec);
  const auto wanted = wanted_by(spec, gang_of(spec, submission.conf, submission.rules));
  for (const kube::Object* quota : quotas) {
    if (!json::list(*quota, "spec.scopes").empty() || json::find(*quota, "spec.scopeSelector") != nullptr) continue;
    for (const auto& [name, amount] : wanted) {
      const auto hard = quantity(*quota, "spec.hard", name);
      if (!hard) continue;
      const Quantity used = quantity(*quota, "status.used", name).value_or(Quantity());
      if (used + amount > *hard)
        return fmt::format("failed to validate resource quota \"{}/{}\": of {} it asks for {}, {} of {} are used",
                           kube::ns(*quota), kube::name(*quota), name, text_of(amount, name), text_of(used, name),
                           text_of(*hard, name));
    }
  }
  return "";
}

}  // namespace spoke::op
