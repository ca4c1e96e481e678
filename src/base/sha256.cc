#include "base/sha256.h"

#include <openssl/evp.h>

#include "base/error.h"
#include "base/strings.h"

namespace spoke {

struct Sha256::Context {
  Context() : evp(EVP_MD_CTX_new()) {
    if (evp == nullptr || EVP_DigestInit_ex(evp, EVP_sha256(), nullptr) != 1) fail("OpenSSL has no SHA-256");
  }
  ~Context() { EVP_MD_CTX_free(evp); }
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;
  EVP_MD_CTX* evp;
};

Sha256::Sha256() : context_(std::make_unique<Context>()) {}
Sha256::~Sha256() = default;

void Sha256::add(std::string_view bytes) { EVP_DigestUpdate(context_->evp, bytes.data(), bytes.size()); }

std::string Sha256::digest() {
  unsigned char out[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  EVP_DigestFinal_ex(context_->evp, out, &size);
  return "sha256:" + hex({reinterpret_cast<const char*>(out), size});
}

std::string sha256_digest(std::string_view bytes) {
  Sha256 sum;
  sum.add(bytes);
  return sum.digest();
}

std::string sha256_hex(std::string_view bytes) {
  return sha256_digest(bytes).substr(std::string_view("sha256:").size());
}

}  // namespace spoke
