// Patterns of names: "*" stands for any letters, all else for itself.
#pragma once

#include <string_view>

namespace spoke {

// Whether all of `text` is like the pattern. Takes no longer than both are long, multiplied, whatever they are.
bool matches_glob(std::string_view pattern, std::string_view text);

}  // namespace spoke
