// What a server's answer means: an object, a list, an error, or "come back later".
#pragma once

#include <chrono>
#include <optional>
#include <string_view>

#include "client/api.h"
#include "net/http.h"

namespace spoke::client {

// The error in an answer that is no 2xx. A body that is no Status (a proxy, a load balancer) gets the reason of its
// code and a message that names the request and quotes the body's first line.
kube::StatusError error_in(const net::Request& request, int status, std::string_view body);

// How long to wait before the request is sent once more; nothing where the answer stands. A server that has too much to
// do says when with Retry-After, and has not acted on the request then (429, 5xx). As client-go, ten times at most.
std::optional<std::chrono::milliseconds> pause_before_retry(int status, const net::Headers& headers, int attempt);

// A body that must be JSON; throws Error naming the request where it is not. `storage` as in json::parse.
json::value parse_answer(const net::Request& request, std::string_view body, boost::json::storage_ptr storage = {});

// Items of a typed list come without apiVersion and kind; they get those of the resource. They stay in the memory of
// `answer`.
List to_list(const Resource& resource, json::value answer);

}  // namespace spoke::client
