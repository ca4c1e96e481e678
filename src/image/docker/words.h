// Texts as Docker's files take them. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace spoke::image {

// Throws Error for a text with line breaks, which a Dockerfile cannot say; else returns it.
std::string one_line(std::string text);

// A word of a Dockerfile in double quotes, in which nothing is a variable. Throws Error for a text with line breaks,
// which a Dockerfile cannot say.
std::string docker_quoted(const std::string& text);

// The list of ENTRYPOINT and CMD, where Docker replaces no variables.
std::string docker_list(const std::vector<std::string>& words);
// The list of COPY, where it does, and reads quotes.
std::string docker_paths(const std::vector<std::string>& paths);

// A text of HCL in double quotes, with nothing in it that would be a template.
std::string hcl_quoted(std::string_view text);

}  // namespace spoke::image
