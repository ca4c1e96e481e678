#include <gtest/gtest.h>

#include <cstdlib>

#include "base/files.h"
#include "base/strings.h"
#include "base/temp_dir.h"
#include "image/registry/challenge.h"
#include "image/registry/keyring.h"

namespace spoke::image {
namespace {

std::string auth(const std::string& both) { return R"({"auth": ")" + base64(both) + R"("})"; }

// "user:password" of each login that fits.
std::string found(const Keyring& keys, std::string_view repository) {
  std::string out;
  for (const Login& login : keys.find(repository))
    out += (out.empty() ? "" : " ") +
           (login.identity_token.empty() ? login.user + ":" + login.password : "token " + login.identity_token);
  return out;
}

TEST(Challenge, IsReadAsServersWriteIt) {
  auto all = parse_challenges(
      R"(Bearer realm="https://auth.docker.io/token",service="registry.docker.io",scope="repository:a/b:pull,push")");
  ASSERT_EQ(all.size(), 1U);
  EXPECT_EQ(all[0].scheme, "bearer");
  EXPECT_EQ(all[0].parameters["realm"], "https://auth.docker.io/token");
  EXPECT_EQ(all[0].parameters["scope"], "repository:a/b:pull,push");

  all = parse_challenges(R"(Basic realm="a \"quoted\" one", Bearer realm=plain , service="s")");
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(all[0].parameters["realm"], R"(a "quoted" one)");
  EXPECT_EQ(all[1].parameters["realm"], "plain");
  EXPECT_EQ(all[1].parameters["service"], "s");

  EXPECT_EQ(parse_challenges("Negotiate").at(0).scheme, "negotiate");
  EXPECT_TRUE(parse_challenges("").empty());
  EXPECT_TRUE(parse_challenges("=,\"").empty());
  EXPECT_EQ(parse_challenges(R"(Bearer realm="no end)").at(0).parameters["realm"], "no end");
}

TEST(Keyring, FindsTheClosest) {
  Keyring keys;
  keys.add(R"({"auths": {"https://index.docker.io/v1/": )" + auth("hub:1") + R"(, "ghcr.io": )" + auth("all:2") +
           R"(, "ghcr.io/team": )" + auth("team:3:4") + R"(, "*.example.org": )" + auth("star:5") +
           R"(, "registry.example.org:5000": {"username": "u", "password": "p"}}})");
  EXPECT_EQ(found(keys, "docker.io/library/spark"), "hub:1");
  EXPECT_EQ(found(keys, "ghcr.io/other/app"), "all:2");
  EXPECT_EQ(found(keys, "ghcr.io/team/app"), "team:3:4 all:2");
  EXPECT_EQ(found(keys, "ghcr.io/teams/app"), "all:2") << "a path goes on with /";
  EXPECT_EQ(found(keys, "a.example.org/x"), "star:5");
  EXPECT_EQ(found(keys, "a.b.example.org/x"), "") << "a star is one label";
  EXPECT_EQ(found(keys, "example.org/x"), "");
  EXPECT_EQ(found(keys, "registry.example.org:5000/x"), "u:p");

  keys.add(R"({"auths": {"*a*a*a*a*a*a*a*a*b.com": )" + auth("slow:1") + R"(, "r*-*x.io": )" + auth("two:2") + "}}");
  EXPECT_EQ(found(keys, std::string(60, 'a') + ".com/x"), "") << "and it ends";
  EXPECT_EQ(found(keys, "reg-1-x.io/a"), "two:2");
  EXPECT_EQ(found(keys, "reg-1-y.io/a"), "");
}

TEST(Keyring, ReadsTheOlderFormatAndTokens) {
  Keyring keys;
  keys.add(R"({"quay.io": )" + auth("old:1") +
           R"(, "r.example.org": {"auth": "PHRva2VuPjo=", "identitytoken": "abc"}})");
  EXPECT_EQ(found(keys, "quay.io/a/b"), "old:1");
  EXPECT_EQ(found(keys, "r.example.org/a"), "token abc");
}

TEST(Keyring, SaysWhatIsWrongWithoutQuotingIt) {
  Keyring keys;
  for (const char* bad : {"secret", "[]", R"({"auths": {"a.example.org": {"auth": "secret"}}})",
                          R"({"auths": {"a.example.org": {"auth": "c2VjcmV0"}}})"}) {
    try {
      keys.add(bad);
      FAIL() << bad;
    } catch (const Error& e) {
      EXPECT_EQ(std::string(e.what()).find("secret"), std::string::npos) << e.what();
    }
  }
  keys.add("{}");
  EXPECT_EQ(found(keys, "a.example.org/a"), "");
}

TEST(Keyring, AsksTheUsersHelpersAndNotASecrets) {
  const TempDir dir;
  write_file(dir.path() / "docker-credential-tests",
             "#!/bin/sh\nread server\ncase $server in\n"
             "none.example.org) echo 'credentials not found in native keychain'; exit 1;;\n"
             "token.example.org) echo '{\"Username\": \"<token>\", \"Secret\": \"t\"}';;\n"
             "*) echo \"{\\\"Username\\\": \\\"$server\\\", \\\"Secret\\\": \\\"s\\\"}\";;\nesac\n",
             0755);
  const std::string config = R"({"credsStore": "tests", "credHelpers": {"own.example.org": "tests"}})";
  write_file(dir.path() / "config.json", config);
  const std::string path = std::getenv("PATH");
  ::setenv("PATH", (dir.path().string() + ":" + path).c_str(), 1);
  ::setenv("REGISTRY_AUTH_FILE", (dir.path() / "config.json").c_str(), 1);
  const Keyring keys = Keyring::of_user();
  EXPECT_EQ(found(keys, "own.example.org/a"), "own.example.org:s");
  EXPECT_EQ(found(keys, "docker.io/library/a"), "https://index.docker.io/v1/:s");
  EXPECT_EQ(found(keys, "token.example.org/a"), "token t");
  EXPECT_EQ(found(keys, "none.example.org/a"), "");
  Keyring of_secret;
  of_secret.add(config);
  EXPECT_EQ(found(of_secret, "own.example.org/a"), "");
  ::setenv("PATH", path.c_str(), 1);
  ::unsetenv("REGISTRY_AUTH_FILE");
}

}  // namespace
}  // namespace spoke::image
