// What tests/parity/parity recorded of spark-submit, and objects of ours in the same form.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/files.h"
#include "data/json.h"
#include "spark/driver.h"
#include "spark/properties_text.h"
#include "submit/surroundings.h"

namespace spoke::parity {

// A case of cases.json.
struct Case {
  std::string name;
  json::value document;

  bool has(std::string_view member) const { return json::find(document, member) != nullptr; }
  // Its arguments after those that every case begins with, and its files, in a folder of its own.
  std::vector<std::string> words(const Path& folder) const;
  void write_files(const Path& folder) const;
  submit::Surroundings surroundings(const Path& folder) const;
  bool is_for(std::string_view version) const;
};

// What spoke submit makes of a case, whose files are written into the folder. Uploads are yet to be planned. Throws
// Error.
struct ReadCase {
  submit::Surroundings around;
  spark::Submission submission;
};
ReadCase read_case(const Case& c, const std::string& version, const Path& folder);

const std::vector<Case>& all_cases();
std::vector<std::string> recorded_versions();
// As parity wrote it down; nothing where it was not recorded for that version.
std::optional<json::value> recorded(const std::string& version, const std::string& name);

// Objects as `parity` records them: what is random is replaced, what has no order is sorted.
json::value comparable(json::value objects);
json::value in_recorded_form(spark::DriverObjects objects, const Path& folder);
json::value in_recorded_form_of(json::array objects, const Path& folder);

// One line for each difference; "" at the end of `at`.
std::vector<std::string> differences(const json::value& want, const json::value& got, const std::string& at = "");

}  // namespace spoke::parity
