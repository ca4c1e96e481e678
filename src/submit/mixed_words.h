// A command line that has words of a command's own between spark-submit's options.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace spoke::submit {

// What is taken is gone from the line. The value of an option of spark-submit's is never taken for a word of its own.
class MixedWords {
 public:
  explicit MixedWords(std::vector<std::string> words) : words_(std::move(words)) {}
  bool flag(std::string_view name);
  std::vector<std::string> values(std::string_view name);  // of all its occurrences; throws BadArguments for none
  std::vector<std::string> names();                        // what is neither an option nor an option's value
  // Throws BadArguments where its last word is an option that wants a value.
  std::vector<std::string> rest();

 private:
  template <class Take>
  void each(Take take);
  std::vector<std::string> words_;
};

}  // namespace spoke::submit
