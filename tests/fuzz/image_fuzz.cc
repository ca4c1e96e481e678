// uses: spoke_image
//
// Names of images, paths in layers, and the JSON documents of an archive: whatever comes, they are read or refused with
// an error of this room, and what was read is what it says.
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/sha256.h"
#include "base/strings.h"
#include "check.h"
#include "image/image_store.h"
#include "image/layer_writer.h"
#include "image/manifest.h"
#include "image/names.h"
#include "image/spark_home.h"

namespace {

using namespace spoke;
using namespace spoke::image;
using fuzz::check;

void names(std::string_view text) {
  try {
    const Reference reference = parse_reference(text);
    check(parse_reference(reference.str()) == reference, "what str() writes reads the same", reference.str());
    check(reference.repository.find("..") == std::string::npos, "a repository leads nowhere else",
          reference.repository);
  } catch (const InvalidImageName&) {
  }
  if (const auto tag = parse_spark_tag(text))
    check(tag->version.find('/') == std::string::npos, "a version is no path", tag->version);
}

void paths(std::string_view text) {
  try {
    for (const std::string& name : layer_path(text))
      check(!name.empty() && name != "." && name != ".." && name.find('/') == std::string::npos, "a plain name", name);
  } catch (const Error&) {
  }
}

// Three documents, parted by a byte that UTF-8 does not have. "$" in one stands for the digest of the next, or else no
// mutation would ever get past the first check.
void documents(std::string_view text) {
  std::vector<std::string> parts = split(text, '\xff');
  parts.resize(3);
  Documents layout;
  Documents saved;
  for (size_t i = 3; i-- > 0;) {
    if (i < 2) parts[i] = replace_all(parts[i], "$", sha256_digest(parts[i + 1]));
    layout["blobs/sha256/" + sha256_digest(parts[i]).substr(7)] = parts[i];
  }
  layout["index.json"] = parts[0];
  saved["manifest.json"] = parts[0];
  saved["config.json"] = parts[1];
  for (const Documents& archive : {layout, saved}) {
    try {
      const ImagePlan plan = plan_image(archive, "a:1", "amd64");
      check(!plan.layers.empty() && is_digest(plan.config_digest), "a plan is whole");
      for (const LayerPlan& layer : plan.layers)
        check(is_digest(layer.diff_id), "a layer has its digest", layer.diff_id);
    } catch (const ImageError&) {
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  names(text);
  paths(text);
  documents(text);
  return 0;
}
