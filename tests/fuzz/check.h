// For fuzz targets: what must hold for every input.
#pragma once

#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

namespace spoke::fuzz {

// Ends the program, so that libFuzzer keeps the input, where `holds` is false.
inline void check(bool holds, std::string_view what, const std::string& seen = "") {
  if (holds) return;
  std::fprintf(stderr, "does not hold: %.*s\n%s\n", static_cast<int>(what.size()), what.data(), seen.c_str());
  std::abort();
}

}  // namespace spoke::fuzz
