#include "client/kubeconfig.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <thread>

#include "base/strings.h"
#include "client/test_support.h"
#include "data/yaml.h"

namespace spoke::client {
namespace {

using testing::Environment;

class KubeconfigTest : public testing::Scratch {
 protected:
  void SetUp() override {
    home_.emplace("HOME", dir_);
    list_.emplace("KUBECONFIG", "");
    host_.emplace("KUBERNETES_SERVICE_HOST", "");
  }
  std::string file(const std::string& name, const std::string& text) {
    write_file(dir_ / name, text);
    return dir_ / name;
  }
  static std::string error(const KubeconfigChoice& choice) {
    try {
      find_target(choice);
    } catch (const std::exception& e) {
      return e.what();
    }
    return "";
  }
  // A configuration with one context whose user is `user`.
  std::string with_user(const std::string& user) {
    return file("config",
                "current-context: x\ncontexts: [{name: x, context: {cluster: c, user: u}}]\n"
                "clusters: [{name: c, cluster: {server: 'https://h:1'}}]\nusers: [{name: u, user: " +
                    user + "}]\n");
  }
  // The same for a cluster.
  std::string with_cluster(const std::string& cluster) {
    return file("config",
                "current-context: x\ncontexts: [{name: x, context: {cluster: c}}]\n"
                "clusters: [{name: c, cluster: " +
                    cluster + "}]\n");
  }

 private:
  std::optional<Environment> home_, list_, host_;
};

constexpr const char* kTwo = R"(
apiVersion: v1
kind: Config
current-context: dev
contexts:
- name: dev
  context: {cluster: c, user: u}
- name: prod
  context: {cluster: c, user: u, namespace: spark}
clusters:
- name: c
  cluster: {server: "https://example.com:6443/base", tls-server-name: inner}
users:
- name: u
  user: {token: t}
)";

TEST_F(KubeconfigTest, NoConfigurationIsNoTarget) {
  EXPECT_FALSE(find_target({}));
  file("config", "");
  const Environment list("KUBECONFIG", (dir_ / "config").string() + ":" + (dir_ / "absent").string());
  EXPECT_FALSE(find_target({})) << "kind leaves an empty file behind";
}

TEST_F(KubeconfigTest, TheCurrentContextOrTheChosenOne) {
  const std::string path = file("config", kTwo);
  const Target dev = *find_target({path, "", ""});
  EXPECT_EQ(dev.context, "dev");
  EXPECT_EQ(dev.ns, "default");
  EXPECT_EQ(dev.server.host, "example.com");
  EXPECT_EQ(dev.server.port, "6443");
  EXPECT_EQ(dev.base_path, "/base");
  EXPECT_EQ(dev.server.server_name, "inner");
  EXPECT_EQ(dev.bearer_token, "t");
  EXPECT_EQ(find_target({path, "prod", ""})->ns, "spark");
  EXPECT_EQ(find_target({path, "prod", "mine"})->ns, "mine");
}

TEST_F(KubeconfigTest, ContextsCanBeListed) {
  EXPECT_TRUE(context_names({}).empty());
  EXPECT_EQ(context_names({file("config", kTwo), "", ""}), (std::vector<std::string>{"dev", "prod"}));
}

TEST_F(KubeconfigTest, TheHomeFileIsTheLastResort) {
  make_dirs(dir_ / ".kube");
  file(".kube/config", kTwo);
  EXPECT_EQ(find_target({})->context, "dev");
  EXPECT_EQ(kubeconfig_path(), dir_ / ".kube" / "config");
}

TEST_F(KubeconfigTest, AListOfFilesIsMergedAndAbsentOnesAreLeftOut) {
  const std::string one = file("one", "current-context: prod");
  const std::string two = file("two", kTwo);
  const Environment list("KUBECONFIG", ":" + (dir_ / "absent").string() + ":" + one + ":" + two + ":" + one);
  EXPECT_EQ(find_target({})->context, "prod");
  EXPECT_EQ(kubeconfig_path(), dir_ / "absent");
}

TEST_F(KubeconfigTest, WhatIsNamedMustBeThere) {
  EXPECT_NE(error({(dir_ / "absent").string(), "", ""}).find("absent"), std::string::npos);
  const std::string path = file("config", kTwo);
  EXPECT_EQ(error({path, "test", ""}), "the kubeconfig has no context \"test\"; it has dev, prod");
  EXPECT_NE(error({"", "test", ""}), "");
  EXPECT_NE(error({file("config", "contexts: [{name: x}]"), "", ""}).find("--context"), std::string::npos);
  EXPECT_NE(error({file("config", "contexts: [{name: x}]"), "x", ""}).find("cluster \"\""), std::string::npos);
}

TEST_F(KubeconfigTest, DataBeatsFiles) {
  file("ca", "from file");
  EXPECT_EQ(find_target({with_cluster("{server: h, certificate-authority: ca}"), "", ""})->server.ca_pem, "from file");
  const std::string both = with_cluster("{server: h, certificate-authority: ca, certificate-authority-data: ZGF0YQ==}");
  EXPECT_EQ(find_target({both, "", ""})->server.ca_pem, "data");
  EXPECT_TRUE(find_target({both, "", ""})->server.tls) << "an authority means TLS";
  EXPECT_FALSE(find_target({with_cluster("{server: h}"), "", ""})->server.tls);
}

TEST_F(KubeconfigTest, WhatSpokeCannotDoIsRefusedInAClearSentence) {
  for (const char* cluster :
       {"{server: h, proxy-url: 'ftp://proxy'}", "{}", "{server: 'ftp://h'}",
        "{server: h, certificate-authority: absent}", "{server: h, certificate-authority-data: '%'}",
        "{server: h, insecure-skip-tls-verify: true, certificate-authority-data: ZGF0YQ==}"})
    EXPECT_NE(error({with_cluster(cluster), "", ""}), "") << cluster;
  for (const char* user : {"{token: t, username: u}", "{client-certificate-data: YQ==}", "{client-key-data: YQ==}",
                           "{tokenFile: absent}", "{auth-provider: {name: gcp}}", "{exec: {command: x}}"})
    EXPECT_NE(error({with_user(user), "", ""}), "") << user;
}

TEST_F(KubeconfigTest, AServersContextIsTheOneThatNamesIt) {
  const std::string two =
      file("two",
           "current-context: a\n"
           "contexts: [{name: _, context: {cluster: _}}, {name: a, context: {cluster: a, user: a}}, {name: b, context: "
           "{cluster: b, user: b}}]\n"
           "clusters: [{name: a, cluster: {server: 'https://a'}}, {name: b, cluster: {server: 'https://B:443/'}}, "
           "{name: _, cluster: {server: 'unix:///odd'}}]\n"
           "users: [{name: a, user: {token: ta}}, {name: b, user: {token: tb}}]\n");
  const auto token = [&](const std::string& context, const std::string& server) {
    const Target target = *find_target({two, context, "", server});
    EXPECT_EQ(target.url().substr(0, server.size()), server);
    return target.bearer_token;
  };
  EXPECT_EQ(token("", "https://a:443"), "ta");
  EXPECT_EQ(token("", "https://b:443"), "tb") << "its own, not the current context's";
  EXPECT_EQ(token("", "https://tunnel:6443"), "ta") << "the current one";
  EXPECT_EQ(token("b", "https://tunnel:6443"), "tb");
  EXPECT_EQ(find_target({"/dev/null", "", "", "http://h:1"})->bearer_token, "") << "nobody";
}

TEST_F(KubeconfigTest, ProxiesAndImpersonation) {
  EXPECT_EQ(find_target({with_cluster("{server: h, proxy-url: 'socks5://p'}"), "", ""})->server.proxy, "socks5://p");
  const Target target = *find_target({with_user("{as: a, as-groups: [b, c], as-user-extra: {k: [v, w]}}"), "", ""});
  std::string headers;
  for (const auto& [name, value] : target.headers) headers += name + "=" + value + ";";
  EXPECT_EQ(headers,
            "Impersonate-User=a;Impersonate-Group=b;Impersonate-Group=c;Impersonate-Extra-k=v;Impersonate-Extra-k=w;");
}

TEST_F(KubeconfigTest, EveryWayToBeSomeone) {
  file("t", "file-token");
  EXPECT_EQ(find_target({with_user("{tokenFile: t, token: other}"), "", ""})->token_file, dir_ / "t");
  const Target basic = *find_target({with_user("{username: me, password: secret}"), "", ""});
  EXPECT_EQ(basic.username + ":" + basic.password, "me:secret");
  const Target cert = *find_target({with_user("{client-certificate-data: Yw==, client-key-data: aw==}"), "", ""});
  EXPECT_EQ(cert.server.client_cert_pem + cert.server.client_key_pem, "ck");
  EXPECT_EQ(find_target({with_user("{token: t, as: other}"), "", ""})->headers.get("Impersonate-User"), "other");
  EXPECT_TRUE(
      find_target({with_cluster("{server: 'https://h', insecure-skip-tls-verify: true}"), "", ""})->server.insecure);
}

TEST_F(KubeconfigTest, AnExecPlugInRunsAtOnceAndCanRunAgain) {
  write_file(dir_ / "plugin",
             "#!/bin/sh\nprintf '{\"kind\":\"ExecCredential\",\"apiVersion\":\"client.authentication.k8s.io/"
             "v1beta1\",\"status\":{\"token\":\"t\"}}'\n",
             0755);
  const Target target = *find_target(
      {with_user(
           "{exec: {apiVersion: client.authentication.k8s.io/v1beta1, command: ./plugin, interactiveMode: Never}}"),
       "", ""});
  EXPECT_EQ(target.bearer_token, "t");
  ASSERT_TRUE(target.renew);
  EXPECT_EQ(target.renew().bearer_token, "t");
}

// What is written is read back: by find_target, and as a document.
class WritingTest : public KubeconfigTest {
 protected:
  NewContext spoke() { return {"spoke", "https://127.0.0.1:7443", "authority", "secret"}; }
  json::value read(const Path& path) { return yaml::parse(read_file(path)); }
};

TEST_F(WritingTest, ANewFileIsPrivate) {
  const Path path = dir_ / "new" / "config";
  add_context(path, spoke());
  struct stat info{};
  ASSERT_EQ(::stat(path.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 07777, 0600U);
  const Target target = *find_target({path.string(), "", ""});
  EXPECT_EQ(target.context, "spoke");
  EXPECT_EQ(target.server.port, "7443");
  EXPECT_EQ(target.server.ca_pem, "authority");
  EXPECT_EQ(target.bearer_token, "secret");
  EXPECT_FALSE(std::filesystem::exists(path.string() + ".lock"));
}

TEST_F(WritingTest, TheRestStaysAsItIs) {
  const Path path =
      file("config", std::string(kTwo) + "preferences: {colors: true}\nextensions: [{name: e, extension: 1}]\n");
  ::chmod(path.c_str(), 0640);
  json::value expected = read(path);
  add_context(path, spoke());
  EXPECT_EQ(find_target({path.string(), "", ""})->context, "spoke");
  EXPECT_EQ(find_target({path.string(), "prod", ""})->ns, "spark");
  remove_context(path, "spoke");
  json::set(expected, "current-context", "");
  EXPECT_EQ(read(path), expected);
  struct stat info{};
  ASSERT_EQ(::stat(path.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 07777, 0640U);
}

TEST_F(WritingTest, TheSecondTimeReplaces) {
  const Path path = dir_ / "config";
  add_context(path, spoke());
  NewContext again = spoke();
  again.server = "https://127.0.0.1:1";
  add_context(path, again);
  const json::value config = read(path);
  EXPECT_EQ(json::list(config, "clusters").size(), 1U);
  EXPECT_EQ(json::list(config, "contexts").size(), 1U);
  EXPECT_EQ(find_target({path.string(), "", ""})->server.port, "1");
}

TEST_F(WritingTest, RemovingLeavesAnotherCurrentContextAlone) {
  const Path path = file("config", kTwo);
  const std::string before = read_file(path);
  remove_context(path, "spoke");
  EXPECT_EQ(read_file(path), before) << "not even written";
  remove_context(dir_ / "absent", "spoke");
  EXPECT_FALSE(std::filesystem::exists(dir_ / "absent"));
}

TEST_F(WritingTest, ALinkStaysALink) {
  const Path path = file("real", kTwo);
  std::filesystem::create_symlink(path, dir_ / "link");
  add_context(dir_ / "link", spoke());
  EXPECT_TRUE(std::filesystem::is_symlink(dir_ / "link"));
  EXPECT_EQ(find_target({path.string(), "", ""})->context, "spoke");
}

TEST_F(WritingTest, WhatIsNoKubeconfigIsNotTouched) {
  const Path path = file("config", "- just\n- a list\n");
  EXPECT_THROW(add_context(path, spoke()), Error);
  EXPECT_EQ(read_file(path), "- just\n- a list\n");
  EXPECT_FALSE(std::filesystem::exists(path.string() + ".lock")) << "a failure leaves no lock";
}

TEST_F(WritingTest, WritersWaitForEachOther) {
  const Path path = dir_ / "config";
  std::vector<std::thread> writers;
  for (int i = 0; i < 8; ++i)
    writers.emplace_back([&path, i] { add_context(path, {"c" + std::to_string(i), "https://h", "ca", "t"}); });
  for (auto& writer : writers) writer.join();
  EXPECT_EQ(json::list(read(path), "contexts").size(), 8U);
}

}  // namespace
}  // namespace spoke::client
