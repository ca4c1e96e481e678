// Images in registries, for callers that may block: names in, blobs in a folder out, and the other way.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/files.h"
#include "image/blob.h"
#include "image/names.h"
#include "image/registry/keyring.h"

namespace spoke::image {

struct RegistryOptions {
  std::set<std::string> insecure;  // servers that may have plain HTTP or anybody's certificate: "registry.local:5000"
  // Of a server, "docker.io", those that are asked before it: "https://mirror.example.org", "http://localhost:5000".
  std::map<std::string, std::vector<std::string>> mirrors;
};

// What a caller wants to say while blobs are under way.
struct TransferOptions {
  std::function<bool(const std::string& diff_id)> wanted;  // of layers; null: all are
  // Bytes that are there, and that there are in all. What it throws ends the transfer.
  std::function<void(std::int64_t done, std::int64_t total)> progress;
  std::function<bool()> stop;  // asked several times a second; null: never
};

class Registries {
 public:
  Registries(Keyring keys, RegistryOptions options) : keys_(std::move(keys)), options_(std::move(options)) {}

  // The image's blobs, into the folder of blobs, where they may be already. Of an image for several platforms it is the
  // one for `architecture` (as Go names it), or the index with all of them for "". Throws ImageError that names the
  // image.
  ImageBlobs pull(const Reference& reference, const std::string& architecture, const Path& blobs,
                  const TransferOptions& how) const;

  // Under the reference's tag, or its digest alone where it has none; blobs that the registry has already, be it in the
  // repository `from` of it ("docker.io/library/spark"; "" for none), are not sent. Throws ImageError that names the
  // image.
  void push(const ImageBlobs& image, const Path& blobs, const Reference& reference, const TransferOptions& how,
            const std::string& from = "") const;

 private:
  Keyring keys_;
  RegistryOptions options_;
};

}  // namespace spoke::image
