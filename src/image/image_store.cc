#include "image/image_store.h"

#include <fmt/format.h>

#include <utility>

#include "image/local_spark.h"
#include "image/names.h"
#include "image/oci_archive.h"
#include "image/records.h"

namespace spoke::image {
namespace {

const std::string local_spark = "local/spark";

// Names of this machine: no registry is called that.
bool is_local(const Reference& reference) { return reference.repository.starts_with("local/"); }

}  // namespace

ImageStore::ImageStore(Path dir, std::map<std::string, std::string> aliases, std::vector<Path> spark_homes)
    : dir_(std::move(dir)), aliases_(std::move(aliases)), spark_homes_(std::move(spark_homes)) {
  for (const auto& [from, to] : aliases_) {
    parse_reference(from);
    parse_reference(to);
  }
}

Image ImageStore::resolve(const std::string& name) {
  const Reference asked = parse_reference(name);
  const Reference meant = apply_alias(asked, aliases_).value_or(asked);
  for (const Reference& reference : {asked, meant})
    if (auto image = find_recorded(dir_, reference)) return std::move(*image);
  if (meant.repository == local_spark && meant.digest.empty()) {
    try {
      return resolve_local_spark(Machine(), dir_, meant.tag, spark_homes_);
    } catch (const ImageError& e) {
      if (asked == meant) throw;
      throw NoSuchImage(e.what());
    }
  }
  const std::string why = fmt::format(
      "{}: there is no such image on this machine; load it from an archive with "
      "`spoke image load`, or name local/spark:VERSION",
      asked.str());
  if (is_local(asked)) throw ImageError(why);
  throw NoSuchImage(why);
}

std::vector<std::string> ImageStore::load(const Path& archive, const std::string& as) {
  return take(archive, as, false);
}

bool ImageStore::has_layer(const std::string& diff_id) const {
  return std::filesystem::is_directory(layer_folder(dir_, diff_id));
}

void ImageStore::take_pulled(const Path& layout, const std::string& name) { take(layout, name, true); }

std::vector<std::string> ImageStore::take(const Path& archive, const std::string& as, bool pulled) {
  const ImagePlan plan = load_archive(dir_, archive, as);
  try {
    record_image(dir_, plan, pulled);
  } catch (const Error& e) {
    throw ImageError(fmt::format("{}: {}", archive.string(), e.what()));
  }
  return plan.names;
}

std::vector<std::string> ImageStore::list() const { return recorded_names(dir_); }

}  // namespace spoke::image
