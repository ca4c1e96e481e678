// Which cluster, as whom, in which namespace: kubectl's rules.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/files.h"
#include "base/time.h"
#include "net/http_client.h"

namespace spoke::client {

struct KubeconfigChoice {
  std::string kubeconfig;  // --kubeconfig
  std::string context;     // --context
  std::string ns;          // --namespace
  // The server to talk to, "https://host:port", in place of the context's. The context is then the chosen one, else
  // the current one where that server is its own, else one whose server it is, else the current one all the same, as
  // whose user one comes; without any context, as nobody.
  std::string server;
};

// What an exec plug-in hands out.
struct Credential {
  std::string bearer_token;
  std::string client_cert_pem;
  std::string client_key_pem;
  std::optional<Time> expires;
};

struct Target {
  net::ClientOptions server;
  std::string base_path;     // of the server URL, "" mostly
  std::string bearer_token;  // "" where a client certificate is used
  std::string token_file;    // read again as it changes; beats bearer_token
  std::string username;      // with password: basic authentication
  std::string password;
  net::Headers headers;  // go with every request: Impersonate-User and its like
  // Runs the user's exec plug-in again: where what it gave has expired or is refused. Blocks; not set where there is
  // none.
  std::function<Credential()> renew;
  std::optional<Time> expires;  // of what the plug-in gave
  std::string context;          // "" inside of a pod
  std::string ns;               // "default" where nothing says otherwise
  std::string user_agent = "spoke";
  bool dry_run = false;  // every request that would change something goes with dryRun=All

  std::string url() const;  // "https://host:port/base"
};

// --kubeconfig, else KUBECONFIG (a list, merged as kubectl merges), else ~/.kube/config, else the service account of
// the pod that this runs in. Nothing where there is none of these; Error where what there is cannot be read, or names a
// context, cluster or user that is not there. `exec` plug-ins are run.
std::optional<Target> find_target(const KubeconfigChoice& choice);

// The names that --context may take, in order; none where there is no kubeconfig.
std::vector<std::string> context_names(const KubeconfigChoice& choice);

// Where contexts are written: the first of KUBECONFIG, else ~/.kube/config.
Path kubeconfig_path();

// Adds or replaces cluster, user and context of that name, makes it current, as kind does; the rest stays as it is. The
// file is created 0600 where it is not there.
struct NewContext {
  std::string name, server, ca_pem, token;
};
void add_context(const Path& file, const NewContext& context);
// Takes them out; current-context goes too where it was this one. No file is fine.
void remove_context(const Path& file, const std::string& name);

}  // namespace spoke::client
