// Java properties come from files that anyone may have written: no text may crash the reader, and what the writer wrote
// must read back as it was.
//
// uses: spoke_spark

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "base/error.h"
#include "spark/properties_text.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace spoke;
  try {
    const auto properties = spark::load_properties({reinterpret_cast<const char*>(data), size});
    if (spark::load_properties(spark::store_properties(properties, "fuzz", Time())) != properties) std::abort();
  } catch (const Error&) {  // a malformed \uXXXX is refused
  }
  return 0;
}
