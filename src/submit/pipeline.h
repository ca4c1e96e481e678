// A declarative pipeline (Spark 4.1 and later): its project read from this machine, and shipped to the driver that runs
// it. `spark-pipelines` by itself gives its server a local master; as the main resource of a driver in Spark Connect's
// mode, the same program gets executors as pods. Source: pyspark/pipelines/cli.py (Spark 4.1 to 4.3).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/files.h"
#include "spark/driver.h"

namespace spoke::submit {

struct Pipeline {
  std::string name;
  std::string spec;         // "spark-pipeline.yml"
  std::string storage;      // as the spec has it
  spark::Properties files;  // by their path in the project: the spec, and what its libraries name
};

// The spec in the folder or the nearest one above it. Throws Error where there is none, or two.
Path find_pipeline_spec(const Path& folder);

// Throws Error: which file, which field, why.
Pipeline read_pipeline(const Path& spec);

// What is run in the image, with its arguments: "run", "--spec", ...
constexpr std::string_view kPipelineProgram = "local:///opt/spark/python/pyspark/pipelines/cli.py";
std::vector<std::string> pipeline_arguments(const Pipeline& pipeline, std::string_view command);

// Throws Error where this Spark has no pipelines, or the properties ask for something else than Spark Connect's mode.
void configure_pipeline(spark::Conf& conf, const spark::Rules& rules, const Pipeline& pipeline);

// The project as a ConfigMap, mounted where pipeline_arguments() say.
void add_pipeline(spark::DriverObjects& driver, const Pipeline& pipeline);

// Why the pipeline's storage will not outlive the driver; "" where it may.
std::string storage_warning(const spark::DriverObjects& driver, const Pipeline& pipeline);

// A project to begin with: spec and an example in Python and in SQL, in the folder `name` below `parent`. Answers what
// it wrote. Throws Error where the folder is there already.
std::vector<Path> start_pipeline(const Path& parent, const std::string& name);

}  // namespace spoke::submit
