#include "submit/hand_over.h"

#include <unistd.h>

#include "base/error.h"

namespace spoke::submit {

void hand_over(const std::vector<std::string>& arguments, const Surroundings& around, std::string_view why) {
  const auto home = around.spark_home();
  if (!home)
    fail("{}, and SPARK_HOME is not set; set it to a Spark distribution (`pip install pyspark` brings one)", why);
  const std::string program = (*home / "bin/spark-submit").string();
  if (::access(program.c_str(), X_OK) != 0)
    fail("{}, and {} is not there or no program; SPARK_HOME must be a Spark distribution", why, program);
  std::vector<std::string> words = {program};
  words.insert(words.end(), arguments.begin(), arguments.end());
  std::vector<char*> argv;
  for (auto& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  ::execv(program.c_str(), argv.data());
  fail_errno("run " + program);
}

}  // namespace spoke::submit
