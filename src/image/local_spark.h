// local/spark:VERSION, the image without a download: this machine's own /usr, Java and Spark, bound read-only.
#pragma once

#include <string>
#include <vector>

#include "image/image_store.h"
#include "image/machine.h"

namespace spoke::image {

// `tag` as parse_spark_tag takes it; `spark_homes` as ImageStore's. Quick once the machine's layer is made. Throws
// ImageError that says what is missing and how to install it.
Image resolve_local_spark(const Machine& machine, const Path& store, const std::string& tag,
                          const std::vector<Path>& spark_homes);

}  // namespace spoke::image
