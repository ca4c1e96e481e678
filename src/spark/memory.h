// Amounts of memory as Java programs write them, and what a pod gets beyond the heap.
// Source: JavaUtils.byteStringAs and BasicDriverFeatureStep (Spark 3.5 to 4.3).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "spark/versions.h"

namespace spoke::spark {

class Conf;

enum class Unit { Bytes, Mebibytes };

// "512m", "2g", "1024" (then in `unit`): the amount in `unit`, rounded down. Suffixes in any case: b, k, m, g, t, p,
// from k on also with a second b, and with `iec` as "gib". Nothing where it is malformed, has a fraction, or does not
// fit 63 bits.
std::optional<std::int64_t> parse_memory(std::string_view text, Unit unit, bool iec);

// What Double.toString (Java) writes: "0.1", "2.0", "1.0E-4".
std::string java_text(double number);

struct DriverMemory {
  std::int64_t heap_mib = 0;
  std::int64_t overhead_mib = 0;
  double default_factor = 0;  // what executors inherit as spark.kubernetes.memoryOverheadFactor
  std::int64_t total_mib() const { return heap_mib + overhead_mib; }
};

// `jvm` is false for Python and R applications, whose default factor is 0.4 rather than 0.1.
DriverMemory driver_memory(const Conf& conf, const Rules& rules, bool jvm);

// What the pod of an executor asks for: heap, overhead, Python's part and what is outside of the heap
// (ResourceProfile.getResourcesForClusterManager).
std::int64_t executor_memory_mib(const Conf& conf, const Rules& rules, bool jvm, bool python);

}  // namespace spoke::spark
