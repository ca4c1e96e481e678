#include "cluster/node/pod_files.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "base/strings.h"

namespace spoke::cluster {
namespace {

struct Resolver {
  std::vector<std::string> nameservers, searches, options;
};

std::vector<std::string> words(std::string_view text) {
  std::vector<std::string> out;
  for (auto& word : split(replace_all(std::string(text), "\t", " "), ' ')) {
    if (!word.empty()) out.push_back(std::move(word));
  }
  return out;
}

Resolver parse(std::string_view text) {
  Resolver r;
  for (const auto& line : split(text, '\n')) {
    auto parts = words(line.substr(0, line.find_first_of("#;")));
    if (parts.size() < 2) continue;
    if (parts[0] == "nameserver") r.nameservers.push_back(parts[1]);
    if (parts[0] == "search") r.searches.assign(parts.begin() + 1, parts.end());
    if (parts[0] == "options") r.options.insert(r.options.end(), parts.begin() + 1, parts.end());
  }
  return r;
}

void add_once(std::vector<std::string>& list, std::string_view text) {
  if (!text.empty() && std::ranges::find(list, text) == list.end()) list.emplace_back(text);
}

}  // namespace

std::string pod_hostname(const kube::Object& pod) {
  std::string name(json::str(pod, "spec.hostname"));
  if (name.empty()) name = kube::name(pod);
  if (name.size() > 63) name.resize(63);
  while (name.ends_with('-') || name.ends_with('.')) name.pop_back();
  return name;
}

std::string hosts_file(const kube::Object& pod, const std::string& pod_ip, const std::string& cluster_domain,
                       std::string_view machine_hosts) {
  std::string out;
  if (json::flag(pod, "spec.hostNetwork")) {
    out = fmt::format("# Kubernetes-managed hosts file (host network).\n{}", machine_hosts);
  } else {
    const std::string name = pod_hostname(pod);
    const auto subdomain = json::str(pod, "spec.subdomain");
    out =
        "# Kubernetes-managed hosts file.\n"
        "127.0.0.1\tlocalhost\n"
        "::1\tlocalhost ip6-localhost ip6-loopback\n"
        "fe00::0\tip6-localnet\n"
        "fe00::0\tip6-mcastprefix\n"
        "fe00::1\tip6-allnodes\n"
        "fe00::2\tip6-allrouters\n";
    out += subdomain.empty()
               ? fmt::format("{}\t{}\n", pod_ip, name)
               : fmt::format("{}\t{}.{}.{}.svc.{}\t{}\n", pod_ip, name, subdomain, kube::ns(pod), cluster_domain, name);
  }
  const auto& aliases = json::list(pod, "spec.hostAliases");
  if (!aliases.empty()) out += "\n# Entries added by HostAliases.\n";
  for (const auto& alias : aliases) {
    out += json::str(alias, "ip");
    for (const auto& name : json::list(alias, "hostnames")) out += "\t" + json::to_string(name.as_string());
    out += "\n";
  }
  return out;
}

std::string resolv_conf(const kube::Object& pod, const std::string& nameserver, const std::string& cluster_domain,
                        std::string_view machine) {
  const auto policy = json::str(pod, "spec.dnsPolicy", "ClusterFirst");
  const bool cluster_first =
      policy == "ClusterFirstWithHostNet" || (policy == "ClusterFirst" && !json::flag(pod, "spec.hostNetwork"));
  Resolver r;
  if (cluster_first) {
    r.nameservers = {nameserver};
    r.searches = {fmt::format("{}.svc.{}", kube::ns(pod), cluster_domain), "svc." + cluster_domain, cluster_domain};
    r.options = {"ndots:5"};
  } else if (policy != "None") {
    r = parse(machine);
    // A resolver on the machine's loopback is out of a pod's reach; ours asks it for the pod.
    if (!json::flag(pod, "spec.hostNetwork")) {
      std::erase_if(r.nameservers, [](const std::string& s) { return s.starts_with("127.") || s == "::1"; });
      if (r.nameservers.empty()) r.nameservers = {nameserver};
    }
  }
  for (const auto& server : json::list(pod, "spec.dnsConfig.nameservers"))
    add_once(r.nameservers, json::to_string(server.as_string()));
  for (const auto& search : json::list(pod, "spec.dnsConfig.searches"))
    add_once(r.searches, json::to_string(search.as_string()));
  for (const auto& option : json::list(pod, "spec.dnsConfig.options")) {
    const std::string name(json::str(option, "name"));
    const auto given = json::str(option, "value");
    std::erase_if(r.options, [&](const std::string& o) { return o.substr(0, o.find(':')) == name; });
    r.options.push_back(given.empty() ? name : fmt::format("{}:{}", name, given));
  }
  std::string out;
  if (!r.searches.empty()) out += "search " + join(r.searches, " ") + "\n";
  for (const auto& server : r.nameservers) out += "nameserver " + server + "\n";
  if (!r.options.empty()) out += "options " + join(r.options, " ") + "\n";
  return out;
}

}  // namespace spoke::cluster
