// HTTP messages as values.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"

namespace spoke::net {

// A connection that failed: refused, reset, timed out, TLS. The message names the address.
class ConnectionError : public Error {
 public:
  using Error::Error;
};

// In the order they came; names compare without case.
class Headers {
 public:
  Headers() = default;
  Headers(std::initializer_list<std::pair<std::string, std::string>> list) : list_(list) {}
  std::string_view get(std::string_view name) const;   // "" where it is not there
  void set(std::string_view name, std::string value);  // in place of those of that name
  void add(std::string name, std::string value) { list_.emplace_back(std::move(name), std::move(value)); }
  auto begin() const { return list_.begin(); }
  auto end() const { return list_.end(); }

 private:
  std::vector<std::pair<std::string, std::string>> list_;
};

// The query of a request, decoded.
class Query {
 public:
  static Query parse(std::string_view text);
  std::string_view get(std::string_view name) const;  // the first of that name, "" where there is none
  bool has(std::string_view name) const;
  bool flag(std::string_view name) const;  // "true" or "1"
  void add(std::string name, std::string value) { list_.emplace_back(std::move(name), std::move(value)); }
  std::string encode() const;  // "a=b&c=d", or ""
  auto begin() const { return list_.begin(); }
  auto end() const { return list_.end(); }

 private:
  std::vector<std::pair<std::string, std::string>> list_;
};

std::string percent_encode(std::string_view text);       // everything but unreserved characters
std::string percent_encode_path(std::string_view path);  // each segment by itself: its slashes stay; "/" for ""
std::string percent_decode(std::string_view text);       // a malformed escape stands as it is

struct Request {
  std::string method = "GET";
  std::string path = "/";  // decoded
  Query query;
  Headers headers;
  std::string body;
  std::string target;  // "/path?query" as it goes on the wire; "": made of path and query
};

struct Response {
  int status = 200;
  Headers headers;
  std::string body;
};

}  // namespace spoke::net
