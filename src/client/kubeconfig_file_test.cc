#include "client/kubeconfig_file.h"

#include <gtest/gtest.h>

namespace spoke::client {
namespace {

TEST(Kubeconfig, EmptyIsNothing) {
  const Kubeconfig config = parse_kubeconfig("", "/f");
  EXPECT_TRUE(config.contexts.empty());
  EXPECT_EQ(config.current_context, "");
}

TEST(Kubeconfig, RelativePathsBelongToTheFilesFolder) {
  const Kubeconfig config = parse_kubeconfig(R"(
clusters: [{name: c, cluster: {server: https://h, certificate-authority: pki/ca.crt}}]
users:
- name: u
  user: {client-certificate: ../u.crt, client-key: /abs/u.key, tokenFile: t, exec: {command: ./bin/plugin}}
- name: v
  user: {exec: {command: plugin}}
)",
                                             "/home/me/.kube/config");
  EXPECT_EQ(json::str(config.clusters.at("c"), "certificate-authority"), "/home/me/.kube/pki/ca.crt");
  const auto& u = config.users.at("u");
  EXPECT_EQ(json::str(u, "client-certificate"), "/home/me/u.crt");
  EXPECT_EQ(json::str(u, "client-key"), "/abs/u.key");
  EXPECT_EQ(json::str(u, "tokenFile"), "/home/me/.kube/t");
  EXPECT_EQ(json::str(u, "exec.command"), "/home/me/.kube/bin/plugin");
  EXPECT_EQ(json::str(config.users.at("v"), "exec.command"), "plugin") << "this one is looked up on PATH";
}

TEST(Kubeconfig, OfSeveralFilesTheFirstWinsEntryByEntry) {
  Kubeconfig config = parse_kubeconfig("users: [{name: u, user: {token: one}}]", "/a");
  merge_kubeconfig(config,
                   parse_kubeconfig("current-context: b\nusers: [{name: u, user: {username: two}}, {name: v}]", "/b"));
  merge_kubeconfig(config, parse_kubeconfig("current-context: c", "/c"));
  EXPECT_EQ(config.current_context, "b");
  EXPECT_EQ(json::dump(config.users.at("u")), R"({"token":"one"})") << "entries are not mixed";
  EXPECT_TRUE(config.users.contains("v"));
}

TEST(Kubeconfig, WhatIsNoneNamesTheFile) {
  for (const char* bad : {"[]", "text", "a: [", "kind: Pod", "{}\n---\n{}", "users: [{user: {}}]", "users: [{name: 1}]",
                          "users: [{name: a}, {name: a}]"}) {
    try {
      parse_kubeconfig(bad, "/f/config");
      ADD_FAILURE() << bad;
    } catch (const Error& e) {
      EXPECT_NE(std::string(e.what()).find("/f/config"), std::string::npos) << e.what();
    }
  }
}

TEST(Kubeconfig, AnAbsentEntryIsAnsweredWithThoseThatAreThere) {
  const Kubeconfig config = parse_kubeconfig("contexts: [{name: kind}, {name: prod}]", "/f");
  EXPECT_THROW(
      try { entry(config.contexts, "context", "dev"); } catch (const Error& e) {
        EXPECT_STREQ(e.what(), "the kubeconfig has no context \"dev\"; it has kind, prod");
        throw;
      },
      Error);
}

TEST(ServerUrl, HasHostPortAndPath) {
  const auto whole = parse_server_url("https://h.example:6443/k8s/clusters/c1/", true);
  EXPECT_EQ(whole.host, "h.example");
  EXPECT_EQ(whole.port, "6443");
  EXPECT_EQ(whole.base_path, "/k8s/clusters/c1");
  EXPECT_EQ(parse_server_url("https://h", true).port, "443");
  EXPECT_EQ(parse_server_url("http://h/", true).port, "80");
  EXPECT_EQ(parse_server_url("http://h/", true).base_path, "");
  EXPECT_FALSE(parse_server_url("http://h", true).tls);
  EXPECT_TRUE(parse_server_url("h:1", true).tls);
  EXPECT_FALSE(parse_server_url("h:1", false).tls);
  const auto six = parse_server_url("https://[::1]:6443", true);
  EXPECT_EQ(six.host, "::1");
  EXPECT_EQ(six.port, "6443");
}

TEST(ServerUrl, RefusesWhatIsNone) {
  for (const char* bad :
       {"", "https://", "ftp://h", "https://h:0", "https://h:65536", "https://h:+1", "https://h:x", "https://::1",
        "https://[::1", "https://[::1]x", "https://u:p@h", "https://h/?a=b", "https://h h", "https://:1"})
    EXPECT_THROW(parse_server_url(bad, true), Error) << bad;
}

}  // namespace
}  // namespace spoke::client
