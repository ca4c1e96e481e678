#include "image/docker/bake.h"

#include <fmt/format.h>

#include <cctype>

#include "base/strings.h"
#include "image/docker/words.h"

namespace spoke::image {
namespace {

std::string list_of(const std::vector<std::string>& texts) {
  std::vector<std::string> out;
  for (const std::string& text : texts) out.push_back(hcl_quoted(text));
  return "[" + join(out, ", ") + "]";
}

std::string tags_of(const Recipe& recipe) {
  if (!recipe.tags.empty()) return list_of(recipe.tags);
  return fmt::format(R"(["${{REGISTRY}}{}:${{TAG != "" ? TAG : {}}}"])", recipe.name,
                     hcl_quoted(recipe.spark ? recipe.spark->version : "latest"));
}

}  // namespace

std::string bake_name(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (std::isalnum(static_cast<unsigned char>(c)) == 0 && c != '-') c = '_';
  return out;
}

std::string bake_file(const std::vector<BakeTarget>& targets,
                      const std::map<std::string, std::vector<std::string>>& groups) {
  std::string out =
      "# Written by `spoke image bake`. Build with: docker buildx bake\n\n"
      "variable \"REGISTRY\" {\n  # Such as registry.example.org/, with the slash.\n  default = \"\"\n}\n\n"
      "variable \"TAG\" {\n  # Spark's version where it is empty.\n  default = \"\"\n}\n";
  std::vector<std::string> all;
  for (const BakeTarget& target : targets) all.push_back(target.name);
  const auto group = [&](const std::string& name, const std::vector<std::string>& of) {
    out += fmt::format("\ngroup {} {{\n  targets = {}\n}}\n", hcl_quoted(name), list_of(of));
  };
  group("default", all);
  for (const auto& [name, of] : groups) group(name, of);
  for (const BakeTarget& target : targets) {
    out += fmt::format("\ntarget {} {{\n  context = {}\n  tags = {}\n", hcl_quoted(target.name),
                       hcl_quoted(target.context), tags_of(*target.recipe));
    if (!target.recipe->platforms.empty()) out += fmt::format("  platforms = {}\n", list_of(target.recipe->platforms));
    out += "}\n";
  }
  return out;
}

}  // namespace spoke::image
