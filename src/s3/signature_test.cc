// The examples of the Amazon S3 API reference, "Signature Calculations for the Authorization Header".

#include "s3/signature.h"

#include <gtest/gtest.h>

namespace spoke::s3 {
namespace {

const Keys kKeys = {"AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", ""};

std::string signature(net::Request request) {
  request.headers.set("Host", "examplebucket.s3.amazonaws.com");
  sign(request, kKeys, {"us-east-1", "s3"}, parse_rfc3339("2013-05-24T00:00:00Z").value());
  const std::string header(request.headers.get("Authorization"));
  return header.substr(header.rfind('=') + 1);
}

TEST(Signature, OfAnObjectsFirstBytes) {
  net::Request request;
  request.path = "/test.txt";
  request.headers.set("Range", "bytes=0-9");
  EXPECT_EQ(signature(request), "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41");
}

TEST(Signature, OfAnObjectThatIsPut) {
  net::Request request;
  request.method = "PUT";
  request.path = "/test$file.text";
  request.headers.set("Date", "Fri, 24 May 2013 00:00:00 GMT");
  request.headers.set("x-amz-storage-class", "REDUCED_REDUNDANCY");
  request.body = "Welcome to Amazon S3.";
  EXPECT_EQ(signature(request), "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd");
}

TEST(Signature, OfAQuery) {
  net::Request lifecycle;
  lifecycle.query.add("lifecycle", "");
  EXPECT_EQ(signature(lifecycle), "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543");
  net::Request list;
  list.query.add("prefix", "J");
  list.query.add("max-keys", "2");
  EXPECT_EQ(signature(list), "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7");
}

TEST(Signature, HoldsTheSessionsToken) {
  net::Request request;
  Keys keys = kKeys;
  keys.session_token = "token";
  request.headers.set("Host", "h");
  sign(request, keys, {"eu-west-1", "s3"}, Time());
  EXPECT_EQ(request.headers.get("x-amz-security-token"), "token");
  EXPECT_NE(request.headers.get("Authorization").find("x-amz-security-token"), std::string_view::npos);
  EXPECT_NE(request.headers.get("Authorization").find("/eu-west-1/s3/aws4_request"), std::string_view::npos);
}

}  // namespace
}  // namespace spoke::s3
