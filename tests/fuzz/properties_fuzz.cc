// Java properties come from files that anyone may have written: no text may crash the reader, and what the writer wrote
// must read back as it was.
//
// uses: spoke_spark

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.h"
#include "check.h"
#include "spark/properties_text.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace spoke;
  try {
    const auto properties = spark::load_properties({reinterpret_cast<const char*>(data), size});
    const std::string text = spark::store_properties(properties, "fuzz", Time());
    fuzz::check(spark::load_properties(text) == properties, "properties read back as they were", text);
  } catch (const Error&) {  // a malformed \uXXXX is refused
  }
  return 0;
}
