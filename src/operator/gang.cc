#include "operator/gang.h"

#include <algorithm>
#include <limits>

#include "kube/quantity.h"
#include "spark/memory.h"
#include "spark/submission.h"

namespace spoke::op {
namespace {

std::string cpu(const spark::Conf& conf, const std::string& role) {
  const auto request = conf.text(fmt::format("spark.kubernetes.{}.request.cores", role));
  return request.value_or(conf.text(fmt::format("spark.{}.cores", role), "1"));
}

// As the driver asks for executors when it starts (SchedulerBackendUtils.getInitialTargetExecutorNumber).
std::int64_t initial_executors(const spark::Conf& conf) {
  if (!conf.flag("spark.dynamicAllocation.enabled", false)) return conf.integer("spark.executor.instances", 2);
  return std::max({conf.integer("spark.executor.instances", 0), conf.integer("spark.dynamicAllocation.minExecutors", 0),
                   conf.integer("spark.dynamicAllocation.initialExecutors", 0)});
}

std::int64_t milli(const std::string& text, const char* field) {
  const auto value = kube::Quantity::parse(text);
  if (!value) throw InvalidApplication(field, fmt::format("\"{}\" is no quantity, as 500m or 2", text));
  return value->milli();
}

}  // namespace

std::int64_t product(std::int64_t a, std::int64_t b) {
  std::int64_t out = 0;
  return __builtin_mul_overflow(a, b, &out) ? std::numeric_limits<std::int64_t>::max() : out;
}

std::int64_t sum(std::int64_t a, std::int64_t b) {
  std::int64_t out = 0;
  return __builtin_add_overflow(a, b, &out) ? std::numeric_limits<std::int64_t>::max() : out;
}

std::int64_t Gang::milli_cpus() const {
  return sum(milli(driver.cpu, "spec.driver.coreRequest"),
             product(executors, milli(executor.cpu, "spec.executor.coreRequest")));
}

std::int64_t Gang::memory_mib() const { return sum(driver.memory_mib, product(executors, executor.memory_mib)); }

Gang gang_of(const Spec& spec, const spark::Conf& conf, const spark::Rules& rules) {
  const spark::Language language = spark::language_of(spec.main_application_file);
  const bool jvm = language == spark::Language::Jvm;
  return {.driver = {cpu(conf, "driver"), spark::driver_memory(conf, rules, jvm).total_mib()},
          .executor = {cpu(conf, "executor"),
                       spark::executor_memory_mib(conf, rules, jvm, language == spark::Language::Python)},
          .executors = initial_executors(conf)};
}

}  // namespace spoke::op
