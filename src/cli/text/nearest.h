// "Did you mean ...?"
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace spoke::cli {

// How many letters must be added, dropped, changed or swapped with their neighbour to make one word of the other.
size_t edit_distance(std::string_view a, std::string_view b);

// The candidate that was most likely meant; nothing where none is close.
std::optional<std::string> nearest(std::string_view word, const std::vector<std::string>& candidates);

}  // namespace spoke::cli
