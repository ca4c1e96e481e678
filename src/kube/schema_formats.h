// The string formats that custom resources' schemas may ask for.
// Source: k8s.io/kube-openapi, pkg/validation/strfmt; apiextensions-apiserver, pkg/apiserver/validation/formats.go.
#pragma once

#include <string_view>

namespace spoke::kube {

// Whether values are checked against it: "date-time" and "ipv4" are known, "int32" and whatever else is written is not.
bool format_known(std::string_view format);

// Whether the text is of a known format.
bool has_format(std::string_view format, std::string_view text);

}  // namespace spoke::kube
