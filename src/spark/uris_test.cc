#include "spark/uris.h"

#include <gtest/gtest.h>

namespace spoke::spark {
namespace {

TEST(ResolveUri, KeepsWhatHasAScheme) {
  for (const auto* uri : {"local:///opt/a.jar", "https://h/a.jar", "s3a://b/k", "file:///a", "hdfs:/x"})
    EXPECT_EQ(resolve_uri(uri, "/home"), uri);
}

TEST(ResolveUri, MakesPathsOfTheSubmitterAbsolute) {
  EXPECT_EQ(resolve_uri("/a/b.jar", "/home"), "file:/a/b.jar");
  EXPECT_EQ(resolve_uri("b.jar", "/home"), "file:/home/b.jar");
  EXPECT_EQ(resolve_uri("a.zip#name", "/home"), "file:/home/a.zip#name");
  EXPECT_EQ(resolve_uri("my file.jar", "/home"), "file:/home/my%20file.jar");
}

TEST(ResolveUris, DropsEmptyItems) {
  EXPECT_EQ(resolve_uris(" a.jar ,,local:///b.jar,", "/h"), "file:/h/a.jar,local:///b.jar");
  EXPECT_EQ(resolve_uris("", "/h"), "");
}

TEST(NeedsUpload, IsTrueForTheSubmittersFilesOnly) {
  EXPECT_TRUE(needs_upload("file:/a"));
  EXPECT_TRUE(needs_upload("/a"));
  EXPECT_FALSE(needs_upload("local:///a"));
  EXPECT_FALSE(needs_upload("s3a://b/a"));
  EXPECT_FALSE(needs_upload("spark-internal"));
  EXPECT_FALSE(needs_upload(""));
}

TEST(LocalPath, IsWhereTheFileIs) {
  EXPECT_EQ(local_path("file:/a%20b#c"), "/a b");
  EXPECT_EQ(local_path("file:///a"), "/a");
  EXPECT_EQ(local_path("file://host/a"), "/a");
  EXPECT_EQ(local_path("file://host"), "");
  EXPECT_EQ(local_path("/a%20b"), "/a%20b");
  EXPECT_EQ(local_path("file:/100%"), "/100%");
}

TEST(Fragment, IsWhatFollowsTheSign) {
  EXPECT_EQ(fragment("a#b#c"), "b#c");
  EXPECT_EQ(fragment("a"), "");
  EXPECT_EQ(without_fragment("a#b"), "a");
}

}  // namespace
}  // namespace spoke::spark
