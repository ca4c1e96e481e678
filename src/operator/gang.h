// The pods that an application begins with, and what they ask for.
#pragma once

#include <cstdint>
#include <string>

#include "operator/application.h"
#include "spark/conf.h"
#include "spark/versions.h"

namespace spoke::op {

// What the Spark container of a pod asks for.
struct Request {
  std::string cpu;  // a quantity
  std::int64_t memory_mib = 0;
};

// Numbers that people write may be anything: at the end of 63 bits they stay.
std::int64_t product(std::int64_t a, std::int64_t b);
std::int64_t sum(std::int64_t a, std::int64_t b);

struct Gang {
  Request driver, executor;
  std::int64_t executors = 0;

  // Of all together. Throws InvalidApplication where a core request is no quantity.
  std::int64_t milli_cpus() const;
  std::int64_t memory_mib() const;
};

// `conf` is what is submitted.
Gang gang_of(const Spec& spec, const spark::Conf& conf, const spark::Rules& rules);

}  // namespace spoke::op
