// SHA-256, in pieces.
#pragma once

#include <memory>
#include <string>
#include <string_view>

namespace spoke {

class Sha256 {
 public:
  Sha256();
  ~Sha256();
  void add(std::string_view bytes);
  std::string digest();  // "sha256:..." of all that was added; ends it

 private:
  struct Context;
  std::unique_ptr<Context> context_;
};

std::string sha256_digest(std::string_view bytes);  // "sha256:..."
std::string sha256_hex(std::string_view bytes);     // the same without "sha256:"

}  // namespace spoke
