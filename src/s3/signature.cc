#include "s3/signature.h"

#include <fmt/chrono.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <ctime>
#include <map>
#include <vector>

#include "base/sha256.h"
#include "base/strings.h"

namespace spoke::s3 {
namespace {

std::string hmac(std::string_view key, std::string_view text) {
  unsigned char out[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  if (::HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
             reinterpret_cast<const unsigned char*>(text.data()), text.size(), out, &size) == nullptr)
    fail("a request could not be signed");
  return {reinterpret_cast<const char*>(out), size};
}

std::string canonical_query(const net::Query& query) {
  std::vector<std::string> parts;
  for (const auto& [name, value] : query) parts.push_back(net::percent_encode(name) + "=" + net::percent_encode(value));
  std::sort(parts.begin(), parts.end());
  return join(parts, "&");
}

// Runs of blanks become one.
std::string canonical_value(std::string_view value) {
  std::string out;
  for (const char c : trim(value))
    if (c != ' ' || !out.ends_with(' ')) out += c;
  return out;
}

}  // namespace

void sign(net::Request& request, const Keys& keys, const Scope& scope, Time at) {
  const std::tm utc = fmt::gmtime(std::chrono::system_clock::to_time_t(at));
  const std::string stamp = fmt::format("{:%Y%m%dT%H%M%SZ}", utc);
  const std::string date = stamp.substr(0, 8);
  const std::string body_hash = sha256_hex(request.body);
  request.headers.set("x-amz-date", stamp);
  request.headers.set("x-amz-content-sha256", body_hash);
  if (!keys.session_token.empty()) request.headers.set("x-amz-security-token", keys.session_token);

  std::map<std::string, std::string> headers;
  for (const auto& [name, value] : request.headers) headers[lower(name)] = canonical_value(value);
  std::string header_lines;
  std::vector<std::string> names;
  for (const auto& [name, value] : headers) {
    header_lines += name + ":" + value + "\n";
    names.push_back(name);
  }
  const std::string signed_names = join(names, ";");
  const std::string canonical =
      fmt::format("{}\n{}\n{}\n{}\n{}\n{}", request.method, net::percent_encode_path(request.path),
                  canonical_query(request.query), header_lines, signed_names, body_hash);
  const std::string where = fmt::format("{}/{}/{}/aws4_request", date, scope.region, scope.service);
  const std::string to_sign = fmt::format("AWS4-HMAC-SHA256\n{}\n{}\n{}", stamp, where, sha256_hex(canonical));
  std::string key = "AWS4" + keys.secret_key;
  for (const std::string_view part : {std::string_view(date), std::string_view(scope.region),
                                      std::string_view(scope.service), std::string_view("aws4_request")})
    key = hmac(key, part);
  request.headers.set("Authorization", fmt::format("AWS4-HMAC-SHA256 Credential={}/{}, SignedHeaders={}, Signature={}",
                                                   keys.access_key, where, signed_names, hex(hmac(key, to_sign))));
}

}  // namespace spoke::s3
