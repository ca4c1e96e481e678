// AWS Signature Version 4, in the Authorization header. Pure: the time is a parameter.
// Source: "Signing AWS API requests" of the AWS General Reference; the rules for S3 (paths are encoded once, dots in
// them stay).
#pragma once

#include <string>
#include <string_view>

#include "base/time.h"
#include "net/http.h"

namespace spoke::s3 {

struct Keys {
  std::string access_key, secret_key;
  std::string session_token;  // "" for keys that do not expire
};

struct Scope {
  std::string region;
  std::string service = "s3";
};

// Adds x-amz-date, x-amz-content-sha256, x-amz-security-token where there is one, and Authorization. The request must
// have its Host header. Every header it has is signed.
void sign(net::Request& request, const Keys& keys, const Scope& scope, Time at);

}  // namespace spoke::s3
