#include "net/url.h"

#include <gtest/gtest.h>

#include "net/proxy.h"

namespace spoke::net {
namespace {

TEST(Url, HasItsParts) {
  const Url url = parse_url("HTTPS://u%40:p@[::1]:8443/a/b?x=1#f");
  EXPECT_EQ(url.scheme, "https");
  EXPECT_EQ(url.user, "u@");
  EXPECT_EQ(url.password, "p");
  EXPECT_EQ(url.host, "::1");
  EXPECT_EQ(url.port, 8443);
  EXPECT_EQ(url.path, "/a/b");
  EXPECT_EQ(url.query, "x=1");
  EXPECT_EQ(url.authority(), "[::1]:8443");
  EXPECT_EQ(parse_url("h").host, "h");
  EXPECT_EQ(parse_url("h").port_or(443), 443);
}

TEST(Url, AnErrorDoesNotQuoteAPassword) {
  for (const auto* text : {"https://u:secret@h:0", "https://u:secret@", "https://u:secret@[::1", "https://u:secret@a b",
                           "http://u:x/secret@h:99999", "http://u:sec#secret@h:0", "http://:secret@h:0"}) {
    try {
      parse_url(text);
      ADD_FAILURE() << text;
    } catch (const Error& e) {
      EXPECT_EQ(std::string(e.what()).find("secret"), std::string::npos) << e.what();
    }
  }
  for (const auto* text : {"", "https://", "h:x", "::1", "h:70000", "h:+1"})
    EXPECT_THROW(parse_url(text), Error) << text;
}

TEST(Proxy, IsHttpOrSocks) {
  EXPECT_EQ(parse_proxy("proxy:3128").port, "3128");
  EXPECT_EQ(parse_proxy("http://u:p@proxy").port, "80");
  EXPECT_EQ(parse_proxy("socks5://proxy").kind, Proxy::Kind::Socks5);
  EXPECT_EQ(parse_proxy("socks5h://proxy").port, "1080");
  EXPECT_THROW(parse_proxy("https://proxy"), Error);
}

TEST(Proxy, SomeServersAreReachedWithoutIt) {
  const auto direct = [](const char* host, const char* rules) { return bypasses_proxy(host, "443", rules); };
  EXPECT_TRUE(direct("localhost", ""));
  EXPECT_TRUE(direct("127.0.0.1", ""));
  EXPECT_TRUE(direct("x.example.org", "a, example.org"));
  EXPECT_TRUE(direct("x.example.org", ".example.org"));
  EXPECT_TRUE(direct("x.example.org", "*.example.org:443"));
  EXPECT_FALSE(direct("example.org", ".example.org"));
  EXPECT_FALSE(direct("x.example.org", "example.org:80"));
  EXPECT_FALSE(direct("notexample.org", "example.org"));
  EXPECT_TRUE(direct("10.1.2.3", "10.0.0.0/8"));
  EXPECT_FALSE(direct("11.1.2.3", "10.0.0.0/8,fd00::/8"));
  EXPECT_TRUE(direct("10.1.2.3", "10.1.2.3/32"));
  EXPECT_TRUE(direct("fd00::1", "fd00::1/128"));
  EXPECT_TRUE(direct("fd00::1", "fd00::/8"));
  EXPECT_TRUE(direct("anything", "*"));
}

}  // namespace
}  // namespace spoke::net
