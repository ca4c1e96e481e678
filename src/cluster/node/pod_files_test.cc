#include "cluster/node/pod_files.h"

#include <gtest/gtest.h>

#include "data/yaml.h"

namespace spoke::cluster {
namespace {

kube::Object pod(std::string_view spec) {
  json::value p = yaml::parse("{metadata: {name: my-pod, namespace: ns}}");
  json::set(p, "spec", yaml::parse(spec));
  return p;
}

TEST(PodFiles, HostName) {
  EXPECT_EQ(pod_hostname(pod("{}")), "my-pod");
  EXPECT_EQ(pod_hostname(pod("{hostname: other}")), "other");
  json::value longer = pod("{}");
  json::set(longer, "metadata.name", std::string(62, 'a') + ".-b");
  EXPECT_EQ(pod_hostname(longer), std::string(62, 'a'));
}

TEST(PodFiles, Hosts) {
  const std::string plain = hosts_file(pod("{}"), "10.85.0.7", "cluster.local", "machine");
  EXPECT_TRUE(plain.starts_with("# Kubernetes-managed hosts file.\n127.0.0.1\tlocalhost\n"));
  EXPECT_TRUE(plain.ends_with("10.85.0.7\tmy-pod\n"));
  const std::string sub =
      hosts_file(pod("{hostname: h, subdomain: s, hostAliases: [{ip: 1.2.3.4, hostnames: [a, b]}]}"), "10.85.0.7",
                 "cluster.local", "");
  EXPECT_TRUE(
      sub.ends_with("10.85.0.7\th.s.ns.svc.cluster.local\th\n\n# Entries added by HostAliases.\n1.2.3.4\ta\tb\n"));
  EXPECT_EQ(hosts_file(pod("{hostNetwork: true}"), "", "cluster.local", "1.1.1.1 m\n"),
            "# Kubernetes-managed hosts file (host network).\n1.1.1.1 m\n");
}

TEST(PodFiles, ResolvConf) {
  const char* machine = "# comment\nsearch lan\nnameserver 9.9.9.9\noptions timeout:1\n";
  const char* cluster =
      "search ns.svc.cluster.local svc.cluster.local cluster.local\nnameserver 10.85.0.1\noptions ndots:5\n";
  const std::pair<const char*, std::string> cases[] = {
      {"{}", cluster},
      {"{hostNetwork: true, dnsPolicy: ClusterFirstWithHostNet}", cluster},
      {"{hostNetwork: true}", "search lan\nnameserver 9.9.9.9\noptions timeout:1\n"},
      {"{dnsPolicy: Default}", "search lan\nnameserver 9.9.9.9\noptions timeout:1\n"},
      {"{dnsPolicy: None, dnsConfig: {nameservers: [1.1.1.1], searches: [x], options: [{name: ndots, value: '2'}, "
       "{name: edns0}]}}",
       "search x\nnameserver 1.1.1.1\noptions ndots:2 edns0\n"},
      {"{dnsConfig: {nameservers: [1.1.1.1], searches: [cluster.local, x], options: [{name: ndots, value: '2'}]}}",
       "search ns.svc.cluster.local svc.cluster.local cluster.local x\nnameserver 10.85.0.1\nnameserver "
       "1.1.1.1\noptions ndots:2\n"},
  };
  for (const auto& [spec, expected] : cases)
    EXPECT_EQ(resolv_conf(pod(spec), "10.85.0.1", "cluster.local", machine), expected) << spec;
  // A resolver on the machine's own loopback cannot be reached from a pod.
  EXPECT_EQ(resolv_conf(pod("{dnsPolicy: Default}"), "10.85.0.1", "cluster.local", "nameserver 127.0.0.53\n"),
            "nameserver 10.85.0.1\n");
  EXPECT_EQ(resolv_conf(pod("{dnsPolicy: Default, hostNetwork: true}"), "10.85.0.1", "cluster.local",
                        "nameserver 127.0.0.53\n"),
            "nameserver 127.0.0.53\n");
}

}  // namespace
}  // namespace spoke::cluster
