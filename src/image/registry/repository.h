// One repository of a registry, over HTTP (distribution-spec 1.1; Docker's token authentication).
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/files.h"
#include "image/blob.h"
#include "image/image_store.h"
#include "image/registry/keyring.h"
#include "net/task.h"

namespace spoke::image {

// What a registry refused. The message names the server and what it said.
class RegistryError : public ImageError {
 public:
  RegistryError(const std::string& what, int status) : ImageError(what), status_(status) {}
  int status() const { return status_; }  // HTTP's

 private:
  int status_;
};

struct RepositoryOptions {
  std::string host;           // "docker.io", "registry.example.org:5000", "[::1]:5000"
  std::string path;           // "library/spark"
  bool insecure = false;      // by plain HTTP, or with a certificate of nobody's; this machine's own always may be
  bool plain = false;         // by plain HTTP at once
  std::vector<Login> logins;  // tried in this order; none: as nobody
  bool push = false;          // asks for the permission to
};

class Repository {
 public:
  Repository(net::Executor executor, RepositoryOptions options);
  ~Repository();

  // Called with the bytes that came or went, as they do. What it throws ends the transfer.
  using Progress = std::function<void(std::int64_t bytes)>;

  struct Document {
    Blob blob;
    std::string text;
  };
  // By tag or digest; checked against a digest. Throws RegistryError, net::ConnectionError.
  net::Task<Document> manifest(std::string reference);

  // Into `file`, whose beginning may be there from a time before; checked against size and digest. A line that breaks
  // is taken up where it broke. Throws ImageError, DiskFull too.
  net::Task<> fetch(Blob blob, Path file, Progress progress);

  // Nothing is sent of what is there, or is in the repository `mount_from` of the same registry.
  net::Task<> push(Blob blob, Path file, std::string mount_from, Progress progress);
  net::Task<> push_manifest(std::string reference, Document document);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace spoke::image
