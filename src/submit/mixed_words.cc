#include "submit/mixed_words.h"

#include <fmt/format.h>

#include "submit/arguments.h"
#include "submit/options.h"

namespace spoke::submit {

template <class Take>
void MixedWords::each(Take take) {
  std::vector<std::string> kept;
  for (size_t i = 0; i < words_.size(); ++i) {
    if (take(i)) continue;
    const auto* option = find_option(words_[i]);
    kept.push_back(words_[i]);
    if (option != nullptr && !option->value.empty() && !option->value_optional && i + 1 < words_.size())
      kept.push_back(words_[++i]);
  }
  words_ = std::move(kept);
}

bool MixedWords::flag(std::string_view name) {
  bool found = false;
  each([&](size_t& i) {
    const bool is = words_[i] == name;
    found = found || is;
    return is;
  });
  return found;
}

std::vector<std::string> MixedWords::values(std::string_view name) {
  std::vector<std::string> found;
  each([&](size_t& i) {
    const std::string_view word = words_[i];
    if (word.starts_with(name) && word.substr(name.size()).starts_with('=')) {
      found.emplace_back(word.substr(name.size() + 1));
      return true;
    }
    if (word != name) return false;
    if (++i == words_.size()) throw BadArguments(fmt::format("Missing argument for option '{}'.", name));
    found.push_back(words_[i]);
    return true;
  });
  return found;
}

std::vector<std::string> MixedWords::rest() {
  each([&](size_t i) {
    const Option* option = i + 1 == words_.size() ? find_option(words_[i]) : nullptr;
    if (option != nullptr && !option->value.empty() && !option->value_optional)
      throw BadArguments(fmt::format("Missing argument for option '{}'.", words_[i]));
    return false;
  });
  return std::move(words_);
}

std::vector<std::string> MixedWords::names() {
  std::vector<std::string> found;
  each([&](size_t& i) {
    if (words_[i].starts_with('-')) return false;
    found.push_back(words_[i]);
    return true;
  });
  return found;
}

}  // namespace spoke::submit
