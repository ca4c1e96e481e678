#include "operator/ids.h"

#include <openssl/evp.h>

#include "base/error.h"
#include "base/sha256.h"
#include "base/strings.h"

namespace spoke::op {
namespace {

constexpr size_t kLongestName = 63;
constexpr size_t kHashDigits = 8;
// Of a UUID in text, 8-4-4-4-12.
constexpr size_t kUuid = 36, kVersionAt = 14, kLastGroupAt = 24, kLastGroup = 12;

std::string digest(const char* algorithm, std::string_view text) {
  std::string out(EVP_MAX_MD_SIZE, '\0');
  size_t size = 0;
  if (EVP_Q_digest(nullptr, algorithm, nullptr, text.data(), text.size(), reinterpret_cast<unsigned char*>(out.data()),
                   &size) != 1)
    fail("{} is not available in this OpenSSL", algorithm);
  out.resize(size);
  return out;
}

}  // namespace

spark::Ids ids_of(std::string_view submission_id, Time submitted) {
  const std::string bytes = digest("SHA512", submission_id);
  static_assert(spark::Ids::kRandomBytes <= 64, "a SHA-512 is enough for all ids");
  return spark::Ids::draw(std::string_view(bytes).substr(0, spark::Ids::kRandomBytes), submitted);
}

std::string fingerprint(const json::value& spec) {
  if (!spec.is_object()) return std::string(kLastGroup, '0');
  json::value rest = spec;
  for (const auto* name : {"suspend", "timeToLiveSeconds", "restartPolicy", "failureRetries", "retryInterval"})
    json::remove(rest, name);
  if (json::flag(rest, "dynamicAllocation.enabled")) json::remove(rest, "executor.instances");
  return sha256_hex(json::dump(json::sorted(rest))).substr(0, kLastGroup);
}

std::string with_fingerprint(std::string uuid, std::string_view fingerprint) {
  uuid[kVersionAt] = '8';
  uuid.replace(kLastGroupAt, kLastGroup, fingerprint);
  return uuid;
}

std::optional<std::string_view> fingerprint_in(std::string_view submission_id) {
  if (submission_id.size() != kUuid || submission_id[kVersionAt] != '8') return std::nullopt;
  return submission_id.substr(kLastGroupAt);
}

std::string suffixed_name(const std::string& name, std::string_view suffix) {
  std::string whole = fmt::format("{}-{}", name, suffix);
  if (whole.size() <= kLongestName) return whole;
  const size_t keep = kLongestName - suffix.size() - kHashDigits - 2;
  return fmt::format("{}-{}-{}", name.substr(0, keep), hex(digest("MD5", whole)).substr(0, kHashDigits), suffix);
}

}  // namespace spoke::op
