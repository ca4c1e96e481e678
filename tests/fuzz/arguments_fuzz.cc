// Any command line is read or refused with an error; what is handed on to spark-submit is what was given, without
// spoke's own options. Words are parted by line ends.
//
// uses: spoke_submit

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/strings.h"
#include "check.h"
#include "submit/arguments.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace spoke;
  const auto words = split({reinterpret_cast<const char*>(data), size}, '\n');
  try {
    const auto arguments = submit::parse_arguments(words);
    fuzz::check(arguments.for_spark.size() <= words.size(), "no more words than were given");
    fuzz::check(arguments.args.size() <= words.size(), "the application's words are some of them");
    auto rest = words.begin();  // in the order in which they were given
    for (const auto& word : arguments.for_spark) {
      rest = std::find(rest, words.end(), word);
      fuzz::check(rest != words.end(), "a word that was given", word);
      ++rest;
    }
  } catch (const submit::BadArguments&) {
  }
  return 0;
}
