#include "image/check/check.h"

#include <iterator>

namespace spoke::image {

Findings check(const ImageFacts& facts) {
  Findings out;
  for (const auto rule :
       {check_hadoop, check_java, check_needs, check_python, check_scala, check_spark_line, check_twice}) {
    Findings found = rule(facts);
    out.insert(out.end(), std::make_move_iterator(found.begin()), std::make_move_iterator(found.end()));
  }
  return out;
}

std::string coordinates(const JarFact& jar) {
  std::string out = jar.group.empty() ? jar.name : jar.group + ":" + jar.name;
  return jar.version.empty() ? out : out + ":" + jar.version;
}

}  // namespace spoke::image
