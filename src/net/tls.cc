#include "net/tls.h"

#include <arpa/inet.h>
#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <ctime>
#include <memory>

#include "base/error.h"
#include "base/random.h"
#include "base/strings.h"

namespace spoke::net {
namespace {

template <auto free_function>
struct Free {
  template <class T>
  void operator()(T* p) const {
    free_function(p);
  }
};
using Pkey = std::unique_ptr<EVP_PKEY, Free<EVP_PKEY_free>>;
using Cert = std::unique_ptr<X509, Free<X509_free>>;
using Bio = std::unique_ptr<BIO, Free<BIO_free_all>>;
using Extension = std::unique_ptr<X509_EXTENSION, Free<X509_EXTENSION_free>>;
using Digest = std::unique_ptr<EVP_MD_CTX, Free<EVP_MD_CTX_free>>;
using Signature = std::unique_ptr<ECDSA_SIG, Free<ECDSA_SIG_free>>;

[[noreturn]] void fail_ssl(const char* doing) {
  char text[256];
  ERR_error_string_n(ERR_get_error(), text, sizeof text);
  fail("{}: {}", doing, text);
}

Bio bio_of(const std::string& text) { return Bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size()))); }

std::string text_of(BIO* bio) {
  char* data = nullptr;
  const long n = BIO_get_mem_data(bio, &data);
  return {data, static_cast<size_t>(n)};
}

Pkey key_of(const std::string& pem) {
  const Bio bio = bio_of(pem);
  Pkey key(PEM_read_bio_PrivateKey(bio.get(), nullptr, nullptr, nullptr));
  if (!key) fail_ssl("read a private key");
  return key;
}

Cert cert_of(const std::string& pem) {
  const Bio bio = bio_of(pem);
  Cert cert(PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr));
  if (!cert) fail_ssl("read a certificate");
  return cert;
}

void add_extension(X509* cert, X509* issuer, int nid, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, issuer, cert, nullptr, nullptr, 0);
  const Extension extension(X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str()));
  if (!extension || X509_add_ext(cert, extension.get(), -1) != 1) fail_ssl("add a certificate extension");
}

Cert new_cert(EVP_PKEY* key, const std::string& common_name, Time not_before, Duration valid) {
  Cert cert(X509_new());
  X509_set_version(cert.get(), 2);
  const std::string serial = random_bytes(15);
  const std::unique_ptr<BIGNUM, Free<BN_free>> number(
      BN_bin2bn(reinterpret_cast<const unsigned char*>(serial.data()), static_cast<int>(serial.size()), nullptr));
  BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(cert.get()));
  const auto seconds = [](Time t) {
    return static_cast<time_t>(std::chrono::duration_cast<std::chrono::seconds>(t.time_since_epoch()).count());
  };
  ASN1_TIME_set(X509_getm_notBefore(cert.get()), seconds(not_before));
  ASN1_TIME_set(X509_getm_notAfter(cert.get()), seconds(not_before + valid));
  X509_set_pubkey(cert.get(), key);
  X509_NAME_add_entry_by_txt(X509_get_subject_name(cert.get()), "CN", MBSTRING_UTF8,
                             reinterpret_cast<const unsigned char*>(common_name.data()),
                             static_cast<int>(common_name.size()), -1, 0);
  return cert;
}

KeyAndCert to_pem(EVP_PKEY* key, X509* cert) {
  const Bio key_bio(BIO_new(BIO_s_mem()));
  const Bio cert_bio(BIO_new(BIO_s_mem()));
  if (PEM_write_bio_PrivateKey(key_bio.get(), key, nullptr, nullptr, 0, nullptr, nullptr) != 1 ||
      PEM_write_bio_X509(cert_bio.get(), cert) != 1)
    fail_ssl("write a certificate");
  return {text_of(key_bio.get()), text_of(cert_bio.get())};
}

std::string base64url(std::string_view bytes) {
  std::string text = base64(bytes);
  std::replace(text.begin(), text.end(), '+', '-');
  std::replace(text.begin(), text.end(), '/', '_');
  text.erase(text.find_last_not_of('=') + 1);
  return text;
}

std::string from_base64url(std::string_view text) {
  std::string plain(text);
  std::replace(plain.begin(), plain.end(), '-', '+');
  std::replace(plain.begin(), plain.end(), '_', '/');
  plain.append((4 - plain.size() % 4) % 4, '=');
  return from_base64(plain).value_or("");
}

constexpr int kHalf = 32;  // bytes of r and of s on P-256

}  // namespace

KeyAndCert make_ca(const std::string& common_name, Time not_before, Duration valid) {
  const Pkey key(EVP_EC_gen("P-256"));
  if (!key) fail_ssl("make a key");
  const Cert cert = new_cert(key.get(), common_name, not_before, valid);
  X509_set_issuer_name(cert.get(), X509_get_subject_name(cert.get()));
  add_extension(cert.get(), cert.get(), NID_basic_constraints, "critical,CA:TRUE");
  add_extension(cert.get(), cert.get(), NID_key_usage, "critical,keyCertSign,digitalSignature,keyEncipherment");
  add_extension(cert.get(), cert.get(), NID_subject_key_identifier, "hash");
  if (X509_sign(cert.get(), key.get(), EVP_sha256()) == 0) fail_ssl("sign a certificate");
  return to_pem(key.get(), cert.get());
}

Time expiry(const std::string& cert_pem) {
  const Cert cert = cert_of(cert_pem);
  std::tm time{};
  if (ASN1_TIME_to_tm(X509_get0_notAfter(cert.get()), &time) != 1) fail_ssl("read a certificate's end");
  return Time(std::chrono::seconds(timegm(&time)));
}

bool is_for(const std::string& cert_pem, const std::string& host) {
  return X509_check_host(cert_of(cert_pem).get(), host.data(), host.size(), 0, nullptr) == 1;
}

KeyAndCert make_server_cert(const KeyAndCert& ca, const std::string& common_name, const std::vector<std::string>& names,
                            Time not_before, Duration valid) {
  const Pkey ca_key = key_of(ca.key);
  const Cert ca_cert = cert_of(ca.cert);
  const Pkey key(EVP_EC_gen("P-256"));
  if (!key) fail_ssl("make a key");
  const Cert cert = new_cert(key.get(), common_name, not_before, valid);
  X509_set_issuer_name(cert.get(), X509_get_subject_name(ca_cert.get()));
  std::string alternatives;
  for (const auto& name : names) {
    unsigned char address[16];
    const bool ip =
        ::inet_pton(AF_INET, name.c_str(), address) == 1 || ::inet_pton(AF_INET6, name.c_str(), address) == 1;
    alternatives += (alternatives.empty() ? "" : ",") + std::string(ip ? "IP:" : "DNS:") + name;
  }
  add_extension(cert.get(), ca_cert.get(), NID_subject_alt_name, alternatives);
  add_extension(cert.get(), ca_cert.get(), NID_basic_constraints, "critical,CA:FALSE");
  add_extension(cert.get(), ca_cert.get(), NID_key_usage, "critical,digitalSignature,keyEncipherment");
  add_extension(cert.get(), ca_cert.get(), NID_ext_key_usage, "serverAuth");
  add_extension(cert.get(), ca_cert.get(), NID_authority_key_identifier, "keyid");
  if (X509_sign(cert.get(), ca_key.get(), EVP_sha256()) == 0) fail_ssl("sign a certificate");
  return to_pem(key.get(), cert.get());
}

std::string sha256(std::string_view bytes) {
  unsigned char out[EVP_MAX_MD_SIZE];
  unsigned n = 0;
  if (EVP_Digest(bytes.data(), bytes.size(), out, &n, EVP_sha256(), nullptr) != 1) fail_ssl("sha256");
  return {reinterpret_cast<char*>(out), n};
}

std::string sign_jwt(const std::string& key_pem, std::string_view payload) {
  const Pkey key = key_of(key_pem);
  const std::string text = base64url(R"({"alg":"ES256","typ":"JWT"})") + "." + base64url(payload);
  const Digest digest(EVP_MD_CTX_new());
  size_t n = 0;
  if (EVP_DigestSignInit(digest.get(), nullptr, EVP_sha256(), nullptr, key.get()) != 1 ||
      EVP_DigestSign(digest.get(), nullptr, &n, reinterpret_cast<const unsigned char*>(text.data()), text.size()) != 1)
    fail_ssl("sign a token");
  std::string der(n, '\0');
  if (EVP_DigestSign(digest.get(), reinterpret_cast<unsigned char*>(der.data()), &n,
                     reinterpret_cast<const unsigned char*>(text.data()), text.size()) != 1)
    fail_ssl("sign a token");
  const auto* at = reinterpret_cast<const unsigned char*>(der.data());
  const Signature signature(d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(n)));
  if (!signature) fail_ssl("sign a token");
  std::string raw(2 * static_cast<size_t>(kHalf), '\0');
  auto* out = reinterpret_cast<unsigned char*>(raw.data());
  BN_bn2binpad(ECDSA_SIG_get0_r(signature.get()), out, kHalf);
  BN_bn2binpad(ECDSA_SIG_get0_s(signature.get()), out + kHalf, kHalf);
  return text + "." + base64url(raw);
}

std::string verify_jwt(const std::string& key_pem, std::string_view token) {
  const auto parts = split(token, '.');
  if (parts.size() != 3 || from_base64url(parts[0]).find("\"ES256\"") == std::string::npos) return "";
  const std::string raw = from_base64url(parts[2]);
  if (raw.size() != 2 * static_cast<size_t>(kHalf)) return "";
  const auto* in = reinterpret_cast<const unsigned char*>(raw.data());
  const Signature signature(ECDSA_SIG_new());
  ECDSA_SIG_set0(signature.get(), BN_bin2bn(in, kHalf, nullptr), BN_bin2bn(in + kHalf, kHalf, nullptr));
  unsigned char* der = nullptr;
  const int n = i2d_ECDSA_SIG(signature.get(), &der);
  const std::unique_ptr<unsigned char, decltype([](unsigned char* p) { OPENSSL_free(p); })> owner(der);
  if (n <= 0) return "";
  const Pkey key = key_of(key_pem);
  const std::string text = parts[0] + "." + parts[1];
  const Digest digest(EVP_MD_CTX_new());
  if (EVP_DigestVerifyInit(digest.get(), nullptr, EVP_sha256(), nullptr, key.get()) != 1) fail_ssl("verify a token");
  const bool good = EVP_DigestVerify(digest.get(), der, static_cast<size_t>(n),
                                     reinterpret_cast<const unsigned char*>(text.data()), text.size()) == 1;
  ERR_clear_error();
  return good ? from_base64url(parts[1]) : "";
}

}  // namespace spoke::net
