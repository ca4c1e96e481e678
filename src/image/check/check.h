// Whether the parts of an image fit together. A rule is a file; it says what will fail, when, and what would fit. Pure.
#pragma once

#include <string>
#include <vector>

#include "image/check/facts.h"

namespace spoke::image {

struct Finding {
  std::string rule;     // "scala"
  std::string subject;  // what does not fit: "org.apache.hadoop:hadoop-azure:3.4.2"
  std::string problem;  // why, and what will fail when
  std::string remedy;   // what would fit
};

using Findings = std::vector<Finding>;

Findings check(const ImageFacts& facts);  // by all rules, in the order of their names

// The rules.
Findings check_hadoop(const ImageFacts& facts);
Findings check_java(const ImageFacts& facts);
Findings check_needs(const ImageFacts& facts);
Findings check_python(const ImageFacts& facts);
Findings check_scala(const ImageFacts& facts);
Findings check_spark_line(const ImageFacts& facts);
Findings check_twice(const ImageFacts& facts);

// The images of one application's driver and of its executors.
Findings check_pair(const ImageFacts& driver, const ImageFacts& executor);

std::string coordinates(const JarFact& jar);  // "GROUP:NAME:VERSION", as much as is known

}  // namespace spoke::image
