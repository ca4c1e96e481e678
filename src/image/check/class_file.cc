#include "image/check/class_file.h"

#include <algorithm>
#include <cstdint>

#include "base/error.h"
#include "base/strings.h"

namespace spoke::image {
namespace {

constexpr std::uint32_t kMagic = 0xCAFEBABE;
constexpr std::uint16_t kInterface = 0x0200;
constexpr int kJavaOfMajor = 44;  // major version 61 is Java 17
// Of names that are read, in all: names are shared in a file, so that a small one could tell of gigabytes.
constexpr size_t kMostText = size_t{32} << 20;

enum Tag : std::uint8_t {
  kUtf8 = 1,
  kInteger = 3,
  kFloat = 4,
  kLong = 5,
  kDouble = 6,
  kClass = 7,
  kString = 8,
  kFieldref = 9,
  kMethodref = 10,
  kInterfaceMethodref = 11,
  kNameAndType = 12,
  kMethodHandle = 15,
  kMethodType = 16,
  kDynamic = 17,
  kInvokeDynamic = 18,
  kModule = 19,
  kPackage = 20,
};

class Bytes {
 public:
  explicit Bytes(std::string_view bytes) : left_(bytes) {}

  std::string_view take(size_t count) {
    if (count > left_.size()) fail("it is truncated");
    const std::string_view out = left_.substr(0, count);
    left_.remove_prefix(count);
    return out;
  }
  std::uint8_t u1() { return static_cast<std::uint8_t>(take(1)[0]); }
  std::uint16_t u2() { return static_cast<std::uint16_t>(u1() << 8 | u1()); }
  std::uint32_t u4() { return static_cast<std::uint32_t>(u2()) << 16 | u2(); }

 private:
  std::string_view left_;
};

struct Constant {
  std::uint8_t tag = 0;
  std::uint16_t first = 0, second = 0;  // indices
  std::string_view text;
};

class Pool {
 public:
  explicit Pool(Bytes& in) : constants_(in.u2()) {
    for (size_t i = 1; i < constants_.size(); ++i) {
      Constant& one = constants_[i];
      one.tag = in.u1();
      switch (one.tag) {
        case kUtf8: one.text = in.take(in.u2()); break;
        case kInteger:
        case kFloat: in.take(4); break;
        case kLong:
        case kDouble:
          in.take(8);
          ++i;  // it has two places
          break;
        case kClass:
        case kString:
        case kMethodType:
        case kModule:
        case kPackage: one.first = in.u2(); break;
        case kFieldref:
        case kMethodref:
        case kInterfaceMethodref:
        case kNameAndType:
        case kDynamic:
        case kInvokeDynamic:
          one.first = in.u2();
          one.second = in.u2();
          break;
        case kMethodHandle: in.take(3); break;
        default: fail("its constant {} is of the unknown kind {}", i, one.tag);
      }
    }
  }

  const std::vector<Constant>& all() const { return constants_; }
  const Constant& at(size_t index, std::uint8_t tag) const {
    if (index >= constants_.size() || constants_[index].tag != tag)
      fail("its constant {} is not what it should be", index);
    return constants_[index];
  }
  std::string text(size_t index) const {
    const std::string_view out = at(index, kUtf8).text;
    read_ += out.size();
    if (read_ > kMostText) fail("its names are too long");
    return std::string(out);
  }
  std::string class_name(size_t index) const { return text(at(index, kClass).first); }

 private:
  std::vector<Constant> constants_;
  mutable size_t read_ = 0;
};

void skip_attributes(Bytes& in) {
  for (std::uint16_t count = in.u2(); count > 0; --count) {
    in.take(2);
    in.take(in.u4());
  }
}

void read_members(Bytes& in, const Pool& pool, std::vector<Member>& out) {
  for (std::uint16_t count = in.u2(); count > 0; --count) {
    in.take(2);
    const std::uint16_t name = in.u2(), descriptor = in.u2();
    out.push_back({pool.text(name), pool.text(descriptor)});
    skip_attributes(in);
  }
}

bool is_member(std::uint8_t tag) { return tag == kFieldref || tag == kMethodref || tag == kInterfaceMethodref; }

// "boolean" of "Z", "String[]" of "[Ljava/lang/String;"; takes it off the front.
std::string take_type(std::string_view& descriptor) {
  std::string arrays;
  for (; descriptor.starts_with('['); descriptor.remove_prefix(1)) arrays += "[]";
  if (descriptor.empty()) return arrays;
  const char kind = descriptor.front();
  descriptor.remove_prefix(1);
  switch (kind) {
    case 'B': return "byte" + arrays;
    case 'C': return "char" + arrays;
    case 'D': return "double" + arrays;
    case 'F': return "float" + arrays;
    case 'I': return "int" + arrays;
    case 'J': return "long" + arrays;
    case 'S': return "short" + arrays;
    case 'Z': return "boolean" + arrays;
    default: break;
  }
  const auto end = std::min(descriptor.find(';'), descriptor.size());
  const std::string_view name = descriptor.substr(0, end);
  descriptor.remove_prefix(std::min(end + 1, descriptor.size()));
  return std::string(name.substr(name.rfind('/') + 1)) + arrays;
}

// The next class's name, "L...;"; what stands before it in `before`.
std::string_view take_class(std::string_view& descriptor, std::string_view& before) {
  const auto begin = descriptor.find('L');
  before = descriptor.substr(0, begin);
  if (begin == std::string_view::npos) {
    descriptor = {};
    return {};
  }
  const auto end = std::min(descriptor.find(';', begin), descriptor.size() - 1);
  const std::string_view name = descriptor.substr(begin + 1, end - begin - 1);
  descriptor.remove_prefix(end + 1);
  return name;
}

bool is_below_other_package(std::string_view one, std::string_view other) {
  if (one.size() < other.size()) std::swap(one, other);
  return one == other || (one.ends_with(other) && one[one.size() - other.size() - 1] == '/');
}

}  // namespace

std::string Member::str() const {
  if (!is_method()) return name;
  std::vector<std::string> types;
  std::string_view left = std::string_view(descriptor).substr(1);
  while (!left.empty() && !left.starts_with(')')) types.push_back(take_type(left));
  return name + "(" + join(types, ", ") + ")";
}

ClassFile parse_class(std::string_view bytes) {
  Bytes in(bytes);
  if (in.u4() != kMagic) fail("it is no class file");
  in.take(2);  // the minor version
  ClassFile out;
  out.java = in.u2() - kJavaOfMajor;
  const Pool pool(in);
  out.is_interface = (in.u2() & kInterface) != 0;
  in.take(2);  // its own name
  if (const std::uint16_t super = in.u2(); super != 0) out.super = pool.class_name(super);
  for (std::uint16_t count = in.u2(); count > 0; --count) out.interfaces.push_back(pool.class_name(in.u2()));
  read_members(in, pool, out.members);  // fields
  read_members(in, pool, out.members);  // methods
  for (const Constant& one : pool.all()) {
    if (!is_member(one.tag)) continue;
    std::string owner = pool.class_name(one.first);
    if (owner.starts_with('[')) continue;
    const Constant& what = pool.at(one.second, kNameAndType);
    out.uses.push_back({std::move(owner), {pool.text(what.first), pool.text(what.second)}});
  }
  return out;
}

int java_of_class(std::string_view head) {
  if (head.size() < 8) return 0;
  Bytes in(head);
  if (in.u4() != kMagic) return 0;
  in.take(2);
  return std::max(0, in.u2() - kJavaOfMajor);
}

std::string dotted(std::string_view name) {
  std::string out(name);
  std::ranges::replace(out, '/', '.');
  return out;
}

std::vector<std::string> classes_of(std::string_view descriptor) {
  std::vector<std::string> out;
  for (std::string_view before; !descriptor.empty();)
    if (const std::string_view name = take_class(descriptor, before); !name.empty()) out.emplace_back(name);
  return out;
}

bool is_relocated(const Member& one, const Member& other) {
  if (one.name != other.name) return false;
  std::string_view a = one.descriptor, b = other.descriptor, before_a, before_b;
  while (!a.empty() || !b.empty()) {
    const std::string_view class_a = take_class(a, before_a), class_b = take_class(b, before_b);
    if (before_a != before_b || !is_below_other_package(class_a, class_b)) return false;
  }
  return true;
}

}  // namespace spoke::image
