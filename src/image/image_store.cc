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
  if (meant.repository == local_spark && meant.digest.empty())
    return resolve_local_spark(Machine(), dir_, meant.tag, spark_homes_);
  throw ImageError(
      fmt::format("{}: there is no such image on this machine; load it from an archive with "
                  "`spoke image load`, or name local/spark:VERSION",
                  asked.str()));
}

std::vector<std::string> ImageStore::load(const Path& archive, const std::string& as) {
  const ImagePlan plan = load_archive(dir_, archive, as);
  try {
    record_image(dir_, plan);
  } catch (const Error& e) {
    throw ImageError(fmt::format("{}: {}", archive.string(), e.what()));
  }
  return plan.names;
}

std::vector<std::string> ImageStore::list() const { return recorded_names(dir_); }

}  // namespace spoke::image
