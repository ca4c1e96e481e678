#include "cluster/identity.h"

#include "base/error.h"
#include "base/random.h"
#include "base/strings.h"

namespace spoke::cluster {

namespace {
constexpr auto kYears = std::chrono::hours(24 * 365 * 10);
}

ClusterIdentity load_identity(const Paths& paths, const std::vector<std::string>& names) {
  const Path dir = paths.keys();
  ClusterIdentity id;
  const auto ca_key = try_read_file(dir / "ca.key"), ca_cert = try_read_file(dir / "ca.crt");
  const auto token_key = try_read_file(dir / "token.key"), admin = try_read_file(dir / "admin.token");
  const Time since = now() - std::chrono::hours(1);  // clocks of pods and hosts agree, but not to the second
  if (ca_key && ca_cert && token_key && admin) {
    id.ca = {*ca_key, *ca_cert};
    id.token_key = *token_key;
    id.admin_token = std::string(trim(*admin));
  } else {
    make_dirs(dir, 0700);
    id.ca = net::make_ca("spoke-ca", since, kYears);
    id.token_key = net::make_ca("spoke-tokens", since, kYears).key;
    id.admin_token = hex(random_bytes(32));
    write_file(dir / "ca.key", id.ca.key, 0600);
    write_file(dir / "token.key", id.token_key, 0600);
    write_file(dir / "admin.token", id.admin_token + "\n", 0600);
    write_file(dir / "ca.crt", id.ca.cert, 0644);
  }
  // The server's own is made anew at each start: names may have changed, and it costs a millisecond.
  id.server = net::make_server_cert(id.ca, "kube-apiserver", names, since, kYears);
  return id;
}

}  // namespace spoke::cluster
