// Colours by meaning, and text that is safe to show.
#pragma once

#include <string>
#include <string_view>

namespace spoke::cli {

enum class Style { Plain, Strong, Faint, Good, Busy, Bad };

// `text` in its style where `colour`, else as it is.
std::string paint(Style style, std::string_view text, bool colour);

// What a state of a SparkApplication, a pod or an executor means to a person.
Style style_of_state(std::string_view state);

// Without control characters: messages from a cluster must not move the cursor or ring the bell. Line ends become
// blanks.
std::string printable(std::string_view text);
// The same for several lines: line ends and tabs stay.
std::string printable_lines(std::string_view text);

// How many cells a terminal needs for it: characters, not bytes.
size_t width(std::string_view text);

// At most `cells` wide, with an ellipsis where something was cut off.
std::string shorten(std::string_view text, size_t cells);

}  // namespace spoke::cli
