// Identifiers from the kernel's random source.
#pragma once

#include <cstddef>
#include <string>

namespace spoke {

std::string random_bytes(size_t n);
std::string random_uuid();            // RFC 4122 version 4, lower case, with dashes
std::string random_suffix(size_t n);  // n characters as Kubernetes' generateName appends: no vowels, no look-alikes

}  // namespace spoke
