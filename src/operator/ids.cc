#include "operator/ids.h"

#include <openssl/evp.h>

#include "base/error.h"
#include "base/strings.h"

namespace spoke::op {
namespace {

constexpr size_t kLongestName = 63;
constexpr size_t kHashDigits = 8;

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

std::string suffixed_name(const std::string& name, std::string_view suffix) {
  std::string whole = fmt::format("{}-{}", name, suffix);
  if (whole.size() <= kLongestName) return whole;
  const size_t keep = kLongestName - suffix.size() - kHashDigits - 2;
  return fmt::format("{}-{}-{}", name.substr(0, keep), hex(digest("MD5", whole)).substr(0, kHashDigits), suffix);
}

}  // namespace spoke::op
