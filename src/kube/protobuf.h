// Kubernetes' protobuf, read: what clients in Go send of the built-in kinds (k8s.io/apimachinery,
// runtime/serializer/protobuf). Answers are never written in it: whoever sends it reads JSON too.
#pragma once

#include <string_view>

#include "data/json.h"

namespace spoke::kube {

constexpr std::string_view kProtobuf = "application/vnd.kubernetes.protobuf";

// Whether the bytes begin as a request's do, and what is to be said where they don't.
bool is_protobuf(std::string_view body);
constexpr std::string_view kNotProtobuf =
    "provided data does not appear to be a protobuf message, expected prefix [107 56 115 0]";

// The body of a request: "k8s\0" and a runtime.Unknown, whose apiVersion and kind say by which schema its bytes are
// read. The answer is the object as its JSON would be; of a kind that there is none of, only apiVersion and kind.
// Fields that the schema does not have are left out, as protobuf's readers do. Throws Error where the bytes are
// malformed.
json::value from_protobuf(std::string_view body);

}  // namespace spoke::kube
