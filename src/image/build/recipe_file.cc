#include "image/build/recipe_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <vector>

#include "base/error.h"
#include "base/glob.h"
#include "image/build/base.h"
#include "image/build/dockerfile.h"
#include "image/machine.h"
#include "image/manifest.h"

namespace spoke::image {
namespace {

// "azure" of azure.Dockerfile and Dockerfile.azure; else the folder's, with what a name may have.
std::string name_of(const Path& file, const Path& folder) {
  constexpr std::string_view word = "Dockerfile";
  std::string name = file.filename();
  if (name.ends_with(word))
    name.resize(name.size() - word.size());
  else if (name.starts_with(word))
    name.erase(0, word.size());
  std::erase(name, '.');
  if (name.empty()) name = std::filesystem::weakly_canonical(folder).filename();
  std::string out;
  for (const unsigned char c : name)
    if (std::isalnum(c) != 0)
      out += static_cast<char>(std::tolower(c));
    else if (!out.empty() && out.back() != '-')
      out += '-';
  while (out.ends_with('-')) out.pop_back();
  return out.empty() ? "image" : out;
}

std::vector<ContextFile> find_in(const Path& context, const std::string& pattern) {
  const Path below = Path(pattern).relative_path().lexically_normal();
  if (!below.empty() && *below.begin() == "..")
    throw RecipeError(fmt::format("{} is outside of {}, which is copied from; name another folder with --context",
                                  pattern, context.string()));
  std::vector<Path> found = {below.parent_path()};
  if (const std::string last = below.filename(); below.parent_path().string().find('*') != std::string::npos) {
    throw RecipeError(fmt::format("{}: only its last part may have a *", pattern));
  } else if (last.find('*') == std::string::npos) {
    found = {below};
  } else {
    found.clear();
    for (const Path& entry : folder_entries(context / below.parent_path()))
      if (matches_glob(last, entry.filename().string())) found.push_back(below.parent_path() / entry.filename());
  }
  std::vector<ContextFile> out;
  for (const Path& path : found) {
    const bool is_folder = std::filesystem::is_directory(context / path);
    if (is_folder && std::filesystem::exists(context / ".dockerignore"))
      throw RecipeError(
          fmt::format(".dockerignore is not read here, and {} is a folder: name the files that are copied", pattern));
    if (is_folder || std::filesystem::exists(context / path)) out.push_back({path.string(), is_folder});
  }
  return out;
}

constexpr size_t kDeepest = 8;

void list_into(std::vector<ListedRecipe>& out, const Path& file, const std::vector<std::string>& groups,
               std::vector<Path>& above) {
  const std::string text = read_file(file);
  const auto group = is_dockerfile(text) ? std::nullopt : parse_group(text);
  const Path whole = std::filesystem::weakly_canonical(file);
  if (!group) {
    // Of several groups it is one recipe still.
    const auto known = std::ranges::find(
        out, whole, [](const ListedRecipe& one) { return std::filesystem::weakly_canonical(one.file); });
    if (known == out.end()) {
      out.push_back({file, groups});
    } else {
      for (const std::string& name : groups)
        if (std::ranges::find(known->groups, name) == known->groups.end()) known->groups.push_back(name);
    }
    return;
  }
  if (above.size() > kDeepest) fail("groups are {} deep", above.size());
  if (std::ranges::find(above, whole) != above.end()) fail("the group {} is in itself", group->name);
  above.push_back(whole);
  std::vector<std::string> names = groups;
  names.push_back(group->name);
  for (const std::string& recipe : group->recipes) try {
      list_into(out, file.parent_path() / recipe, names, above);
    } catch (const Error& e) {
      fail("recipes: {}: {}", recipe, e.what());
    }
  above.pop_back();
}

}  // namespace

std::vector<ListedRecipe> list_recipes(const Path& file) {
  std::vector<ListedRecipe> out;
  std::vector<Path> above;
  list_into(out, file, {}, above);
  return out;
}

RecipeInFolder read_recipe(const Path& file, const RecipeFileOptions& options, const BuildCache& cache,
                           const Registries& registries, const std::function<void(std::string_view)>& say) {
  const std::string text = read_file(file);
  RecipeInFolder out{.recipe = {}, .folder = file.parent_path()};
  if (!is_dockerfile(text)) {
    out.recipe = parse_recipe(text);
    return out;
  }
  if (!options.context.empty()) out.folder = options.context;
  const auto base_of = [&](const std::string& name) {
    Recipe on_it;
    on_it.base = name;
    const auto image = get_base(on_it, out.folder, machine_architecture(), cache, registries, say);
    DockerBase base;
    if (!image) return base;
    for (const std::string& entry : image->contents.config.env)
      if (const auto equals = entry.find('='); equals != std::string::npos)
        base.environment[entry.substr(0, equals)] = entry.substr(equals + 1);
    base.working_dir = image->contents.config.working_dir;
    base.has_folder = [paths = image->listing.paths](const std::string& path) {
      const auto found = paths.find(resolved(paths, Path(path).relative_path().string()));
      return found != paths.end() && found->second.kind == TreeNode::Kind::Folder;
    };
    return base;
  };
  Dockerfile read = parse_dockerfile(
      text, options.arguments, [&](const std::string& pattern) { return find_in(out.folder, pattern); }, base_of);
  for (const std::string& note : read.notes) say(note);
  out.recipe = std::move(read.recipe);
  out.recipe.name = name_of(file, out.folder);
  return out;
}

}  // namespace spoke::image
