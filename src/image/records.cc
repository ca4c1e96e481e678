#include "image/records.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/sha256.h"
#include "data/json.h"
#include "image/image_config.h"
#include "image/oci_archive.h"

namespace spoke::image {
namespace {

Path folder_of(const Path& store) { return store / "names"; }

// A name holds '/' and may be as long as a file name can be.
Path file_of(const Path& store, const std::string& name) {
  return folder_of(store) / (sha256_digest(name).substr(std::string("sha256:").size()) + ".json");
}

json::value to_json(const ImagePlan& plan, const std::string& name, bool pulled) {
  json::array layers;
  for (const LayerPlan& layer : plan.layers) layers.emplace_back(layer.diff_id);
  return json::object{{"name", name},     {"id", plan.config_digest},    {"manifest", plan.manifest_digest},
                      {"pulled", pulled}, {"layers", std::move(layers)}, {"config", to_json(plan.config)}};
}

Image from_json(const Path& store, const json::value& v) {
  Image image;
  image.name = json::str(v, "name");
  image.id = json::str(v, "id");
  image.pulled = json::flag(v, "pulled");
  for (const std::string& diff_id : string_list(v, "layers")) {
    // An image may list one layer twice, and overlayfs refuses that; the upper one hides the lower one whole.
    const Path folder = layer_folder(store, diff_id);
    std::erase(image.layers, folder);
    image.layers.insert(image.layers.begin(), folder);
  }
  if (const json::value* config = json::find(v, "config")) image.config = config_from_json(*config);
  return image;
}

json::value read_record(const Path& file) {
  try {
    return json::parse(read_file(file));
  } catch (const Error& e) {
    throw ImageError(fmt::format("{}: {}; load the image again", file.string(), e.what()));
  }
}

std::vector<Path> record_files(const Path& store) {
  std::vector<Path> files;
  std::error_code none;
  for (const auto& entry : std::filesystem::directory_iterator(folder_of(store), none))
    if (entry.path().extension() == ".json") files.push_back(entry.path());
  return files;
}

}  // namespace

void record_image(const Path& store, const ImagePlan& plan, bool pulled) {
  make_dirs(folder_of(store), 0700);
  for (const std::string& name : plan.names)
    write_file(file_of(store, name), json::dump_pretty(to_json(plan, name, pulled)), 0600);
}

std::optional<Image> find_recorded(const Path& store, const Reference& reference) {
  std::vector<Path> files = {file_of(store, reference.str())};
  if (!reference.digest.empty()) files = record_files(store);
  for (const Path& file : files) {
    if (!std::filesystem::exists(file)) continue;
    const json::value record = read_record(file);
    const Reference named = parse_reference(json::str(record, "name"));
    const bool fits = reference.digest.empty()
                          ? named == reference
                          : named.repository == reference.repository &&
                                (json::str(record, "manifest") == reference.digest || named.digest == reference.digest);
    if (!fits) continue;
    Image image = from_json(store, record);
    if (std::ranges::all_of(image.layers, [](const Path& layer) { return std::filesystem::is_directory(layer); }))
      return image;
  }
  return std::nullopt;
}

std::vector<std::string> recorded_names(const Path& store) {
  std::vector<std::string> names;
  for (const Path& file : record_files(store)) names.emplace_back(json::str(read_record(file), "name"));
  std::ranges::sort(names);
  return names;
}

}  // namespace spoke::image
