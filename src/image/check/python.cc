// PySpark's packages on PyPI name the versions of Python that each line is released for (setup.py, "Requires-Python"
// and classifiers); a newer Python loads its pickles and AST changes into a cloudpickle that does not know them.
#include <fmt/format.h>

#include "base/strings.h"
#include "image/check/check.h"

namespace spoke::image {
namespace {

struct Range {
  const char* line;
  int first, last;  // of Python 3
};
constexpr Range kRanges[] = {{"3.4", 7, 11}, {"3.5", 8, 12}, {"4.0", 9, 13}, {"4.1", 10, 14}};

}  // namespace

Findings check_python(const ImageFacts& facts) {
  constexpr std::string_view three = "3.";
  if (!facts.python.starts_with(three)) return {};
  const auto minor = to_int(facts.python.substr(three.size()));
  for (const Range& range : kRanges) {
    if (line_of(facts.spark) != range.line || !minor || (*minor >= range.first && *minor <= range.last)) continue;
    return {{"python", "python " + facts.python,
             fmt::format(
                 "is none that PySpark {} is released for: importing pyspark, or the first function that is sent to "
                 "executors, fails",
                 facts.spark),
             fmt::format("take Python 3.{} to 3.{}", range.first, range.last)}};
  }
  return {};
}

}  // namespace spoke::image
