// What a jar's POM names as needed at run time is loaded when the code comes to it: a missing one is found by the job.
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "base/strings.h"
#include "image/check/check.h"

namespace spoke::image {

Findings check_needs(const ImageFacts& facts) {
  std::map<std::string, std::vector<std::string>> missing;
  for (const NeedFact& need : facts.needs)
    if (std::ranges::none_of(facts.jars, [&](const JarFact& jar) { return jar.name == need.name; }))
      missing[need.of].push_back(fmt::format("{}:{}:{}", need.group, need.name, need.version));
  Findings out;
  for (const auto& [of, what] : missing)
    out.push_back({"needs", of,
                   fmt::format("needs {}, which {} not in the image: what uses {} fails with NoClassDefFoundError",
                               join(what, ", "), what.size() == 1 ? "is" : "are", what.size() == 1 ? "it" : "them"),
                   "leave closure: false out, or name what it needs"});
  return out;
}

}  // namespace spoke::image
