// Any configuration and any pod template: a submission is refused with an error, or gives a driver that says what it
// runs.
//
// The input is a text of properties; what follows a line `---` is the driver's pod template.
//
// uses: spoke_spark

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "check.h"
#include "spark/driver.h"
#include "spark/properties_text.h"

namespace {

using namespace spoke;

spark::Submission submission(std::string_view properties, std::string_view pod_template, const char* version) {
  spark::Submission s;
  s.rules = spark::rules_for(version);
  s.conf = spark::Conf(spark::load_properties(properties));
  s.conf.set("spark.master", "k8s://https://h");
  s.conf.set_if_missing("spark.kubernetes.container.image", "i");
  if (!pod_template.empty()) s.conf.set("spark.kubernetes.driver.podTemplateFile", "/t");
  s.files["/t"] = pod_template;
  s.main_class = "Main";
  s.resource = "local:///main.jar";
  s.ids = spark::Ids::draw(std::string(spark::Ids::kRandomBytes, 'x'), Time());
  return s;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr std::string_view kLine = "\n---\n";
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto at = text.find(kLine);
  const auto pod_template = at == std::string_view::npos ? std::string_view() : text.substr(at + kLine.size());
  for (const char* version : {"3.5.8", "4.3.0"}) {
    try {
      const auto driver = spark::build_driver(submission(text.substr(0, at), pod_template, version));
      const auto& containers = json::list(driver.pod, "spec.containers");
      fuzz::check(!containers.empty(), "the driver has a container", json::dump(driver.pod));
      fuzz::check(json::find(driver.config_map, "data") != nullptr, "the driver has properties");
      fuzz::check(json::parse(json::dump(driver.pod)) == driver.pod, "the pod is JSON", json::dump(driver.pod));
    } catch (const Error&) {
    }
  }
  return 0;
}
