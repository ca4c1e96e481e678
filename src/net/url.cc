#include "net/url.h"

#include <algorithm>

#include "base/strings.h"

namespace spoke::net {

std::string Url::authority() const {
  const std::string name = host.find(':') == std::string::npos ? host : "[" + host + "]";
  return port == 0 ? name : fmt::format("{}:{}", name, port);
}

Url parse_url(std::string_view text) {
  Url url;
  std::string_view rest = text;
  // For errors: without what may be a password.
  const auto begin = text.find("://") == std::string_view::npos ? 0 : text.find("://") + 3;
  const auto last_at = text.rfind('@');
  const bool secret = last_at != std::string_view::npos && last_at >= begin;
  const std::string shown =
      secret ? fmt::format("{}…{}", text.substr(0, begin), text.substr(last_at)) : std::string(text);
  if (const auto at = rest.find("://"); at != std::string_view::npos) {
    url.scheme = lower(rest.substr(0, at));
    rest.remove_prefix(at + 3);
  }
  rest = rest.substr(0, rest.find('#'));
  if (const auto mark = rest.find('?'); mark != std::string_view::npos) {
    url.query = rest.substr(mark + 1);
    rest = rest.substr(0, mark);
  }
  if (const auto slash = rest.find('/'); slash != std::string_view::npos) {
    url.path = rest.substr(slash);
    rest = rest.substr(0, slash);
  }
  if (const auto at = rest.rfind('@'); at != std::string_view::npos) {
    const std::string_view who = rest.substr(0, at);
    const auto colon = std::min(who.find(':'), who.size());
    url.user = percent_decode(who.substr(0, colon));
    if (colon < who.size()) url.password = percent_decode(who.substr(colon + 1));
    rest.remove_prefix(at + 1);
  }

  std::string_view port;
  bool has_port = false;
  if (rest.starts_with('[')) {
    const auto close = rest.find(']');
    if (close == std::string_view::npos) fail("\"{}\": the bracket of its IPv6 address is not closed", shown);
    url.host = rest.substr(1, close - 1);
    rest.remove_prefix(close + 1);
    if (!rest.empty() && !rest.starts_with(':')) fail("\"{}\" is no address", shown);
    has_port = !rest.empty();
    if (has_port) port = rest.substr(1);
  } else {
    const auto colon = rest.find(':');
    if (colon != rest.rfind(':')) fail("\"{}\": an IPv6 address needs brackets, [::1]", shown);
    url.host = rest.substr(0, colon);
    has_port = colon != std::string_view::npos;
    if (has_port) port = rest.substr(colon + 1);
  }
  if (url.host.empty() || url.host.find_first_of(" \t\r\n%\\") != std::string::npos)
    fail("\"{}\" names no host", shown);
  const auto number = to_int(port);
  if (!port.empty() && (!number || *number < 1 || *number > 65535 || port.starts_with('+')))
    fail("\"{}\": the port is none", shown);
  if (!port.empty()) url.port = static_cast<int>(*number);
  return url;
}

Url resolve(const Url& base, std::string_view reference) {
  if (reference.empty()) fail("a redirect that leads nowhere");
  if (const auto mark = reference.find_first_of(":/?#");
      reference.substr(std::min(mark, reference.size())).starts_with("://"))
    return parse_url(reference);
  Url url = base;
  reference = reference.substr(0, reference.find('#'));
  if (reference.starts_with("//")) return parse_url(url.scheme + ":" + std::string(reference));
  const auto mark = std::min(reference.find('?'), reference.size());
  const std::string_view path = reference.substr(0, mark);
  if (path.starts_with('/'))
    url.path = path;
  else if (!path.empty())
    url.path = (url.path.empty() ? "/" : url.path.substr(0, url.path.rfind('/') + 1)) + std::string(path);
  if (!path.empty() || mark < reference.size()) url.query = mark < reference.size() ? reference.substr(mark + 1) : "";
  return url;
}

Request request_of(const Url& url) {
  Request request;
  request.path = url.path.empty() ? "/" : percent_decode(url.path);
  request.query = Query::parse(url.query);
  request.target = (url.path.empty() ? "/" : url.path) + (url.query.empty() ? "" : "?" + url.query);
  return request;
}

}  // namespace spoke::net
