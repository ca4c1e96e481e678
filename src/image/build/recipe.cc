#include "image/build/recipe.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/files.h"
#include "base/strings.h"
#include "data/json.h"
#include "data/yaml.h"
#include "image/image_config.h"
#include "image/names.h"
#include "kube/schema.h"

namespace spoke::embedded {
extern const std::string_view recipe_schema_yaml;
}  // namespace spoke::embedded

namespace spoke::image {
namespace {

const kube::Schema& schema() {
  static const kube::SchemaPtr read = [] {
    std::vector<kube::Cause> causes;
    const json::value whole{{"type", "object"},
                            {"properties", {{"recipe", yaml::parse(embedded::recipe_schema_yaml)}}}};
    kube::SchemaPtr made = kube::structural_schema(whole, "", causes);
    if (!causes.empty()) fail("{}: {}", causes.front().field, causes.front().message);
    return made;
  }();
  return *read;
}

std::map<std::string, std::string> pairs(const json::value& v, std::string_view path) {
  std::map<std::string, std::string> out;
  for (const auto& [name, value] : json::members(v, path))
    if (value.is_string()) out[std::string(name)] = json::to_string(value.get_string());
  return out;
}

std::optional<std::string> text(const json::value& v, std::string_view path) {
  const json::value* found = json::find(v, path);
  return found != nullptr && found->is_string() ? std::optional(json::to_string(found->get_string())) : std::nullopt;
}

std::optional<std::vector<std::string>> words(const json::value& v, std::string_view path) {
  return json::find(v, path) == nullptr ? std::nullopt : std::optional(string_list(v, path));
}

bool is_coordinate(std::string_view part) {
  return !part.empty() && part != "." && part != ".." && std::ranges::all_of(part, [](unsigned char c) {
    return std::isalnum(c) != 0 || c == '.' || c == '_' || c == '-';
  });
}

MavenArtifact read_artifact(const json::value& v, const std::string& field) {
  try {
    if (v.is_string()) return parse_artifact(v.get_string());
    if (!v.is_object()) throw RecipeError("must be GROUP:NAME:VERSION, or an object with `artifact`");
    for (const auto& [name, _] : v.get_object())
      if (name != "artifact" && name != "closure" && name != "optional" && name != "exclude" && name != "to")
        throw RecipeError(
            fmt::format("has the unknown field {}; it may have artifact, closure, optional, exclude and to",
                        std::string_view(name)));
    MavenArtifact out = parse_artifact(json::str(v, "artifact"));
    for (const auto& [name, to] : {std::pair("closure", &out.closure), std::pair("optional", &out.optional)})
      if (const json::value* told = json::find(v, name)) {
        if (!told->is_bool()) throw RecipeError(fmt::format("{} must be true or false", name));
        *to = told->get_bool();
      }
    out.exclusions = string_list(v, "exclude");
    out.to = json::str(v, "to");
    if (!out.to.empty() &&
        (!out.to.starts_with('/') || Path(out.to).lexically_normal() != Path(out.to) || out.to.ends_with('/')))
      throw RecipeError(fmt::format("to: \"{}\" must be a folder's absolute path, without a / at its end", out.to));
    for (const std::string& exclusion : out.exclusions) {
      const std::vector<std::string> parts = split(exclusion, ':');
      const auto fits = [](const std::string& part) { return part == "*" || is_coordinate(part); };
      if (parts.size() != 2 || !std::ranges::all_of(parts, fits))
        throw RecipeError(fmt::format("exclude: \"{}\" must be GROUP:NAME", exclusion));
    }
    return out;
  } catch (const RecipeError& e) {
    throw RecipeError(fmt::format("{}: {}", field, e.what()));
  }
}

unsigned number(std::string_view digits, int base) {
  unsigned out = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), out, base);
  return out;
}

RecipeFile read_file_item(const json::value& v) {
  RecipeFile out{.from = std::string(json::str(v, "from")), .to = std::string(json::str(v, "to"))};
  if (const auto mode = text(v, "mode")) out.mode = number(*mode, 8);
  const std::vector<std::string> owner = split(json::str(v, "owner"), ':');
  if (!owner.front().empty()) out.user = number(owner.front(), 10);
  out.group = owner.size() > 1 ? number(owner[1], 10) : 0;
  for (const Path& part : Path(out.to))
    if (part == "." || part == "..")
      throw RecipeError(fmt::format("files: to: \"{}\" must name the place without . and ..", out.to));
  if (out.to.ends_with('/') &&
      (out.place().ends_with("/.") || out.place().ends_with("/..") || out.place().ends_with('/')))
    throw RecipeError(
        fmt::format("files: \"{}\" has no name that could stand below {}; name it in `to`", out.from, out.to));
  return out;
}

std::string_view field_of(std::string_view path) {
  constexpr std::string_view root = "recipe.";
  return path.starts_with(root) ? path.substr(root.size()) : path;
}

json::value checked(std::string_view yaml_text) {
  json::value v;
  try {
    v = yaml::parse(yaml_text);
  } catch (const Error& e) {
    throw RecipeError(e.what());
  }
  if (!v.is_object()) throw RecipeError("a recipe is an object with at least name and base");
  // Below a root of its own: a schema's root has Kubernetes' metadata, kind and apiVersion added to it.
  json::value whole = json::object{{"recipe", std::move(v)}};
  std::vector<std::string> wrong;
  json::value known = whole;
  for (const std::string& field : kube::prune(schema(), known))
    wrong.push_back(fmt::format("{}: a recipe has no such field", field_of(field)));
  for (const kube::Cause& cause : kube::validate(schema(), whole))
    wrong.push_back(fmt::format("{}: {}", field_of(cause.field), cause.message));
  if (!wrong.empty()) throw RecipeError(join(wrong, "; "));
  kube::apply_defaults(schema(), whole);
  return std::move(whole.get_object()["recipe"]);
}

}  // namespace

std::string MavenArtifact::str() const {
  return fmt::format("{}:{}:{}{}{}", group, name, version, classifier.empty() ? "" : ":", classifier);
}

MavenArtifact parse_artifact(std::string_view text) {
  const std::vector<std::string> parts = split(text, ':');
  if (parts.size() < 3 || parts.size() > 4 || !std::ranges::all_of(parts, is_coordinate))
    throw RecipeError(
        fmt::format("\"{}\" must be GROUP:NAME:VERSION, such as org.apache.hadoop:hadoop-aws:3.4.2", text));
  return {.group = parts[0], .name = parts[1], .version = parts[2], .classifier = parts.size() > 3 ? parts[3] : ""};
}

std::string RecipeFile::place() const {
  if (!to.ends_with('/')) return to;
  std::string_view name = from;
  while (name.size() > 1 && name.ends_with('/')) name.remove_suffix(1);
  const auto slash = name.rfind('/');
  return to + std::string(slash == std::string_view::npos ? name : name.substr(slash + 1));
}

std::string Recipe::debian_suite() const {
  constexpr std::string_view prefix = "debian:";
  return base.starts_with(prefix) ? base.substr(prefix.size()) : "";
}

std::optional<RecipeGroup> parse_group(std::string_view yaml_text) {
  json::value v;
  try {
    v = yaml::parse(yaml_text);
  } catch (const Error& e) {
    throw RecipeError(e.what());
  }
  if (!v.is_object() || json::find(v, "recipes") == nullptr) return std::nullopt;
  for (const auto& [name, _] : v.get_object())
    if (name != "group" && name != "recipes")
      throw RecipeError(fmt::format("{}: a group has no such field, only group and recipes", std::string_view(name)));
  RecipeGroup out{.name = std::string(json::str(v, "group")), .recipes = string_list(v, "recipes")};
  if (out.name.empty() ||
      !std::ranges::all_of(out.name, [](unsigned char c) { return std::isalnum(c) != 0 || c == '-' || c == '_'; }))
    throw RecipeError("group: must be a name of letters, digits, - and _");
  if (out.recipes.empty() || out.recipes.size() != json::list(v, "recipes").size())
    throw RecipeError("recipes: must be a list of files");
  return out;
}

Recipe parse_recipe(std::string_view yaml_text) {
  const json::value v = checked(yaml_text);
  Recipe out{.name = std::string(json::str(v, "name")),
             .base = std::string(json::str(v, "base")),
             .packages = string_list(v, "packages"),
             .java = static_cast<int>(json::num(v, "java")),
             .scala = std::string(json::str(v, "scala")),
             .python_requirements = string_list(v, "python.requirements"),
             .repositories = string_list(v, "repositories"),
             .identity = string_list(v, "identity"),
             .jars = string_list(v, "jars"),
             .env = pairs(v, "env"),
             .user = text(v, "user"),
             .workdir = text(v, "workdir"),
             .entrypoint = words(v, "entrypoint"),
             .command = words(v, "command"),
             .labels = pairs(v, "labels"),
             .platforms = string_list(v, "platforms"),
             .tags = string_list(v, "tags")};
  if (json::find(v, "spark") != nullptr)
    out.spark = SparkSource{std::string(json::str(v, "spark.version")), std::string(json::str(v, "spark.from")),
                            json::flag(v, "spark.cds", true)};
  size_t index = 0;
  for (const json::value& artifact : json::list(v, "maven"))
    out.maven.push_back(read_artifact(artifact, fmt::format("maven[{}]", index++)));
  for (const json::value& file : json::list(v, "files")) out.files.push_back(read_file_item(file));

  for (const auto& [name, _] : out.env) {
    // As Kubernetes has it of a container's variables.
    const auto fits = [](unsigned char c) { return std::isalnum(c) != 0 || c == '_' || c == '-' || c == '.'; };
    if (name.empty() || std::isdigit(static_cast<unsigned char>(name.front())) != 0 || !std::ranges::all_of(name, fits))
      throw RecipeError(fmt::format("env: \"{}\" is no name of a variable: letters, digits, _, - and .", name));
  }
  for (const auto& [name, _] : out.labels)
    if (name.empty() || name.find_first_of("=\r\n") != std::string::npos)
      throw RecipeError(fmt::format("labels: \"{}\" is no name of a label", name));
  for (const std::string& tag : out.tags) try {
      parse_reference(tag);
    } catch (const Error& e) {
      throw RecipeError(fmt::format("tags: {}", e.what()));
    }

  if (!out.packages.empty() && out.debian_suite().empty())
    throw RecipeError(fmt::format(
        "packages: Debian's packages are put into a base of Debian's own, debian:SUITE, and the base is {}", out.base));
  const std::string suite = out.debian_suite();
  if (out.base.starts_with("debian:") &&
      (suite.empty() || suite.find_first_not_of("abcdefghijklmnopqrstuvwxyz") != std::string::npos))
    throw RecipeError(
        fmt::format("base: \"{}\" must be debian: and a suite's name, such as debian:bookworm", out.base));
  // The oldest that every Spark of the day runs on, and the suite has.
  if (!suite.empty() && out.java == 0) out.java = suite == "trixie" ? 21 : 17;
  return out;
}

}  // namespace spoke::image
