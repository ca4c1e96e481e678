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

TEST(Url, ARequestHasThePathAsItStands) {
  const Request request = request_of(parse_url("https://h:1/a%2Fb%20c?x=%2f&y"));
  EXPECT_EQ(request.target, "/a%2Fb%20c?x=%2f&y");
  EXPECT_EQ(request.path, "/a/b c");
  EXPECT_EQ(request_of(parse_url("https://h")).target, "/");
}

TEST(Url, RedirectsLeadSomewhere) {
  const Url base = parse_url("https://h:8443/a/b?q=1");
  const auto to = [&](std::string_view reference) {
    const Url url = resolve(base, reference);
    return url.scheme + "://" + url.authority() + url.path + (url.query.empty() ? "" : "?" + url.query);
  };
  EXPECT_EQ(to("http://other/x?y#z"), "http://other/x?y");
  EXPECT_EQ(to("/login?next=https://x/"), "https://h:8443/login?next=https://x/");
  EXPECT_THROW(to(""), Error);
  EXPECT_EQ(to("//other/x"), "https://other/x");
  EXPECT_EQ(to("/x?y=2"), "https://h:8443/x?y=2");
  EXPECT_EQ(to("x"), "https://h:8443/a/x");
  EXPECT_EQ(to("?y"), "https://h:8443/a/b?y");
  EXPECT_EQ(to("#z"), "https://h:8443/a/b?q=1");
  EXPECT_EQ(resolve(parse_url("https://h"), "x").path, "/x");
}

}  // namespace
}  // namespace spoke::net
