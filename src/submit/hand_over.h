// Handing the command line over to the spark-submit of SPARK_HOME.
#pragma once

#include <string>
#include <vector>

#include "submit/surroundings.h"

namespace spoke::submit {

// Replaces this process by SPARK_HOME's bin/spark-submit with these arguments. Throws Error where there is none; `why`
// is the reason that it is needed: "--jvm runs the spark-submit of SPARK_HOME".
[[noreturn]] void hand_over(const std::vector<std::string>& arguments, const Surroundings& around,
                            std::string_view why);

}  // namespace spoke::submit
