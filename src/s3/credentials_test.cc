#include "s3/credentials.h"

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>

#include "base/temp_dir.h"
#include "s3/store.h"
#include "s3/test_server.h"

namespace spoke::s3 {
namespace {

std::optional<Credentials> find(std::vector<Provider> providers, Variables env) {
  boost::asio::io_context loop(1);
  auto found =
      boost::asio::co_spawn(loop, find_credentials(std::move(providers), std::move(env)), boost::asio::use_future);
  loop.run();
  return found.get();
}

TEST(Profiles, AreReadFromBothFiles) {
  constexpr const char* kConfig =
      "[default]\nregion = eu-west-1\n[profile a]\nregion=us-west-2\ns3 =\n  max = 1\n# c\n";
  EXPECT_EQ(parse_profile(kConfig, "default", true)->setting("region"), "eu-west-1");
  EXPECT_EQ(parse_profile(kConfig, "a", true)->setting("region"), "us-west-2");
  EXPECT_EQ(parse_profile(kConfig, "a", true)->setting("max"), std::nullopt);
  EXPECT_FALSE(parse_profile(kConfig, "b", true));
  EXPECT_FALSE(parse_profile("[profile a]\nx=1", "a", false)) << "credentials' sections have no such word";
  EXPECT_TRUE(parse_profile("[a]\nx=1", "a", false));
  EXPECT_FALSE(parse_profile("[\n]\n=\nx=1\n", "a", false));
}

TEST(FindCredentials, TheFirstThatIsSetUpCounts) {
  const TempDir home;
  make_dirs(home.path() / ".aws");
  write_file(home.path() / ".aws/credentials", "[default]\naws_access_key_id = pk\naws_secret_access_key = ps\n");
  const Variables profile = {{"HOME", home.path().string()}};
  Variables both = profile;
  both.insert({{"AWS_ACCESS_KEY_ID", "vk"}, {"AWS_SECRET_ACCESS_KEY", "vs"}, {"AWS_SESSION_TOKEN", "vt"}});
  const std::vector<Provider> order = {Provider::Variables, Provider::Profile};
  EXPECT_EQ(find(order, profile)->keys.access_key, "pk");
  EXPECT_EQ(find(order, both)->keys.access_key, "vk");
  EXPECT_EQ(find(order, both)->keys.session_token, "vt");
  EXPECT_FALSE(find({Provider::Variables}, profile));
  Variables missing = profile;
  missing["AWS_PROFILE"] = "none";
  EXPECT_THROW(find(order, missing), Error) << "another one would be somebody else";
}

TEST(FindCredentials, AProfilesProgramIsRun) {
  const TempDir home;
  write_file(home.path() / "config",
             "[profile p]\ncredential_process = echo '{\"AccessKeyId\": \"k\", \"SecretAccessKey\": \"s\", "
             "\"SessionToken\": \"t\"}'\n[profile sso]\nsso_session = x\n");
  Variables env = {{"AWS_CONFIG_FILE", (home.path() / "config").string()}, {"AWS_PROFILE", "p"}, {"HOME", "/none"}};
  EXPECT_EQ(find({Provider::Profile}, env)->keys.session_token, "t");
  env["AWS_PROFILE"] = "sso";
  EXPECT_THROW(find({Provider::Profile}, env), Error);
}

class ServedCredentials : public testing::Scripted {
 protected:
  static net::Task<> expect(std::vector<Provider> providers, Variables env, std::string key, std::string token) {
    const auto found = co_await find_credentials(std::move(providers), std::move(env));
    EXPECT_TRUE(found);
    if (!found) co_return;
    EXPECT_EQ(found->keys.access_key, key);
    EXPECT_EQ(found->keys.secret_key, "s");
    EXPECT_EQ(found->keys.session_token, token);
  }
  static net::Task<> expect_error(std::vector<Provider> providers, Variables env, std::string why) {
    std::string refused;
    try {
      co_await find_credentials(std::move(providers), std::move(env));
    } catch (const Error& e) {
      refused = e.what();
    }
    EXPECT_NE(refused.find(why), std::string::npos) << refused;
  }
};

TEST_F(ServedCredentials, AWebIdentityIsExchanged) {
  write_file(dir_.path() / "token", "the.token\n");
  std::string form;
  serve(
      [&form](net::Exchange& x) -> net::Task<> {
        form = x.request().body;
        return testing::respond(
            x, form.find("role%2Fno") != std::string::npos ? 403 : 200,
            form.find("role%2Fno") != std::string::npos
                ? "<ErrorResponse><Error><Message>not you</Message></Error></ErrorResponse>"
                : "<AssumeRoleWithWebIdentityResponse><AssumeRoleWithWebIdentityResult><Credentials><AccessKeyId>k"
                  "</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken></Credentials>"
                  "</AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>");
      },
      [this](net::Executor, std::string endpoint) -> net::Task<> {
        Variables env = {{"AWS_WEB_IDENTITY_TOKEN_FILE", (dir_.path() / "token").string()},
                         {"AWS_ROLE_ARN", "arn:aws:iam::1:role/r"},
                         {"AWS_ENDPOINT_URL_STS", endpoint}};
        co_await expect({Provider::WebIdentity}, env, "k", "t");
        env["AWS_ROLE_ARN"] = "arn:aws:iam::1:role/no";
        co_await expect_error({Provider::WebIdentity}, env, "403 not you");
      });
  EXPECT_NE(form.find("WebIdentityToken=the.token"), std::string::npos) << form;
}

TEST_F(ServedCredentials, AContainersRoleIsAskedWithItsToken) {
  serve(
      [](net::Exchange& x) -> net::Task<> {
        EXPECT_EQ(x.request().headers.get("Authorization"), "secret");
        EXPECT_EQ(x.request().path, "/role");
        return testing::respond(x, 200, R"({"AccessKeyId": "k", "SecretAccessKey": "s", "Token": "t"})");
      },
      [this](net::Executor, std::string endpoint) -> net::Task<> {
        write_file(dir_.path() / "token", "secret\n");
        co_await expect({Provider::Container},
                        {{"AWS_CONTAINER_CREDENTIALS_FULL_URI", endpoint + "/role"},
                         {"AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", (dir_.path() / "token").string()}},
                        "k", "t");
        co_await expect_error({Provider::Container}, {{"AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://10.0.0.1/role"}},
                              "only https:// may be another machine");
      });
}

TEST_F(ServedCredentials, AnInstancesRoleIsAskedWithASessionsToken) {
  serve(
      [](net::Exchange& x) -> net::Task<> {
        if (x.request().method == "PUT") return testing::respond(x, 200, "session");
        EXPECT_EQ(x.request().headers.get("X-aws-ec2-metadata-token"), "session");
        if (x.request().path.ends_with("/security-credentials/")) return testing::respond(x, 200, "role\n");
        EXPECT_TRUE(x.request().path.ends_with("/security-credentials/role"));
        return testing::respond(x, 200, R"({"AccessKeyId": "k", "SecretAccessKey": "s", "Token": "t"})");
      },
      [](net::Executor, std::string endpoint) -> net::Task<> {
        co_await expect({Provider::Instance}, {{"AWS_EC2_METADATA_SERVICE_ENDPOINT", endpoint + "/"}}, "k", "t");
      });
}

TEST(Location, IsBucketAndKey) {
  EXPECT_EQ(parse_location("s3a://b/x//y/").key, "x/y/");
  EXPECT_EQ(parse_location("s3://b").bucket, "b");
  EXPECT_EQ(parse_location("s3://b").key, "");
  EXPECT_THROW(parse_location("s3a:///x"), Error);
  EXPECT_THROW(parse_location("s3a://"), Error);
}

}  // namespace
}  // namespace spoke::s3
