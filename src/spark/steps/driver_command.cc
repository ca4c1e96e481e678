// What the driver's container runs: the image's entry point gets spark-submit's arguments for client mode.
// Source: DriverCommandFeatureStep (Spark 3.5 to 4.3).

#include "spark/steps.h"
#include "spark/uris.h"

namespace spoke::spark {
namespace {

struct Command {
  std::string_view resource_type;  // spark.kubernetes.resource.type
  std::string main_class;
  std::string resource;
};

Command command_of(const Submission& s) {
  switch (s.language) {
    case Language::Python:
      return {"python", "org.apache.spark.deploy.PythonRunner",
              needs_upload(s.resource) ? copy_of(s, s.resource) : s.resource};
    case Language::R: return {"r", "org.apache.spark.deploy.RRunner", s.resource};
    case Language::Jvm: break;
  }
  // A jar of the submitter's is among spark.jars already.
  const bool elsewhere = s.resource.empty() || needs_upload(s.resource);
  return {"java", s.main_class, elsewhere ? std::string(kNoResource) : s.resource};
}

void add_python(const Conf& conf, Draft& draft) {
  const auto first = [](std::optional<std::string> a, std::optional<std::string> b) { return a ? a : b; };
  const auto python = conf.text("spark.pyspark.python");
  const auto everywhere = first(python, conf.env("PYSPARK_PYTHON"));
  const auto driver = first(first(conf.text("spark.pyspark.driver.python"), python),
                            first(conf.env("PYSPARK_DRIVER_PYTHON"), conf.env("PYSPARK_PYTHON")));
  if (everywhere) draft.add_env("PYSPARK_PYTHON", *everywhere);
  if (driver) draft.add_env("PYSPARK_DRIVER_PYTHON", *driver);
}

}  // namespace

void driver_command(const Submission& s, Draft& draft) {
  const Command command = command_of(s);
  auto& args = json::make_array(draft.container, "args");
  const auto add = [&args](std::string_view word) { args.push_back(json::value(word)); };
  add("driver");
  if (s.proxy_user) {
    add("--proxy-user");
    add(*s.proxy_user);
  }
  add("--properties-file");
  add("/opt/spark/conf/spark.properties");
  add("--class");
  add(command.main_class);
  add(command.resource);
  for (const auto& arg : s.args) add(arg);

  if (s.language == Language::Python) add_python(s.conf, draft);
  draft.properties["spark.kubernetes.resource.type"] = command.resource_type;
}

}  // namespace spoke::spark
