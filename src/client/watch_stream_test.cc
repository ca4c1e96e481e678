#include "client/watch_stream.h"

#include <gtest/gtest.h>

namespace spoke::client {
namespace {

TEST(Lines, AreWholeWhereverTheWireCutsThem) {
  const std::string text = "one\ntwo\r\n\nthree\n";
  for (size_t cut = 0; cut <= text.size(); ++cut) {
    Lines lines;
    std::vector<std::string> got;
    for (const auto& piece : {text.substr(0, cut), text.substr(cut)}) {
      lines.add(piece);
      while (auto line = lines.next()) got.push_back(*line);
    }
    EXPECT_EQ(got, (std::vector<std::string>{"one", "two", "three"})) << "cut at " << cut;
  }
}

TEST(Lines, RestIsWhatCameAfterTheLastEnd) {
  Lines lines;
  lines.add("one\ntw");
  EXPECT_EQ(lines.next(), "one");
  EXPECT_FALSE(lines.next());
  EXPECT_EQ(lines.rest(), "tw");
  EXPECT_EQ(lines.rest(), "");
}

TEST(Lines, AnEndlessLineIsRefused) {
  Lines lines(10);
  lines.add("0123456789");
  EXPECT_FALSE(lines.next());
  lines.add("x");
  EXPECT_THROW(lines.next(), Error);
}

TEST(WatchEvents, TellTheirType) {
  const auto e = parse_event(R"({"type":"DELETED","object":{"kind":"Pod","metadata":{"name":"a"}}})");
  EXPECT_EQ(e.type, WatchEvent::Type::Deleted);
  EXPECT_EQ(kube::name(e.object), "a");
  EXPECT_EQ(parse_event(R"({"type":"BOOKMARK","object":{}})").type, WatchEvent::Type::Bookmark);
}

TEST(WatchEvents, TooOldIsExpiredWhateverTheReason) {
  for (const char* reason : {"Gone", "Expired", ""}) {
    try {
      parse_event(fmt::format(R"({{"type":"ERROR","object":{{"kind":"Status","code":410,"reason":"{}"}}}})", reason));
      FAIL();
    } catch (const kube::StatusError& e) {
      EXPECT_TRUE(e.is("Expired"));
    }
  }
}

TEST(WatchEvents, OtherErrorsKeepTheirReason) {
  try {
    parse_event(R"({"type":"ERROR","object":{"kind":"Status","code":500,"reason":"InternalError","message":"m"}})");
    FAIL();
  } catch (const kube::StatusError& e) {
    EXPECT_TRUE(e.is("InternalError"));
    EXPECT_EQ(e.message(), "m");
  }
}

TEST(WatchEvents, WhatIsNoneIsRefused) {
  for (const char* bad :
       {"", "{", "[]", "{}", R"({"type":"ADDED"})", R"({"type":"ADDED","object":1})", R"({"type":"NEW","object":{}})"})
    EXPECT_THROW(parse_event(bad), Error) << bad;
}

}  // namespace
}  // namespace spoke::client
