#include "cli/image_places.h"

#include <fmt/format.h>

#include "cli/command.h"
#include "cli/terminal.h"
#include "cli/transfer_line.h"
#include "cluster/paths.h"
#include "image/manifest.h"

namespace spoke::cli {

image::Place place_in(std::string_view text, std::string_view option) {
  try {
    return image::parse_place(text);
  } catch (const Error& e) {
    throw UsageError(
        fmt::format("{}: \"{}\" is none of oci:FOLDER[:TAG], oci-archive:FILE[:TAG], docker://NAME and "
                    "store: ({})",
                    option, text, e.what()));
  }
}

image::BuildCache cache_in(const std::string& folder) {
  return folder.empty() ? image::BuildCache(image::BuildCache::standard()) : image::BuildCache(folder);
}

image::ImageStore store_in(const std::string& folder) {
  const cluster::Paths paths = folder.empty() ? cluster::Paths::standard() : cluster::Paths(folder);
  return {paths.images(), {}, {}};
}

image::BaseImage read_image_at(const std::string& name, const image::BuildCache& cache,
                               const image::Registries& registries) {
  const image::Place place = place_in(name, "IMAGE");
  TransferLine line("reading " + name);
  const image::Transport transport(cache, registries, line.told());
  try {
    image::BaseImage out = image::read_image(place, image::machine_architecture(), cache, transport);
    line.end();
    return out;
  } catch (const Error& e) {
    line.end();
    const std::string what = e.what();
    fail("{}{}", !place.name.empty() && what.starts_with(place.name) ? "" : name + ": ", what);
  }
}

void send_images(const std::vector<image::ImageBlobs>& images, const image::Place& to, const image::BuildCache& cache,
                 const Sending& how) {
  TransferLine line(how.quiet ? "" : "sending");
  const image::Transport transport(cache, how.registries, line.told());
  image::ImageStore store = store_in(how.data);
  transport.write(to, {cache.dir(), images, nullptr, ""}, store);
  line.end();
  for (const image::ImageBlobs& image : images)
    for (const std::string& name : image.names) print(fmt::format("{} {}\n", image.manifest.digest, name));
}

}  // namespace spoke::cli
