// A request's body in protobuf: refused, or an object that can be written and read again.
#include <cstdint>
#include <string>
#include <string_view>

#include "check.h"
#include "kube/protobuf.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, size_t size) {
  using namespace spoke;
  // The first byte chooses a kind, so that most inputs reach the fields.
  static const std::string_view kinds[] = {"Pod", "ConfigMap", "Event", "DeleteOptions", "Service", "Node"};
  std::string body(reinterpret_cast<const char*>(data), size);
  if (size > 0 && data[0] < std::size(kinds)) {
    const std::string_view kind = kinds[data[0]];
    const std::string type = std::string("\x0a\x02v1\x12") + static_cast<char>(kind.size()) + std::string(kind);
    std::string length;  // a varint
    for (size_t left = size - 1; length.empty() || left > 0; left >>= 7U)
      length += static_cast<char>((left & 0x7FU) | (left > 0x7F ? 0x80U : 0U));
    body = std::string("k8s\0\x0a", 5) + static_cast<char>(type.size()) + type + "\x12" + length + body.substr(1);
  }
  try {
    const json::value object = kube::from_protobuf(body);
    fuzz::check(fuzz::same(json::parse(json::dump(object)), object), "written and read again", json::dump(object));
  } catch (const Error&) {
  }
  return 0;
}
