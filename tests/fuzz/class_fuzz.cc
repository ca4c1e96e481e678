// uses: spoke_check
// Class files, and the names in them. What is taken has members with names; everything else is an error that says why.
#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.h"
#include "check.h"
#include "image/check/class_file.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace spoke;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  try {
    const image::ClassFile read = image::parse_class(bytes);
    for (const image::MemberUse& use : read.uses) {
      fuzz::check(!use.owner.starts_with('['), "an array has no class file", use.owner);
      image::is_relocated(use.member, read.uses.front().member);
      fuzz::check(image::is_relocated(use.member, use.member), "a member is itself", use.member.descriptor);
      use.member.str();
    }
  } catch (const Error& e) {
    fuzz::check(*e.what() != '\0', "an error says why", std::string(bytes));
  }
  image::java_of_class(bytes);
  const auto half = bytes.substr(0, size / 2), rest = bytes.substr(size / 2);
  const image::Member one{"a", std::string(half)}, other{"a", std::string(rest)};
  fuzz::check(image::is_relocated(one, other) == image::is_relocated(other, one), "relocation goes both ways",
              std::string(bytes));
  one.str();
  return 0;
}
