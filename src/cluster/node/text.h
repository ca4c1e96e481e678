// Text that came from a container, made fit for the API.
#pragma once

#include <string>
#include <string_view>

namespace spoke::cluster {

// At most `limit` bytes of it, whole characters; what is no UTF-8 becomes U+FFFD, as Go's JSON writes it.
std::string valid_utf8(std::string_view bytes, size_t limit);

}  // namespace spoke::cluster
