// What a driver sends to its executors is code and pickled objects: both sides read them with what they have
// themselves. PySpark refuses another minor version of Python (PYTHON_VERSION_MISMATCH); cloudpickle names modules, and
// does not bring them along; Java's serialization wants the same classes.
#include <fmt/format.h>

#include "base/strings.h"
#include "image/check/check.h"

namespace spoke::image {
namespace {

void compare(const std::string& what, const std::string& driver, const std::string& executor, const std::string& fails,
             Findings& out) {
  if (driver.empty() || executor.empty() || driver == executor) return;
  out.push_back({"pair", what + " " + executor,
                 fmt::format("is the executors', and the driver has {} {}: {}", what, driver, fails),
                 fmt::format("take {} {} for both", what, driver)});
}

// What installs others: no program imports it.
bool is_tool(std::string_view name) {
  return name == "pip" || name == "setuptools" || name == "wheel" || name == "virtualenv" || name == "distlib";
}

// Whatever a Python program may import. What only the driver has is told too: functions that run in executors may need
// it.
void compare_packages(const ImageFacts& driver, const ImageFacts& executor, Findings& out) {
  if (driver.python_packages.empty() || executor.python_packages.empty()) return;
  std::vector<std::string> alone;
  for (const auto& [name, version] : driver.python_packages) {
    if (is_tool(name)) continue;
    const auto other = executor.python_packages.find(name);
    if (other == executor.python_packages.end())
      alone.push_back(name);
    else if (other->second != version)
      out.push_back({"pair", fmt::format("{} {}", name, other->second),
                     fmt::format("is the executors', and the driver has {}: objects of it that are pickled by one may "
                                 "not be read by the other",
                                 version),
                     fmt::format("take {}=={} for both", name, version)});
  }
  if (alone.empty()) return;
  const bool one = alone.size() == 1;
  out.push_back({"pair", join(alone, ", "),
                 fmt::format("{} in the driver's image alone: a function that uses {} fails in executors with "
                             "ModuleNotFoundError",
                             one ? "is" : "are", one ? "it" : "one of them"),
                 "put what functions use into the executors' image, too"});
}

}  // namespace

Findings check_pair(const ImageFacts& driver, const ImageFacts& executor) {
  Findings out;
  compare("Spark", driver.spark, executor.spark,
          "executors cannot register, or fail with InvalidClassException (local class incompatible)", out);
  compare("Scala", driver.scala, executor.scala, "executors fail with InvalidClassException", out);
  compare("Python", driver.python, executor.python,
          "the first Python function that is sent to executors fails with PYTHON_VERSION_MISMATCH", out);
  const auto java = [](int version) { return version == 0 ? std::string() : std::to_string(version); };
  compare("Java", java(driver.java), java(executor.java),
          "classes that the driver compiles may fail in executors with UnsupportedClassVersionError", out);
  compare_packages(driver, executor, out);
  return out;
}

}  // namespace spoke::image
