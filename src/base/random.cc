#include "base/random.h"

#include <sys/random.h>

#include "base/error.h"
#include "base/strings.h"

namespace spoke {

std::string random_bytes(size_t n) {
  std::string out(n, '\0');
  for (size_t got = 0; got < n;) {
    const ssize_t r = getrandom(out.data() + got, n - got, 0);
    if (r < 0) fail_errno("getrandom");
    got += static_cast<size_t>(r);
  }
  return out;
}

std::string random_uuid() {
  std::string bytes = random_bytes(16);
  bytes[6] = static_cast<char>((bytes[6] & 0x0f) | 0x40);
  bytes[8] = static_cast<char>((bytes[8] & 0x3f) | 0x80);
  std::string text = hex(bytes);
  for (const size_t at : {20, 16, 12, 8}) text.insert(at, "-");
  return text;
}

std::string random_suffix(size_t n) {
  constexpr std::string_view alphabet = "bcdfghjklmnpqrstvwxz2456789";  // apimachinery's rand.String
  std::string out = random_bytes(n);
  for (char& c : out) c = alphabet[static_cast<unsigned char>(c) % alphabet.size()];
  return out;
}

}  // namespace spoke
