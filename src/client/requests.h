// Requests of Kubernetes' API as values; sending them is http_api's.
#pragma once

#include <chrono>
#include <string_view>

#include "client/api.h"
#include "net/http.h"

namespace spoke::client {

net::Request list_request(const Resource& resource, std::string_view ns, const ListOptions& options);
// The server ends the stream after `lasting`.
net::Request watch_request(const Resource& resource, std::string_view ns, const WatchOptions& options,
                           std::chrono::seconds lasting);
net::Request create_request(const Resource& resource, std::string_view ns, const Object& object);
net::Request update_request(const Resource& resource, std::string_view ns, const Object& object,
                            std::string_view subresource);
net::Request patch_request(const Resource& resource, std::string_view ns, std::string_view name, PatchType type,
                           const json::value& body, const PatchOptions& options);
net::Request delete_request(const Resource& resource, std::string_view ns, std::string_view name,
                            const DeleteOptions& options);

}  // namespace spoke::client
