#include "s3/credentials.h"

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>

#include "base/temp_dir.h"
#include "net/http_server.h"
#include "s3/store.h"

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

TEST(Location, IsBucketAndKey) {
  EXPECT_EQ(parse_location("s3a://b/x//y/").key, "x/y/");
  EXPECT_EQ(parse_location("s3://b").bucket, "b");
  EXPECT_EQ(parse_location("s3://b").key, "");
  EXPECT_THROW(parse_location("s3a:///x"), Error);
  EXPECT_THROW(parse_location("s3a://"), Error);
}

}  // namespace
}  // namespace spoke::s3
