// What a class file says of itself and of what it calls (The Java Virtual Machine Specification, chapter 4). Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace spoke::image {

// A field or a method, as one that is called is named.
struct Member {
  std::string name;
  std::string descriptor;  // "(Ljava/lang/String;)V" of a method, "I" of a field

  bool is_method() const { return descriptor.starts_with('('); }
  std::string str() const;  // "checkArgument(boolean, String, long)"
  bool operator==(const Member&) const = default;
  auto operator<=>(const Member&) const = default;
};

struct MemberUse {
  std::string owner;  // "com/google/common/base/Splitter", in which the search for it begins
  Member member;
  auto operator<=>(const MemberUse&) const = default;
};

struct ClassFile {
  int java = 0;  // the least that loads it: 17
  bool is_interface = false;
  std::string super;  // "" of java/lang/Object
  std::vector<std::string> interfaces;
  std::vector<Member> members;
  std::vector<MemberUse> uses;  // in no order, once each; none of arrays
};

// Throws Error where it is damaged.
ClassFile parse_class(std::string_view bytes);

// Java's version that the first 8 bytes of a class file name; 0 where they are of none.
int java_of_class(std::string_view head);

// "com.google.common.base.Splitter" of "com/google/common/base/Splitter".
std::string dotted(std::string_view name);

// The classes that a descriptor names.
std::vector<std::string> classes_of(std::string_view descriptor);

// Whether one is the other after its types went to another package with what they are of (shading):
// "(Lshaded/org/x/A;)V" of "(Lorg/x/A;)V".
bool is_relocated(const Member& one, const Member& other);

}  // namespace spoke::image
