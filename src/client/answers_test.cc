#include "client/answers.h"

#include <gtest/gtest.h>

namespace spoke::client {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

net::Request request() {
  net::Request r;
  r.path = "/api/v1/pods";
  return r;
}

TEST(Answers, AStatusIsTakenAsItIs) {
  const auto e = error_in(request(), 409, json::dump(kube::already_exists("", "pods", "p").to_json()));
  EXPECT_TRUE(e.is("AlreadyExists"));
  EXPECT_EQ(e.message(), "pods \"p\" already exists");
}

TEST(Answers, AStatusWithoutCodeGetsTheAnswers) {
  EXPECT_EQ(error_in(request(), 403, R"({"kind":"Status","message":"no"})").code(), 403);
}

TEST(Answers, AProxysPageBecomesASentence) {
  const auto e = error_in(request(), 502, "<html>\x1b[31m bad gateway\r\n<body>...");
  EXPECT_EQ(e.code(), 502);
  EXPECT_EQ(e.message(), "GET /api/v1/pods was answered with HTTP 502: <html> [31m bad gateway");
  EXPECT_EQ(error_in(request(), 401, "").message(), "GET /api/v1/pods was answered with HTTP 401 and no explanation");
  EXPECT_TRUE(error_in(request(), 401, "").is("Unauthorized"));
  EXPECT_LT(error_in(request(), 500, std::string(100000, 'x')).message().size(), 400U);
}

TEST(Answers, WhatIsNoJsonNamesTheRequest) {
  EXPECT_THROW(
      try { parse_answer(request(), "<html>"); } catch (const Error& e) {
        EXPECT_NE(std::string(e.what()).find("GET /api/v1/pods"), std::string::npos);
        throw;
      },
      Error);
}

TEST(Answers, RetriesOnlyWhereTheServerAsksForIt) {
  EXPECT_EQ(pause_before_retry(429, {{"Retry-After", "3"}}, 0), seconds(3));
  EXPECT_EQ(pause_before_retry(503, {{"Retry-After", "1"}}, 0), seconds(1));
  EXPECT_EQ(pause_before_retry(429, {}, 0), seconds(1));
  EXPECT_FALSE(pause_before_retry(503, {}, 0));
  EXPECT_FALSE(pause_before_retry(404, {{"Retry-After", "1"}}, 0));
  EXPECT_FALSE(pause_before_retry(429, {{"Retry-After", "1"}}, 10)) << "not for ever";
}

TEST(Answers, ASillyRetryAfterIsBounded) {
  EXPECT_EQ(pause_before_retry(429, {{"Retry-After", "99999999"}}, 0), seconds(30));
  EXPECT_EQ(pause_before_retry(429, {{"Retry-After", "-5"}}, 0), milliseconds(100));
  EXPECT_EQ(pause_before_retry(429, {{"Retry-After", "Wed, 21 Oct 2026 07:28:00 GMT"}}, 0), seconds(1));
}

TEST(Answers, ItemsOfATypedListGetTheirKind) {
  const List list = to_list(resources::pods, json::parse(R"({"kind":"PodList","apiVersion":"v1",
      "metadata":{"resourceVersion":"9","continue":"c"},"items":[{"metadata":{"name":"a"}}]})"));
  EXPECT_EQ(list.resource_version, "9");
  EXPECT_EQ(list.continue_token, "c");
  EXPECT_EQ(json::dump(list.items.at(0)), R"({"metadata":{"name":"a"},"kind":"Pod","apiVersion":"v1"})");
}

TEST(Answers, AListWithoutItemsIsEmpty) {
  EXPECT_TRUE(to_list(resources::pods, json::parse(R"({"items":null})")).items.empty());
  EXPECT_TRUE(to_list(resources::pods, json::parse(R"({"items":[1,"x"]})")).items.empty());
  EXPECT_TRUE(to_list(resources::pods, json::parse("[]")).items.empty());
}

}  // namespace
}  // namespace spoke::client
