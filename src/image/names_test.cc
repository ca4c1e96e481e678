#include "image/names.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "image/image_store.h"

namespace spoke::image {
namespace {

const std::string digest = "sha256:" + std::string(64, 'a');

std::string full(std::string_view text) { return parse_reference(text).str(); }

TEST(Names, AShortNameIsDockerHubs) {
  EXPECT_EQ(full("spark"), "docker.io/library/spark:latest");
  EXPECT_EQ(full("spark:4.1.4"), "docker.io/library/spark:4.1.4");
  EXPECT_EQ(full("apache/spark:4.1.4"), "docker.io/apache/spark:4.1.4");
  EXPECT_EQ(full("docker.io/spark"), "docker.io/library/spark:latest");
  EXPECT_EQ(full("index.docker.io/a/b"), "docker.io/a/b:latest");
}

TEST(Names, ADomainHasADotAPortOrIsLocalhost) {
  EXPECT_EQ(full("ghcr.io/a/b/c:1"), "ghcr.io/a/b/c:1");
  EXPECT_EQ(full("localhost/a"), "localhost/a:latest");
  EXPECT_EQ(full("registry:5000/a:1"), "registry:5000/a:1");
  EXPECT_EQ(full("[::1]:5000/a"), "[::1]:5000/a:latest");
  EXPECT_EQ(full("MyHost/a"), "MyHost/a:latest");
}

TEST(Names, LocalIsThisMachine) {
  EXPECT_EQ(full("local/spark"), "local/spark:latest");
  EXPECT_EQ(full("local/spark:3.5.8"), "local/spark:3.5.8");
}

TEST(Names, ADigestNamesOneImage) {
  const Reference plain = parse_reference("spark@" + digest);
  EXPECT_EQ(plain, (Reference{"docker.io/library/spark", "", digest}));
  const Reference both = parse_reference("spark:4@" + digest);
  EXPECT_EQ(both, (Reference{"docker.io/library/spark", "4", digest}));
  EXPECT_EQ(parse_reference(both.str()), both);
}

TEST(Names, WhatStrGivesReadsTheSame) {
  for (const char* name : {"a", "a/b", "a.b/c", "a__b", "a-----b", "a.b:1/c_d:E_f.g-h", "local/x:1"})
    EXPECT_EQ(full(full(name)), full(name)) << name;
}

TEST(Names, HostileOnesAreRefused) {
  for (const std::string& bad : {std::string(),
                                 std::string(":1"),
                                 std::string("@"),
                                 std::string("a:"),
                                 std::string("a@"),
                                 std::string("/a"),
                                 std::string("a/"),
                                 std::string("a//b"),
                                 std::string("../a"),
                                 std::string("a/../b"),
                                 std::string("a b"),
                                 std::string("Spark"),
                                 std::string("a/Spark"),
                                 std::string("-a"),
                                 std::string("a-"),
                                 std::string("a..b"),
                                 std::string("a___b"),
                                 std::string("a._b"),
                                 std::string("a:b:c"),
                                 std::string("a:-x"),
                                 std::string("a.b:x/c"),
                                 std::string("a.b:/c"),
                                 std::string("a:") + std::string(129, 'x'),
                                 std::string("a@sha256:12"),
                                 std::string("a@md5:") + std::string(32, 'a'),
                                 std::string("a\0b", 3),
                                 std::string("a\n"),
                                 std::string("é"),
                                 fmt::format("a@{0}@{0}", digest),
                                 std::string(256, 'a'),
                                 std::string(64, 'a') + "@" + digest + "x"})
    EXPECT_THROW(parse_reference(bad), InvalidImageName) << bad;
}

TEST(Names, AnErrorNamesTheImageAndTheReason) {
  try {
    parse_reference("Spark:1");
    FAIL();
  } catch (const InvalidImageName& e) {
    EXPECT_STREQ(e.what(), "couldn't parse image name \"Spark:1\": repository name must be lowercase");
  }
}

TEST(Names, AnAliasStandsForAWholeRepository) {
  const std::map<std::string, std::string> aliases = {{"docker.io/library/spark", "local/spark"},
                                                      {"apache/spark", "local/spark"}};
  const auto applied = [&](const std::string& name) {
    const auto found = apply_alias(parse_reference(name), aliases);
    return found ? found->str() : "";
  };
  EXPECT_EQ(applied("spark:4.1.4"), "local/spark:4.1.4");
  EXPECT_EQ(applied("spark"), "local/spark:latest");
  EXPECT_EQ(applied("apache/spark:3.5.8"), "local/spark:3.5.8");
  EXPECT_EQ(applied("sparkles:1"), "");
  EXPECT_EQ(applied("spark/x:1"), "");
  EXPECT_EQ(applied("spark:4.1.4@" + digest), "");
}

}  // namespace
}  // namespace spoke::image
