// Objects in S3, or in a store that speaks its protocol.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/files.h"
#include "net/http_client.h"
#include "s3/credentials.h"

namespace spoke::s3 {

struct Options {
  std::string endpoint;     // "https://host[:port]", "" for AWS' own of the region
  std::string region;       // "": what the endpoint's name says, else us-east-1; S3 itself names another where it must
  bool path_style = false;  // https://host/bucket/key instead of https://bucket.host/key
  bool tls = true;          // of an endpoint without scheme
  std::string proxy;
  std::string encryption;  // "": the bucket's; AES256, aws:kms
  std::string kms_key;
  size_t part_size = 8U << 20;  // larger files go in parts of this size (5 MiB at least), four at a time
  int attempts = 8;             // at each request, with a growing pause
};

// Bytes that have arrived, and all of them.
using Progress = std::function<void(std::uint64_t done, std::uint64_t total)>;

struct Location {
  std::string bucket, key;
};
// "s3a://bucket/a/key", also s3:// and s3n://. Throws Error.
Location parse_location(std::string_view uri);

class Store {
 public:
  // Without credentials, requests go unsigned.
  Store(net::Executor executor, Options options, std::optional<Credentials> credentials);
  ~Store();
  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;

  // Creates or replaces the object: whole, or not at all. Throws Error with S3's own code and message, or
  // net::ConnectionError.
  net::Task<> put_file(Location to, Path file, Progress progress);
  net::Task<std::string> get(Location from, size_t limit);  // Error where it is larger

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace spoke::s3
