// Kubeconfig files as values: reading one, merging several, choosing from them. No I/O.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "base/files.h"
#include "data/json.h"

namespace spoke::client {

struct Kubeconfig {
  using Entries =
      std::map<std::string, json::value, std::less<>>;  // by name; what stands under cluster:, user:, context:
  std::string current_context;
  Entries clusters, users, contexts;
};

// `file` is where the text comes from: for errors, and relative paths in it are relative to its folder. An empty text
// is an empty configuration. Throws Error.
Kubeconfig parse_kubeconfig(std::string_view text, const Path& file);

// kubectl's rule for a list of files: the first that sets a value or has an entry of a name wins, and entries are taken
// whole.
void merge_kubeconfig(Kubeconfig& into, Kubeconfig next);

struct ServerUrl {
  bool tls = true;
  std::string host;  // an IPv6 address without brackets
  std::string port;
  std::string base_path;  // without a '/' at its end
};

// "https://host[:port][/path]"; `default_tls` is for a text without scheme. Throws Error.
ServerUrl parse_server_url(std::string_view url, bool default_tls);

// A cluster, user or context of that name, or Error with the names there are. `what` is "context".
const json::value& entry(const Kubeconfig::Entries& entries, std::string_view what, std::string_view name);

}  // namespace spoke::client
