#include "client/exec_plugin.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "client/test_support.h"

namespace spoke::client {
namespace {

json::value exec(const std::string& command, const std::string& version = "v1") {
  return json::object{
      {"apiVersion", "client.authentication.k8s.io/" + version}, {"command", command}, {"interactiveMode", "Never"}};
}

TEST(ExecPlugin, IsToldWhatTheKubeconfigAllows) {
  json::value e = exec("p");
  json::set(e, "provideClusterInfo", true);
  const json::value cluster = json::parse(R"({"server":"https://h","certificate-authority-data":"Y2E=","proxy-url":"x",
      "extensions":[{"name":"client.authentication.k8s.io/exec","extension":{"audience":"a"}}]})");
  EXPECT_EQ(json::parse(exec_info(parse_exec_plugin(e, cluster), false)),
            json::parse(R"({"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1","spec":{
                "interactive":false,
                "cluster":{"server":"https://h","certificate-authority-data":"Y2E=","config":{"audience":"a"}}}})"));
  EXPECT_EQ(json::find(json::parse(exec_info(parse_exec_plugin(exec("p"), cluster), true)), "spec.cluster"), nullptr);
}

TEST(ExecPlugin, RefusesWhatItDoesNotKnow) {
  const json::value none = json::object{};
  EXPECT_THROW(parse_exec_plugin(exec("p", "v1alpha1"), none), Error);
  EXPECT_THROW(parse_exec_plugin(exec(""), none), Error);
  json::value e = exec("p");
  json::remove(e, "interactiveMode");
  EXPECT_THROW(parse_exec_plugin(e, none), Error) << "v1 has no default";
  json::value beta = exec("p", "v1beta1");
  json::remove(beta, "interactiveMode");
  EXPECT_EQ(parse_exec_plugin(beta, none).interactive_mode, "IfAvailable");
  json::set(e, "interactiveMode", "Perhaps");
  EXPECT_THROW(parse_exec_plugin(e, none), Error);
}

TEST(ExecPlugin, ReadsCredentials) {
  const ExecPlugin plugin = parse_exec_plugin(exec("p"), json::object{});
  const Credential c = parse_exec_credential(plugin, R"({"kind":"ExecCredential",
      "apiVersion":"client.authentication.k8s.io/v1",
      "status":{"token":"t","expirationTimestamp":"2026-03-01T12:00:00Z"}})");
  EXPECT_EQ(c.bearer_token, "t");
  EXPECT_EQ(c.expires, parse_rfc3339("2026-03-01T12:00:00Z"));
}

TEST(ExecPlugin, RefusesWhatIsNoCredential) {
  const ExecPlugin plugin = parse_exec_plugin(exec("p"), json::object{});
  const std::string head = R"("kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1")";
  for (const std::string& bad :
       {std::string(), std::string("token"), std::string("{}"), "{" + head + "}", "{" + head + R"(,"status":{}})",
        "{" + head + R"(,"status":{"token":5}})", "{" + head + R"(,"status":{"clientCertificateData":"c"}})",
        "{" + head + R"(,"status":{"token":"t","expirationTimestamp":"soon"}})",
        std::string(
            R"({"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1beta1","status":{"token":"t"}})")})
    EXPECT_THROW(parse_exec_credential(plugin, bad), Error) << bad;
}

class ExecPluginRun : public testing::Scratch {
 protected:
  std::string script(const std::string& text) {
    const Path path = dir_ / "plugin";
    write_file(path, "#!/bin/sh\n" + text, 0755);
    return path;
  }
};

TEST_F(ExecPluginRun, GetsArgumentsAndEnvironment) {
  json::value e = exec(script(R"(
[ "$KUBERNETES_EXEC_INFO" ] || exit 9
printf '{"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1","status":{"token":"%s-%s-%s"}}' "$1" "$PROFILE" "$HOME"
)"));
  json::set(e, "args", json::array{"one"});
  json::set(e, "env", json::array{json::object{{"name", "PROFILE"}, {"value", "two"}}});
  const testing::Environment profile("PROFILE", "overridden"), home("HOME", "kept");
  EXPECT_EQ(run_exec_plugin(parse_exec_plugin(e, json::object{})).bearer_token, "one-two-kept");
}

TEST_F(ExecPluginRun, FailuresNameThePlugIn) {
  const auto error = [](const json::value& e) -> std::string {
    try {
      run_exec_plugin(parse_exec_plugin(e, json::object{}));
    } catch (const Error& failure) {
      return failure.what();
    }
    return "";
  };
  EXPECT_NE(error(exec(script("exit 3"))).find("failed with exit code 3"), std::string::npos);
  json::value absent = exec("no-such-plugin");
  json::set(absent, "installHint", "get it there");
  EXPECT_NE(error(absent).find("no-such-plugin"), std::string::npos);
  EXPECT_NE(error(absent).find("get it there"), std::string::npos);
}

}  // namespace
}  // namespace spoke::client
