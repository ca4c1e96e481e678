// The forms in which an object, a list or a watch event goes out: itself, a Table for kubectl get, or its metadata
// only.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "cluster/api/resource_type.h"

namespace spoke::cluster {

struct Form {
  enum class As { Object, Table, Metadata } as = As::Object;
  bool yaml = false;
  enum class Include { None, Metadata, Object } include = Include::Metadata;  // of a Table's rows
};

// From an Accept header ("" is any). Throws StatusError NotAcceptable. `lists` tells what ...List kinds are meant for.
Form negotiate(std::string_view accept);

// `body` is an object as stored. `header`: with column definitions, for all but a watch's later events.
std::string present(const ResourceType& type, const Form& form, const std::string& body, bool header = true);

// A list of bodies. `metadata` is the list's own ({resourceVersion, continue, remainingItemCount}).
std::string present_list(const ResourceType& type, const Form& form, const std::vector<const std::string*>& bodies,
                         const json::object& metadata);

}  // namespace spoke::cluster
