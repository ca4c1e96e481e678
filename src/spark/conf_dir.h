// Which files of SPARK_CONF_DIR a driver gets, and in what form text goes into a ConfigMap.
// Source: KubernetesClientUtils (Spark 3.5 to 4.3).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "spark/conf.h"

namespace spoke::spark {

// From the regular files of the folder (name and content): no archives, templates, spark*conf or spark*properties, and
// nothing that is not UTF-8; then, smallest first, as many as stay below `max_size` in all. What is left out for its
// size or encoding is a warning.
Properties select_conf_files(const Properties& files, std::int64_t max_size, std::vector<std::string>& warnings);

// UTF-8 with U+FFFD for what is malformed, as Java decodes it.
std::string decode_utf8(std::string_view bytes);

}  // namespace spoke::spark
