// The cluster's keys: made once, kept for their owner alone.
#pragma once

#include <string>
#include <vector>

#include "cluster/paths.h"
#include "net/tls.h"

namespace spoke::cluster {

struct ClusterIdentity {
  net::KeyAndCert ca;
  net::KeyAndCert server;
  std::string token_key;  // signs service account tokens
  std::string admin_token;
};

// Reads them from paths.keys(), or makes them. `names` are the server's DNS names and addresses.
ClusterIdentity load_identity(const Paths& paths, const std::vector<std::string>& names);

}  // namespace spoke::cluster
