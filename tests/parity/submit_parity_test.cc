// Parity with spark-submit, in one process: each case of tests/parity/cases.json must give the objects that
// spark-submit sent, recorded in tests/parity/golden/VERSION. Cases of what a whole program does (requests refused,
// what it prints,
// --kill, jars, uploaded files) are for tests/parity/parity, which runs spoke itself on all of them.

#include <gtest/gtest.h>

#include <tuple>

#include "base/strings.h"
#include "base/temp_dir.h"
#include "recorded.h"
#include "submit/upload.h"

namespace spoke::parity {
namespace {

spark::DriverObjects build(const Case& c, const std::string& version, const Path& folder) {
  auto [around, submission] = read_case(c, version, folder);
  for (const auto& one : submit::plan_uploads(submission, around)) submission.uploads[one.uri] = one.copy;
  return spark::build_driver(submission);
}

class Parity : public testing::TestWithParam<std::tuple<std::string, const Case*>> {};

TEST_P(Parity, SameObjectsAsSparkSubmit) {
  const auto& [version, c] = GetParam();
  const TempDir folder;
  if (c->has("fails")) {
    // The case's text may be what spark-submit leaves out.
    const bool said = json::flag(recorded(version, c->name).value(), "said");
    const std::string why = replace_all(std::string(json::str(c->document, "fails")), "$DIR", folder.path().string());
    try {
      build(*c, version, folder.path());
      FAIL() << "it should be refused";
    } catch (const Error& e) {
      EXPECT_EQ(("Error: " + std::string(e.what()) + "\n").find(why) != std::string::npos, said)
          << e.what() << "\nand the case has " << why;
    }
    return;
  }
  const json::value got = in_recorded_form(build(*c, version, folder.path()), folder.path());
  for (const auto& difference : differences(comparable(recorded(version, c->name).value()), got))
    ADD_FAILURE() << difference;
}

std::vector<std::tuple<std::string, const Case*>> params() {
  std::vector<std::tuple<std::string, const Case*>> found;
  for (const auto& version : recorded_versions())
    for (const auto& c : all_cases()) {
      bool whole_program = false;
      for (const auto member : {"raw", "seed", "says", "phases", "refuses", "jars", "keeps"})
        whole_program = whole_program || c.has(member);
      if (!whole_program && c.is_for(version) && recorded(version, c.name)) found.emplace_back(version, &c);
    }
  return found;
}

std::string test_name(const testing::TestParamInfo<Parity::ParamType>& info) {
  const std::string name = fmt::format("Spark_{}_{}", std::get<0>(info.param), std::get<1>(info.param)->name);
  return replace_all(replace_all(name, ".", "_"), "-", "_");
}

INSTANTIATE_TEST_SUITE_P(Recorded, Parity, testing::ValuesIn(params()), test_name);

}  // namespace
}  // namespace spoke::parity
