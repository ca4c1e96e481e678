// Programs that hand out credentials: `exec` in a kubeconfig's user (aws, gcloud, kubelogin ...).
// Source: client.authentication.k8s.io/v1 and v1beta1, KEP-541.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "client/kubeconfig.h"
#include "data/json.h"

namespace spoke::client {

// A user's `exec` as a value.
struct ExecPlugin {
  std::string api_version;
  std::string command;
  std::vector<std::string> args;
  std::vector<std::string> env;  // NAME=value, on top of this process's own
  std::string install_hint;
  std::string interactive_mode;  // Never, IfAvailable, Always
  json::value cluster;           // null unless provideClusterInfo: spec.cluster of what the plug-in is told
};

// `cluster` is the cluster's entry. Throws Error where something is missing or unknown.
ExecPlugin parse_exec_plugin(const json::value& exec, const json::value& cluster);

// The ExecCredential that a plug-in is given as KUBERNETES_EXEC_INFO.
std::string exec_info(const ExecPlugin& plugin, bool interactive);

// What a plug-in wrote. Throws Error where it is no ExecCredential of the plug-in's version with a credential in it.
Credential parse_exec_credential(const ExecPlugin& plugin, std::string_view output);

// Runs it. Its standard error is this process's, so that it can ask for a login; its standard input too where it may be
// interactive and this is a terminal. Blocks.
Credential run_exec_plugin(const ExecPlugin& plugin);

}  // namespace spoke::client
