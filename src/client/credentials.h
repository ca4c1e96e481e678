// What goes into the Authorization header, as it changes: token files are rotated, what exec plug-ins give expires.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "client/kubeconfig.h"
#include "net/task.h"

namespace spoke::client {

class Credentials {
 public:
  explicit Credentials(const Target& target);

  // The header's value, "" where there is none. Renews first what has expired.
  net::Task<std::string> authorization();
  // After a 401 to a request that went out with `refused`: whether there is something else to try.
  net::Task<bool> renew(std::string refused);
  // Counts up as the client certificate changes; the connections of before are no use then.
  int generation() const { return generation_; }
  const std::string& client_cert_pem() const { return cert_; }
  const std::string& client_key_pem() const { return key_; }

 private:
  std::string header() const;
  void read_token_file();
  net::Task<> run_plug_in();

  Target target_;
  std::string token_;
  std::string cert_, key_;
  std::optional<Time> expires_;
  std::chrono::steady_clock::time_point file_read_;
  int generation_ = 0;
  bool renewing_ = false;
};

}  // namespace spoke::client
