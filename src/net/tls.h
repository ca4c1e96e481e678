// Keys, certificates and signed tokens, over OpenSSL. ECDSA P-256 throughout.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"

namespace spoke::net {

struct KeyAndCert {
  std::string key;   // PEM
  std::string cert;  // PEM
  bool operator==(const KeyAndCert&) const = default;
};

KeyAndCert make_ca(const std::string& common_name, Time not_before, Duration valid);
// For a server: `names` are DNS names or IP addresses, its subjectAltName.
KeyAndCert make_server_cert(const KeyAndCert& ca, const std::string& common_name, const std::vector<std::string>& names,
                            Time not_before, Duration valid);

Time expiry(const std::string& cert_pem);
bool is_for(const std::string& cert_pem, const std::string& host);  // by its subjectAltName

// JSON web tokens (ES256). verify answers the payload's JSON text, "" where the signature does not fit.
std::string sign_jwt(const std::string& key_pem, std::string_view payload);
std::string verify_jwt(const std::string& key_pem, std::string_view token);

std::string sha256(std::string_view bytes);  // 32 bytes

}  // namespace spoke::net
